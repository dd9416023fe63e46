import { assertEquals } from "@std/assert";
import { openerCommands } from "../../../src/browser/opener.ts";
import type { Os } from "../../../src/system/os.ts";
import { environment, SIGN_IN_URL as URL } from "../../support/fixtures/browser_fixture.ts";

function commands(os: Os, variables: Record<string, string>): string[][] {
  return openerCommands(URL, { os, env: environment(variables) }).map((
    { command, args },
  ) => [command, ...args]);
}

function fromBrowser(value: string, os: Os = "linux"): string[][] {
  return commands(os, { BROWSER: value });
}

Deno.test("openerCommands() uses the opener of each system", () => {
  assertEquals(commands("linux", {}), [["xdg-open", URL]]);
  assertEquals(commands("darwin", {}), [["open", URL]]);
  assertEquals(commands("windows", {}), [["rundll32.exe", "url.dll,FileProtocolHandler", URL]]);
});

Deno.test("openerCommands() uses the Windows browser under WSL, without a Windows shell", () => {
  assertEquals(commands("linux", { WSL_DISTRO_NAME: "Debian" }), [
    ["wslview", URL],
    ["rundll32.exe", "url.dll,FileProtocolHandler", URL],
  ]);
});

Deno.test("openerCommands() lets BROWSER take precedence on every system", () => {
  assertEquals(fromBrowser("firefox"), [["firefox", URL]]);
  assertEquals(fromBrowser("firefox", "darwin"), [["firefox", URL]]);
  assertEquals(fromBrowser("lynx", "windows"), [["lynx.exe", URL]]);
  assertEquals(commands("linux", { BROWSER: "firefox", WSL_DISTRO_NAME: "Debian" }), [["firefox", URL]]);
});

Deno.test("openerCommands() finds the browsers of Windows in PATH, then where their installers put them", () => {
  assertEquals(fromBrowser("Firefox", "windows"), [
    ["Firefox.exe", URL],
    ["C:\\Program Files\\Mozilla Firefox\\firefox.exe", URL],
  ]);
  assertEquals(fromBrowser("chrome.exe --app=%s;msedge", "windows"), [
    ["chrome.exe", `--app=${URL}`],
    ["C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe", `--app=${URL}`],
    ["C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe", `--app=${URL}`],
    ["msedge.exe", URL],
    ["C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe", URL],
  ]);
});

Deno.test("openerCommands() refuses URLs that are too long for the Windows shell", () => {
  const url = "https://login.example/?state=";
  const longest = url.padEnd(2081, "a");
  const refused = (variables: Record<string, string>, os: Os, address: string) =>
    openerCommands(address, { os, env: environment(variables) }).map(({ refusal }) => refusal !== undefined);
  for (const [address, isRefused] of [[longest, false], [`${longest}a`, true]] as const) {
    assertEquals(refused({}, "windows", address), [isRefused]);
    assertEquals(refused({ WSL_DISTRO_NAME: "Debian" }, "linux", address), [isRefused, isRefused]);
    assertEquals(refused({ BROWSER: "/usr/bin/wslview:firefox" }, "linux", address), [isRefused, false]);
    assertEquals(refused({ BROWSER: "lynx" }, "windows", address), [false]);
    assertEquals(refused({}, "linux", address), [false]);
    assertEquals(refused({}, "darwin", address), [false]);
  }
});

Deno.test("openerCommands() treats an empty BROWSER as unset, and `none` as no browser", () => {
  assertEquals(fromBrowser(""), [["xdg-open", URL]]);
  assertEquals(fromBrowser("none"), []);
  assertEquals(fromBrowser(" NONE "), []);
});

Deno.test("openerCommands() returns the entries of a list in order", () => {
  assertEquals(fromBrowser("google-chrome:firefox"), [["google-chrome", URL], ["firefox", URL]]);
  assertEquals(fromBrowser(":: firefox : "), [["firefox", URL]]);
  assertEquals(fromBrowser("lynx.exe;C:\\b\\firefox.exe", "windows"), [
    ["lynx.exe", URL],
    ["C:\\b\\firefox.exe", URL],
  ]);
});

