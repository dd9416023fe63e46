import { assertEquals } from "@std/assert";
import { displayReason } from "../../../src/browser/display_reason.ts";

const of = (os: "linux" | "darwin" | "windows", variables: Record<string, string>) =>
  displayReason(os, { get: (name) => variables[name] });

Deno.test("displayReason() names the variable that decided", () => {
  assertEquals(of("linux", { DISPLAY: ":0", SSH_TTY: "/dev/pts/1" }), "DISPLAY is set");
  assertEquals(of("linux", { WAYLAND_DISPLAY: "wayland-0" }), "WAYLAND_DISPLAY is set");
  assertEquals(of("linux", {}), "neither DISPLAY nor WAYLAND_DISPLAY is set");
  assertEquals(of("linux", { CI: "true" }), "CI is set, and neither DISPLAY nor WAYLAND_DISPLAY is set");
  assertEquals(of("linux", { WSL_INTEROP: "/run/x" }), "Windows has one, around this WSL");
  assertEquals(of("darwin", {}), "macOS has one");
  assertEquals(
    of("windows", { SSH_CONNECTION: "x" }),
    "SSH_CONNECTION is set, and the screen may be someone else's",
  );
});
