/** Tests the values of `BROWSER` with scripts as browsers, in a folder with a space in its name. */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path/join";
import { ADA } from "../../support/provider/directory.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

/** A script per kind of browser. Each writes its arguments, one per line, to the file `out` beside it. */
const BROWSERS: Readonly<Record<string, string>> = {
  "firefox": "",
  "loud": "echo BROWSER SAYS; echo BROWSER SAYS >&2",
  "failing": "exit 1",
  "endless": "exec sleep 60",
};

interface Form {
  /** The value of `BROWSER`. DIR stands for the folder of the scripts. */
  readonly browser: string;
  /** The arguments that the browser receives, or null if none starts. URL stands for the URL of the sign-in. */
  readonly args: readonly string[] | null;
  /** Whether stderr shows the URL. By default it does if no browser starts. */
  readonly isShown?: boolean;
}

const FORMS: readonly Form[] = [
  { browser: "DIR/firefox", args: ["URL"] },
  { browser: "'DIR/firefox'", args: ["URL"] },
  { browser: `"DIR/firefox" --app=%s -P 'a b'`, args: ["--app=URL", "-P", "a b"] },
  { browser: `"DIR/firefox" %s %s`, args: ["URL", "URL"] },
  { browser: `"DIR/firefox" ; touch "DIR/canary"`, args: [";", "touch", "DIR/canary", "URL"] },
  { browser: `"DIR/firefox" & touch "DIR/canary" &`, args: ["&", "touch", "DIR/canary", "&", "URL"] },
  { browser: `"DIR/firefox" '$(touch "DIR/canary")'`, args: [`$(touch "DIR/canary")`, "URL"] },
  { browser: `"DIR/firefox" > "DIR/canary"`, args: [">", "DIR/canary", "URL"] },
  { browser: "`touch 'DIR/canary'`", args: null },
  { browser: `sh -c "touch 'DIR/canary'"`, args: null },
  { browser: "DIR/missing", args: null },
  { browser: `"DIR/missing":"DIR/firefox"`, args: ["URL"] },
  { browser: `"DIR/failing"`, args: ["URL"], isShown: true },
  { browser: `"DIR/endless"`, args: ["URL"] },
];

/** Writes the browsers and returns their folder. */
async function makeBrowsers({ folder }: Sandbox): Promise<string> {
  const path = join(folder, "the browsers");
  await Deno.mkdir(path);
  for (const [name, rest] of Object.entries(BROWSERS)) {
    const script =
      `#!/bin/sh\nprintf '%s\\n' "$$" "$@" > '${path}/new'\nmv '${path}/new' '${path}/out'\n${rest}\n`;
    await Deno.writeTextFile(join(path, name), script, { mode: 0o755 });
  }
  return path;
}

/** Waits for a browser to start and returns its process ID and arguments. */
async function browserStarts(path: string): Promise<{ pid: number; args: string[] }> {
  const out = join(path, "out");
  const isThere = () => Deno.stat(out).then(() => true, () => false);
  using watcher = Deno.watchFs(path);
  if (!await isThere()) { for await (const _event of watcher) if (await isThere()) break; }
  const [pid, ...args] = (await Deno.readTextFile(out)).trimEnd().split("\n");
  await Deno.remove(out);
  return { pid: Number(pid), args };
}

function startWith(sandbox: Sandbox, path: string, browser: string) {
  const programs = Object.keys(BROWSERS).map((name) => join(path, name));
  const env = { BROWSER: browser.replaceAll("DIR", path) };
  return sandbox.start(["get-token", "--force"], { env, programs });
}

const ADDRESS =
  /https:\/\/localhost:\d+\/[\w\-.~:/?#[\]@!$&'()*+,;=%]*redirect_uri=[\w\-.~:/?#[\]@!$&'()*+,;=%]+/;

// An executable has a fixed list of programs that it may start.
const ignore = Deno.build.os === "windows" || Deno.env.has("ENTRA_AUTH_CLI_EXECUTABLE");

Deno.test({
  name: "every form of BROWSER receives or shows one complete URL and never runs a shell",
  ignore,
  async fn(test) {
    await using sandbox = await openSandbox();
    const path = await makeBrowsers(sandbox);
    for (const { browser, args, isShown = args === null } of FORMS) {
      await test.step(browser, async () => {
        const program = startWith(sandbox, path, browser);
        const started = args === null ? null : await browserStarts(path);
        await program.stderrMatch(/Waiting for sign-in/);
        program.kill("SIGINT");
        const { code, stdout, stderr } = await program.ended;
        if (browser.includes("endless")) Deno.kill(started?.pid ?? 0, "SIGKILL");
        assertEquals([code, stdout], [130, ""], stderr);
        const url = started?.args.map((arg) => arg.match(ADDRESS)?.[0]).find((found) => found !== undefined);
        assertEquals(
          started?.args ?? null,
          args?.map((arg) => arg.replaceAll("DIR", path).replaceAll("URL", url ?? "no URL")) ?? null,
        );
        assertEquals(ADDRESS.test(stderr), isShown, stderr);
        assertEquals(await Deno.stat(join(path, "canary")).then(() => "created", () => "missing"), "missing");
      });
    }
  },
});

Deno.test({
  name: "the output of a browser reaches neither stdout nor stderr of the program",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const path = await makeBrowsers(sandbox);
    const program = startWith(sandbox, path, `"DIR/loud"`);
    const { args: [url = ""] } = await browserStarts(path);
    await sandbox.userAgent.signIn(url, ADA);
    const { code, stdout, stderr } = await program.ended;
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    assertEquals(stderr.includes("BROWSER SAYS"), false, stderr);
  },
});
