import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { join } from "@std/path/join";
import { systemLocks } from "../../../src/system/files/lock.ts";
import type { RunningProgram } from "../../support/program/program.ts";
import { ADA } from "../../support/provider/directory.ts";
import type { Endpoint } from "../../support/provider/failures.ts";
import { hasNoShell, runShell } from "../../support/program/shell.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Makes the next request to `endpoint` wait forever. Resolves when it arrives. */
function holdNext({ provider }: Sandbox, endpoint: Endpoint): Promise<void> {
  const arrival = Promise.withResolvers<void>();
  provider.failNext(endpoint, { kind: "hold", onArrival: arrival.resolve, until: new Promise(() => {}) });
  return arrival.promise;
}

/** Starts the program and returns it in the middle of the phase. */
type Phase = (sandbox: Sandbox) => Promise<RunningProgram>;

const PHASES: Readonly<Record<string, Phase>> = {
  "the discovery of the authority": async (sandbox) => {
    const arrived = holdNext(sandbox, "discovery");
    const program = sandbox.start(["get-token"]);
    await arrived;
    return program;
  },
  "the wait for the browser": async (sandbox) => {
    const program = sandbox.start(["get-token"]);
    await sandbox.browser.next();
    await program.stderrMatch(/Waiting for sign-in/);
    return program;
  },
  "the redemption of the code": async (sandbox) => {
    const arrived = holdNext(sandbox, "token");
    const program = sandbox.start(["get-token"]);
    const callback = await sandbox.userAgent.authorize(await sandbox.browser.next(), ADA);
    // The response is held until the code is redeemed.
    sandbox.userAgent.deliver(callback).catch(() => {});
    await arrived;
    return program;
  },
  "a device code's polling": async (sandbox) => {
    const program = sandbox.start(["get-token", "--flow", "device-code"]);
    await program.stderrMatch(/And enter code/);
    return program;
  },
  "the wait for another process that signs in": async (sandbox) => {
    await sandbox.start(["get-token", "--timeout", "20s"]).stderrMatch(/Waiting for sign-in/);
    const program = sandbox.start(["get-token"]);
    await program.stderrMatch(/Waiting for process/);
    return program;
  },
  "a refresh": async (sandbox) => {
    await sandbox.signIn(["get-token"]);
    const arrived = holdNext(sandbox, "token");
    const program = sandbox.start(["refresh"]);
    await arrived;
    return program;
  },
  "the wait for another process that refreshes": async (sandbox) => {
    await sandbox.signIn(["get-token"]);
    const arrived = holdNext(sandbox, "token");
    sandbox.start(["refresh"]);
    await arrived;
    const program = sandbox.start(["refresh"]);
    await program.stderrMatch(/Waiting for another process/);
    return program;
  },
};

/** Kills what the phase left running. */
function endAll(programs: readonly RunningProgram[]): Promise<unknown> {
  for (const program of programs) {
    try {
      program.kill("SIGKILL");
    } catch {
      // It has exited.
    }
  }
  return Promise.all(programs.map(({ ended }) => ended));
}

async function tokenFile({ home }: Sandbox): Promise<string | null> {
  const file = join(home, "tokens.enc");
  return await Deno.readFile(file).then((bytes) => new TextDecoder("latin1").decode(bytes), () => null);
}

async function drafts(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(folder)) if (name.endsWith(".tmp")) found.push(name);
  return found;
}

for (const [phase, begin] of Object.entries(PHASES)) {
  Deno.test({
    name:
      `Ctrl-C, TERM and HUP during ${phase} end the program with their exit codes and leave nothing behind`,
    ignore: Deno.build.os === "windows",
    async fn() {
      for (const [signal, code] of Object.entries(EXIT_CODES)) {
        const started: RunningProgram[] = [];
        await using sandbox = await openSandbox();
        const watched: Sandbox = {
          ...sandbox,
          start(args, options) {
            const program = sandbox.start(args, options);
            started.push(program);
            return program;
          },
        };
        const program = await begin(watched);
        const before = await tokenFile(sandbox);
        program.kill(signal as Deno.Signal);
        const result = await program.ended;
        assertEquals([result.code, result.stdout], [code, ""], result.stderr);
        assertMatch(result.stderr, /^Interrupted$/m);
        assertEquals(await tokenFile(sandbox), before);
        // The other process still needs the one that it has reserved.
        const others = phase === "the wait for another process that refreshes" ? 1 : 0;
        assertEquals((await drafts(sandbox.home)).length, others);
        await endAll(started);
      }
    },
  });
}

Deno.test({
  name: "clear-cache that waits for the store's lock can be interrupted with Ctrl-C",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    using _held = await systemLocks.acquire(join(sandbox.home, "tokens.lock"), {});
    const program = sandbox.start(["clear-cache", "--verbose"]);
    // It acquires the sign-in lock of the profile before the store's lock.
    const locks = join(sandbox.home, "locks");
    using watcher = Deno.watchFs(locks);
    for await (const { kind } of watcher) if (kind === "modify" || kind === "access") break;
    program.kill("SIGINT");
    const result = await program.ended;
    assertEquals([result.code, result.stdout], [130, ""], result.stderr);
  },
});

Deno.test({
  name: "get-token signs in without any of the three standard streams",
  ignore: hasNoShell,
  async fn() {
    await using sandbox = await openSandbox();
    const file = join(sandbox.folder, "token");
    await sandbox.signIn(["get-token"]);
    for (const closed of ["<&-", "2>&-", "<&- 2>&-", "<&- >&- 2>&-"]) {
      const { code } = await runShell(sandbox, `exec entra-auth-cli get-token --file '${file}' ${closed}`);
      assertEquals(code, 0, closed);
      assertNotEquals((await Deno.readTextFile(file)).length, 0, closed);
      await Deno.remove(file);
    }
  },
});

Deno.test({
  name: "get-token continues a sign-in after it was stopped and resumed",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox();
    const program = sandbox.start(["get-token"]);
    const url = await sandbox.browser.next();
    program.kill("SIGSTOP");
    program.kill("SIGCONT");
    await sandbox.userAgent.signIn(url, ADA);
    const result = await program.ended;
    assertEquals(result.code, 0, result.stderr);
  },
});
