import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path/join";
import { type BrowserOpening, openBrowser } from "../../../src/browser/open_browser.ts";
import { systemProcesses } from "../../../src/system/processes/processes.ts";
import { environment, SIGN_IN_URL } from "../../support/fixtures/browser_fixture.ts";

const ignore = Deno.build.os === "windows";

/** A temporary directory with a space in its name, for programs that act as browsers. */
class BrowserFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<BrowserFolder> {
    return new BrowserFolder(await Deno.makeTempDir({ prefix: "entra browser " }));
  }

  /** Writes a shell script and returns its path. `$OUT` is a file next to it. */
  async script(name: string, body: string, mode = 0o755): Promise<string> {
    const path = join(this.path, name);
    await Deno.writeTextFile(path, `#!/bin/sh\nOUT='${join(this.path, "out")}'\n${body}\n`, { mode });
    return path;
  }

  output(): Promise<string> {
    return Deno.readTextFile(join(this.path, "out"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

function open(browser: string): Promise<BrowserOpening> {
  const deps = {
    os: "linux" as const,
    env: environment({ BROWSER: browser }),
    processes: systemProcesses,
    graceMs: 60_000,
  };
  return openBrowser(SIGN_IN_URL, deps, new AbortController().signal);
}

Deno.test({
  name: "A program in a path with spaces gets the whole URL as its only argument",
  ignore,
  fn: async () => {
    await using folder = await BrowserFolder.make();
    const path = await folder.script("firefox", `printf '%s\\n' "$#" "$@" > "$OUT"`);
    assertEquals((await open(path)).kind, "opened");
    assertEquals(await folder.output(), `1\n${SIGN_IN_URL}\n`);
  },
});

Deno.test({
  name: "A program gets the arguments of BROWSER and the URL",
  ignore,
  fn: async () => {
    await using folder = await BrowserFolder.make();
    const path = await folder.script("firefox", `printf '%s\\n' "$@" > "$OUT"`);
    assertEquals((await open(`${path} --new-window --app=%s`)).kind, "opened");
    assertEquals(await folder.output(), `--new-window\n--app=${SIGN_IN_URL}\n`);
  },
});

Deno.test({
  name:
    "A program that fails, is missing, is a directory or is not executable is reported, and the next one is tried",
  ignore,
  fn: async () => {
    await using folder = await BrowserFolder.make();
    const failing = await folder.script("failing", "exit 3");
    assertEquals(await open(`"${failing}"`), {
      kind: "failed",
      reason: `${failing} exited with code 3`,
      hint: undefined,
    });
    const missing = join(folder.path, "missing");
    assertEquals(await open(`"${missing}"`), {
      kind: "failed",
      reason: `${missing} was not found`,
      hint: undefined,
    });
    assertEquals((await open(`"${folder.path}"`)).kind, "failed");
    const plainFile = await folder.script("plain", "exit 0", 0o644);
    assertEquals((await open(`"${plainFile}"`)).kind, "failed");
    const working = await folder.script("working", `echo yes > "$OUT"`);
    assertEquals((await open(`"${failing}":"${missing}":"${working}"`)).kind, "opened");
    assertEquals(await folder.output(), "yes\n");
  },
});

Deno.test({
  name: "A program that reads its input and writes a lot of output does not block",
  ignore,
  fn: async () => {
    await using folder = await BrowserFolder.make();
    const path = await folder.script(
      "loud",
      `cat > "$OUT"; head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2; echo done >> "$OUT"`,
    );
    assertEquals((await open(`"${path}"`)).kind, "opened");
    assertEquals(await folder.output(), "done\n");
  },
});

Deno.test({
  name: "A program runs in its own process group, so that Ctrl-C does not end the browser",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using folder = await BrowserFolder.make();
    const path = await folder.script(
      "group",
      `read -r line < /proc/$$/stat; set -- $line; echo "$1 $5" > "$OUT"`,
    );
    assertEquals((await open(`"${path}"`)).kind, "opened");
    const [id, group] = (await folder.output()).trim().split(" ");
    assert(id !== undefined && id !== "");
    assertEquals(group, id);
  },
});
