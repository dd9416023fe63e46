/**
 * Many processes that use one store in every way at once, some of them killed at any moment. A short soak by default;
 * `SOAK_OPERATIONS=10000 sh scripts/dev.sh test tests/process/store/soak_test.ts` is a long one.
 */

import { assert, assertEquals } from "@std/assert";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { ADA } from "../../support/provider/directory.ts";
import { UserAgent } from "../../support/browser/user_agent.ts";

const OPERATIONS = Number(Deno.env.get("SOAK_OPERATIONS") ?? 240);
const LANES = 20;

/** Profiles that are signed in at the start, never cleared, and must be signed in at the end. */
const KEPT = ["kept-1", "kept-2", "kept-3", "kept-4", "kept-5", "kept-6"];
/** Profiles that are created and deleted. */
const TRANSIENT = ["passing-1", "passing-2", "passing-3", "passing-4"];

/** The longest time before a program is killed, in milliseconds: some complete, some hardly start. */
const MAX_LIFE_MS = 600;

/** The files that the program may leave in its folder and its subfolders. */
const BELONGINGS =
  /^(profiles\.json|tokens\.enc|key|(tokens|profiles)\.lock|locks|locks\/[^/]+\.(lock|json))$/;

type Kind = "get" | "refresh" | "clear" | "sign-in";

interface Operation {
  readonly kind: Kind;
  readonly profile: string;
  readonly isKilled: boolean;
}

interface Outcome extends Operation {
  readonly code: number;
  readonly stderr: string;
}

function oneOf<T>(choices: readonly [T, ...T[]] | readonly T[]): T {
  const choice = choices[Math.floor(Math.random() * choices.length)];
  if (choice === undefined) throw new Error("Nothing to choose from");
  return choice;
}

function randomOperation(): Operation {
  const kind = oneOf<Kind>(["get", "get", "get", "get", "refresh", "refresh", "clear", "sign-in"]);
  const profile = kind === "clear" ? oneOf(TRANSIENT) : oneOf([...KEPT, ...TRANSIENT]);
  return { kind, profile, isKilled: Math.random() < 0.2 };
}

function argumentsOf({ kind, profile }: Operation): string[] {
  switch (kind) {
    case "get":
      return ["get-token", "--no-interactive", "--profile", profile];
    case "refresh":
      return ["refresh", "--profile", profile];
    case "clear":
      return ["clear-cache", "--profile", profile];
    case "sign-in":
      return ["get-token", "--force", "--timeout", "2m", "--profile", profile];
  }
}

async function perform(sandbox: Sandbox, operation: Operation): Promise<Outcome> {
  const program = sandbox.start(argumentsOf(operation));
  const life = Math.random() * MAX_LIFE_MS;
  const timer = operation.isKilled ? setTimeout(() => killIfAlive(program), life) : undefined;
  const { code, stderr } = await program.ended;
  clearTimeout(timer);
  return { ...operation, code, stderr };
}

function killIfAlive(program: { kill(signal: Deno.Signal): void }): void {
  try {
    program.kill("SIGKILL");
  } catch {
    // It has already exited.
  }
}

/** Reports whether the outcome is one that a user expects, whatever the other processes do. */
function isExpected({ kind, profile, isKilled, code }: Outcome): boolean {
  if (isKilled && code === 137) return true;
  if (code === 0) return true;
  // It was just cleared, and there is no new sign-in yet.
  return TRANSIENT.includes(profile) && kind !== "clear" && kind !== "sign-in" && [3, 6, 9].includes(code);
}

/** Signs in for every program that opens a browser, each in a browser of its own, until the end of the block. */
function signInEveryone(sandbox: Sandbox): AsyncDisposable {
  let isOver = false;
  const visits = new Set<Promise<void>>();
  const visit = async (url: string) => {
    using userAgent = new UserAgent({ caPem: sandbox.provider.caPem });
    // The program that opened the browser may have been killed.
    await userAgent.signIn(url, ADA).catch(() => {});
  };
  (async () => {
    while (!isOver) {
      const visiting = visit(await sandbox.browser.next()).finally(() => visits.delete(visiting));
      visits.add(visiting);
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      await Promise.all(visits);
    },
  };
}

async function belongings(folder: string, within = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    found.push(within + name);
    if (isDirectory) found.push(...await belongings(`${folder}/${name}`, `${within}${name}/`));
  }
  return found;
}

Deno.test({
  name:
    `After ${OPERATIONS} operations of ${LANES} processes with random kills no session is lost, and no file is left`,
  ignore: Deno.build.os === "windows",
  async fn() {
    // A kill may lose the newest refresh token. Like Entra, this provider still accepts the previous one.
    // A token is old enough for a refresh after three seconds.
    await using sandbox = await openSandbox({
      keepsUsedRefreshTokens: true,
      accessTokenTtl: 303,
      isCrowded: true,
    });
    for (const name of [...KEPT, ...TRANSIENT]) await sandbox.run(createProfileArgs(name, sandbox.provider));
    const outcomes: Outcome[] = [];
    {
      await using _people = signInEveryone(sandbox);
      const signedIn = await Promise.all(
        [...KEPT, ...TRANSIENT].map((profile) =>
          perform(sandbox, { kind: "sign-in", profile, isKilled: false })
        ),
      );
      assertEquals(signedIn.map(({ code }) => code), signedIn.map(() => 0));
      let begun = 0;
      await Promise.all(Array.from({ length: LANES }, async () => {
        while (begun++ < OPERATIONS) outcomes.push(await perform(sandbox, randomOperation()));
      }));
    }
    assertEquals(outcomes.filter((outcome) => !isExpected(outcome)), []);

    for (const profile of KEPT) {
      const { code, stderr } = await sandbox.run(argumentsOf({ kind: "refresh", profile, isKilled: false }));
      assertEquals(code, 0, `${profile}: ${stderr}`);
    }
    const status = await sandbox.run(["status"]);
    assertEquals(status.code, 0, status.stderr);
    // The next write removes the partial files of killed processes.
    assertEquals((await belongings(sandbox.home)).filter((path) => !BELONGINGS.test(path)), []);
    const killed = outcomes.filter(({ code }) => code === 137).length;
    assert(killed > 0, "at least one process was killed");
    const figures = `${outcomes.length} operations, ${killed} killed on their way, 0 sign-ins lost`;
    await Deno.stderr.write(new TextEncoder().encode(`soak: ${figures} of ${KEPT.length}\n`));
  },
});
