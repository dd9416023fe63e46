import { assertEquals } from "@std/assert";
import { hasDisplay, isWsl } from "../../../src/browser/display.ts";
import type { Os } from "../../../src/system/os.ts";
import { environment } from "./browser_fixture.ts";

const CASES: [name: string, os: Os, variables: Record<string, string>, expected: boolean][] = [
  ["Linux with an X display", "linux", { DISPLAY: ":0" }, true],
  ["Linux with a Wayland display", "linux", { WAYLAND_DISPLAY: "wayland-0" }, true],
  ["Linux without a display", "linux", {}, false],
  ["a container or a CI job on Linux", "linux", { CI: "true" }, false],
  ["CI on Linux with a virtual display", "linux", { CI: "true", DISPLAY: ":99" }, true],
  ["SSH to Linux", "linux", { SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22" }, false],
  [
    "SSH to Linux with a forwarded display",
    "linux",
    { SSH_CONNECTION: "x", DISPLAY: "localhost:10.0" },
    true,
  ],
  ["WSL without a display", "linux", { WSL_DISTRO_NAME: "Debian" }, true],
  ["SSH to WSL", "linux", { WSL_DISTRO_NAME: "Debian", SSH_CONNECTION: "x" }, false],
  ["macOS", "darwin", {}, true],
  ["SSH to macOS", "darwin", { SSH_TTY: "/dev/ttys001" }, false],
  ["CI on macOS", "darwin", { CI: "true" }, false],
  ["Windows", "windows", {}, true],
  ["SSH to Windows", "windows", { SSH_CONNECTION: "x" }, false],
];

for (const [name, os, variables, expected] of CASES) {
  Deno.test(`hasDisplay() finds ${expected ? "a" : "no"} display on ${name}`, () => {
    assertEquals(hasDisplay(os, environment(variables)), expected);
  });
}

Deno.test("isWsl() knows WSL by either of its variables", () => {
  assertEquals(isWsl(environment({ WSL_DISTRO_NAME: "Debian" })), true);
  assertEquals(isWsl(environment({ WSL_INTEROP: "/run/WSL/1_interop" })), true);
  assertEquals(isWsl(environment({})), false);
});
