import { assertEquals } from "@std/assert";
import { join } from "@std/path/join";

/** Opens a browser like the program and prints the result. */
const SCRIPT = `
import { openBrowser } from ${JSON.stringify(import.meta.resolve("../../../src/browser/open_browser.ts"))};
import { systemProcesses } from ${
  JSON.stringify(import.meta.resolve("../../../src/system/processes/processes.ts"))
};
const env = { get: (name) => name === "BROWSER" ? Deno.args[0] : undefined };
const deps = { os: "linux", env, processes: systemProcesses, graceMs: 60_000 };
const opening = await openBrowser("https://login.example/", deps, new AbortController().signal);
console.log(opening.kind, opening.reason, opening.hint);
`;

/** Flags that the imports need if they do not come from JSR. */
const FLAGS = (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter((flag) => flag !== "");

async function run(
  browser: string,
  permissions: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const args = ["run", "--no-prompt", "--no-check", "--ext=ts", ...FLAGS, ...permissions, "-", browser];
  const child = new Deno.Command(Deno.execPath(), {
    args,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(SCRIPT));
  await writer.close();
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

async function withBrowser(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "entra-browser-" });
  try {
    const path = join(folder, "browser");
    await Deno.writeTextFile(path, "#!/bin/sh\necho noise\necho noise >&2\n", { mode: 0o755 });
    await test(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "A browser that Deno may not run is reported with the flag that allows it, which suffices",
  ignore,
  fn: () =>
    withBrowser(async (path) => {
      assertEquals(
        await run(path, []),
        `failed Running ${path} is not permitted Add the Deno flag --allow-run=${path}\n`,
      );
      assertEquals(await run(path, [`--allow-run=${path}`]), "opened undefined undefined\n");
    }),
});

Deno.test({
  name: "The browser starts despite loader variables, which Deno does not pass on",
  ignore,
  fn: () =>
    withBrowser(async (path) => {
      const env = { LD_LIBRARY_PATH: "/nowhere", DYLD_LIBRARY_PATH: "/nowhere" };
      assertEquals(await run(path, [`--allow-run=${path}`], env), "opened undefined undefined\n");
    }),
});
