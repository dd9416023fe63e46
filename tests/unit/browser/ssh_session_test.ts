import { assertEquals } from "@std/assert";
import { forwardCommand, isOverSsh } from "../../../src/browser/ssh_session.ts";
import { environment } from "../../support/fixtures/browser_fixture.ts";

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
