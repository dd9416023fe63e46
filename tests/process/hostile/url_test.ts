import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path/join";
import { bundleIntoOne } from "../../../scripts/build/bundle.ts";
import { findFakeTime } from "../../support/machine/fake_time.ts";
import { GrowingText } from "../../support/program/growing_text.ts";
import { inheritedVariables } from "../../support/program/program.ts";
import { ADA } from "../../support/provider/directory.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

/** A server on this machine that has one file. */
async function serveFile(path: string): Promise<AsyncDisposable & { url: string }> {
  const text = await Deno.readTextFile(path);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ url }) =>
      new URL(url).pathname === "/entra-auth-cli.js"
        ? new Response(text, { headers: { "content-type": "text/javascript" } })
        : new Response("not found", { status: 404 }),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/entra-auth-cli.js`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A folder for Deno with the packages of the usual one, and without the modules from elsewhere. */
async function denoFolder(sandbox: Sandbox): Promise<string> {
  const folder = join(sandbox.folder, "deno-for-url");
  await Deno.mkdir(folder);
  await Deno.symlink(join(inheritedVariables().DENO_DIR ?? "", "npm"), join(folder, "npm"));
  return folder;
}

Deno.test({
  name: "the program runs from a URL, with the flags that `permissions` prints and MSAL from npm",
  // An executable is no module.
  ignore: Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined || Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox();
    const module = join(sandbox.folder, "entra-auth-cli.js");
    await bundleIntoOne(module);
    await using server = await serveFile(module);
    // As on a machine where no browser can be opened.
    const env = { ...sandbox.env, BROWSER: "", DISPLAY: "", WAYLAND_DISPLAY: "" };
    const printed = await sandbox.run(["permissions", "--output", "json"], { env });
    assertEquals(printed.code, 0, printed.stderr);
    const { flags } = JSON.parse(printed.stdout);
    assert(
      flags.includes("--no-prompt") && !flags.some((flag: string) => /-all$|^-A$|=\*/.test(flag)),
      flags,
    );
    const startAt = (clock: Record<string, string>, ...args: string[]) => {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", ...flags, server.url, ...args],
        cwd: sandbox.folder,
        env: { ...inheritedVariables(), ...env, ...clock, DENO_DIR: denoDir },
        clearEnv: true,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const stderr = new GrowingText(child.stderr);
      const ended = Promise.all([child.status, new Response(child.stdout).text(), stderr.whole]);
      return { stderr, ended };
    };
    const start = (...args: string[]) => startAt({}, ...args);
    const denoDir = await denoFolder(sandbox);

    const signIn = start("get-token", "--show-url");
    const [, url = ""] = await signIn.stderr.match(/^ *(https:\S+)$/m);
    await sandbox.userAgent.signIn(url, ADA);
    const [{ code }, token, said] = await signIn.ended;
    assertEquals(code, 0, said);
    assertMatch(token, /^ey\S+\n$/);

    const [cached, same, saidThen] = await start("get-token").ended;
    assertEquals([cached.code, same], [0, token], saidThen);
    const [refreshed, , saidLast] = await start("refresh").ended;
    assertEquals(refreshed.code, 0, saidLast);

    const fakeTime = await findFakeTime();
    if (fakeTime === null) return;
    // Here Deno takes MSAL from npm, and none that is younger than the clock.
    const [early, nothing, hint] = await startAt(
      { LD_PRELOAD: fakeTime, FAKETIME: "@1970-01-01 00:00:20" },
      "refresh",
    ).ended;
    assertEquals([early.success, nothing], [false, ""]);
    assertMatch(hint, /\nHint: Check the date and time of this machine\.\n$/);
  },
});