Deno.test("openerCommands() passes arguments, and replaces %s by the URL", () => {
  assertEquals(fromBrowser("firefox --private-window"), [["firefox", "--private-window", URL]]);
  assertEquals(fromBrowser("firefox -P work %s --new-tab"), [["firefox", "-P", "work", URL, "--new-tab"]]);
  assertEquals(fromBrowser("chromium --app=%s"), [["chromium", `--app=${URL}`]]);
  const tricky = "https://login.example/?a=$&b=$'c=$$";
  const env = environment({ BROWSER: "chromium --app=%s" });
  assertEquals(openerCommands(tricky, { os: "linux", env }), [
    { command: "chromium", args: [`--app=${tricky}`] },
  ]);
});

Deno.test("openerCommands() tries a path with spaces as a whole first", () => {
  assertEquals(fromBrowser("/tmp/a b/firefox"), [["/tmp/a b/firefox", URL], ["/tmp/a", "b/firefox", URL]]);
  assertEquals(fromBrowser("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "darwin")[0], [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    URL,
  ]);
  assertEquals(fromBrowser("/tmp/a b/firefox --private-window %s")[0], [
    "/tmp/a b/firefox",
    "--private-window",
    URL,
  ]);
  assertEquals(fromBrowser("C:\\Program Files\\Mozilla Firefox\\firefox.exe -url", "windows"), [
    ["C:\\Program Files\\Mozilla Firefox\\firefox.exe", "-url", URL],
  ]);
});

Deno.test("openerCommands() groups quoted words", () => {
  assertEquals(fromBrowser(`"/tmp/a b/firefox" --profile '/tmp/c: d'`), [
    ["/tmp/a b/firefox", "--profile", "/tmp/c: d", URL],
  ]);
  assertEquals(fromBrowser("/home/o'brien/firefox"), [["/home/o'brien/firefox", URL]]);
});

Deno.test("openerCommands() reads a backslash before a space as part of the word, except on Windows", () => {
  assertEquals(fromBrowser(String.raw`/tmp/a\ b/fire\ fox -P my\ own:w3m`), [
    ["/tmp/a b/fire fox", "-P", "my own", URL],
    ["w3m", URL],
  ]);
  assertEquals(
    fromBrowser(String.raw`/Applications/Google\ Chrome.app/Contents/MacOS/Google\ Chrome`, "darwin"),
    [
      ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", URL],
    ],
  );
  assertEquals(fromBrowser(String.raw`/home/o\'brien/firefox:w3m 'a b'`), [
    ["/home/o'brien/firefox", URL],
    ["w3m", "a b", URL],
  ]);
  assertEquals(fromBrowser(String.raw`C:\b\firefox.exe -P C:\p\ -x`, "windows").at(-1), [
    "C:\\b\\firefox.exe",
    "-P",
    "C:\\p\\",
    "-x",
    URL,
  ]);
});

Deno.test("openerCommands() does not interpret shell syntax in BROWSER", () => {
  assertEquals(fromBrowser("firefox; touch /tmp/x"), [["firefox;", "touch", "/tmp/x", URL]]);
  assertEquals(fromBrowser("$(id)"), [["$(id)", URL]]);
});

Deno.test("openerCommands() ignores entries that cannot be programs", () => {
  for (const value of ["%s", "--help", "-x %s", `""`]) assertEquals(fromBrowser(value), [], value);
});

Deno.test("openerCommands() ignores anything but executables on Windows", () => {
  for (
    const value of [
      "browser.bat",
      "browser.CMD",
      "C:\\a b\\x.ps1",
      "x.bat.",
      "x.cmd ",
      "x.exe:y.bat",
      "run.vbs",
      "x.lnk",
    ]
      .concat(`"C:\\a b\\x.bat" %s`, "C:\\Program Files\\browser", "./x.js")
  ) {
    assertEquals(fromBrowser(value, "windows"), [], value);
  }
});
