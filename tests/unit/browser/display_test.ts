import { assertEquals } from "@std/assert";
import {
  displayReason,
  forwardCommand,
  hasDisplay,
  isOverSsh,
  isWsl,
  mayOpenBrowser,
} from "../../../src/browser/display.ts";
import type { Os } from "../../../src/system/os.ts";
import { environment } from "../../support/fixtures/browser_fixture.ts";

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
  ["a remote VS Code on Linux", "linux", { VSCODE_IPC_HOOK_CLI: "/run/vscode.sock" }, false],
  ["Codespaces", "linux", { CODESPACES: "true" }, false],
  ["Codespaces with a display of its own", "linux", { CODESPACES: "true", DISPLAY: ":1" }, true],
  ["a container", "linux", { container: "podman" }, false],
  ["a dev container", "linux", { REMOTE_CONTAINERS: "true" }, false],
  ["a remote VS Code in WSL", "linux", { VSCODE_IPC_HOOK_CLI: "/x.sock", WSL_DISTRO_NAME: "Debian" }, false],
  ["WSL with its own display", "linux", { WSL_DISTRO_NAME: "Debian", WAYLAND_DISPLAY: "wayland-0" }, true],
  ["Azure Pipelines on Linux", "linux", { TF_BUILD: "True" }, false],
  ["macOS", "darwin", {}, true],
  ["macOS with XQuartz over SSH", "darwin", { DISPLAY: "localhost:10.0", SSH_CONNECTION: "x" }, false],
  ["a remote VS Code on macOS", "darwin", { VSCODE_IPC_HOOK_CLI: "/x.sock" }, false],
  ["Azure Pipelines on macOS", "darwin", { TF_BUILD: "True" }, false],
  ["Azure Pipelines on Windows", "windows", { TF_BUILD: "True" }, false],
  ["SSH to macOS", "darwin", { SSH_TTY: "/dev/ttys001" }, false],
  ["CI on macOS", "darwin", { CI: "true" }, false],
  ["Windows", "windows", {}, true],
  ["SSH to Windows", "windows", { SSH_CONNECTION: "x" }, false],
];

for (const [name, os, variables, expected] of CASES) {
  Deno.test(`hasDisplay() reports ${expected ? "a" : "no"} display on ${name}`, () => {
    assertEquals(hasDisplay(os, environment(variables)), expected);
  });
}

Deno.test("mayOpenBrowser() lets BROWSER take precedence, even if it is none", () => {
  for (const [, os, variables, hasOne] of CASES) {
    assertEquals(mayOpenBrowser(os, environment(variables)), hasOne);
    for (const BROWSER of ["firefox", "none"]) {
      assertEquals(mayOpenBrowser(os, environment({ ...variables, BROWSER })), true);
    }
  }
});

Deno.test("DISPLAY=:0 gives Linux a display, whatever else is set", () => {
  for (const [, os, variables] of CASES.filter(([, os]) => os === "linux")) {
    assertEquals(hasDisplay(os, environment({ ...variables, DISPLAY: ":0" })), true);
  }
});

Deno.test("isWsl() detects WSL by either of its variables", () => {
  assertEquals(isWsl(environment({ WSL_DISTRO_NAME: "Debian" })), true);
  assertEquals(isWsl(environment({ WSL_INTEROP: "/run/WSL/1_interop" })), true);
  assertEquals(isWsl(environment({})), false);
});

const of = (os: "linux" | "darwin" | "windows", variables: Record<string, string>) =>
  displayReason(os, { get: (name) => variables[name] });

Deno.test("displayReason() names the deciding variable", () => {
  assertEquals(of("linux", { DISPLAY: ":0", SSH_TTY: "/dev/pts/1" }), "DISPLAY is set");
  assertEquals(of("linux", { WAYLAND_DISPLAY: "wayland-0" }), "WAYLAND_DISPLAY is set");
  assertEquals(of("linux", {}), "neither DISPLAY nor WAYLAND_DISPLAY is set");
  assertEquals(of("linux", { CI: "true" }), "CI is set, and neither DISPLAY nor WAYLAND_DISPLAY is set");
  assertEquals(of("linux", { WSL_INTEROP: "/run/x" }), "the Windows that hosts this WSL has one");
  assertEquals(of("darwin", {}), "macOS has one");
  assertEquals(
    of("windows", { SSH_CONNECTION: "x" }),
    "SSH_CONNECTION is set, and the display may be someone else's",
  );
});

const CONNECTION = "192.0.2.7 51515 198.51.100.4 22";

Deno.test("isOverSsh() detects SSH by either of its variables", () => {
  assertEquals(isOverSsh(environment({ SSH_CONNECTION: CONNECTION })), true);
  assertEquals(isOverSsh(environment({ SSH_TTY: "/dev/pts/1" })), true);
  assertEquals(isOverSsh(environment({})), false);
});

Deno.test("forwardCommand() contains the port, and the user and host of the SSH connection", () => {
  const cases: [Record<string, string>, string][] = [
    [{ SSH_CONNECTION: CONNECTION, USER: "ada" }, "ssh -L 50000:localhost:50000 ada@198.51.100.4"],
    [
      { SSH_CONNECTION: "192.0.2.7 51515 198.51.100.4 2222", USER: "ada" },
      "ssh -p 2222 -L 50000:localhost:50000 ada@198.51.100.4",
    ],
    [
      { SSH_CONNECTION: "::1 5 2001:db8::4 22", USER: "a.da-1" },
      "ssh -L 50000:localhost:50000 a.da-1@2001:db8::4",
    ],
    [{ SSH_TTY: "/dev/pts/1", USER: "ada" }, "ssh -L 50000:localhost:50000 ada@HOST"],
    [{ SSH_CONNECTION: CONNECTION }, "ssh -L 50000:localhost:50000 USER@198.51.100.4"],
  ];
  for (const [variables, command] of cases) {
    assertEquals(forwardCommand(environment(variables), 50000), command);
  }
});

Deno.test("forwardCommand() ignores variables with characters that a shell interprets", () => {
  const odd = ["$(id)", "a b", "-oProxyCommand=x", "a;b", "a'b", "a\nb", "\x1b[2J"];
  for (const text of odd) {
    const variables = { SSH_CONNECTION: `x 1 ${text.replaceAll(" ", "")} ${text}`, USER: text };
    assertEquals(
      forwardCommand(environment(variables), 50000).replace("ab@", "USER@").replace("@ab", "@HOST"),
      "ssh -L 50000:localhost:50000 USER@HOST",
      text,
    );
  }
});
