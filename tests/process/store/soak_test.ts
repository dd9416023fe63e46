/**
 * Many processes that use one store in every way at once, some of them ended at any moment. A short soak by default;
 * `SOAK_OPERATIONS=10000 sh scripts/dev.sh test tests/process/store/soak_test.ts` is a long one.
 *
 * SIGKILL between the response with a new refresh token and its save loses a refresh token that is good for one use,
 * whatever a program does. So the one test kills while the provider, like Entra, accepts used refresh tokens; in the other
 * a refresh token is good for one use, and a lost sign-in must be explained by SIGKILL.
 */

import { assert, assertEquals } from "@std/assert";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { ADA } from "../../support/provider/directory.ts";
import { UserAgent } from "../../support/browser/user_agent.ts";

const OPERATIONS = Number(Deno.env.get("SOAK_OPERATIONS") ?? 240);
/** Fewer, because each of these waits for the provider. */
const REFRESHES = Number(Deno.env.get("SOAK_OPERATIONS") ?? 80);
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

const EXIT_CODES: Partial<Record<Deno.Signal, number>> = {
  SIGKILL: 137,
  SIGTERM: 143,
  SIGINT: 130,
  SIGHUP: 129,
};

type Kind = "get" | "refresh" | "clear" | "sign-in";

interface Operation {
  readonly kind: Kind;
  readonly profile: string;
  /** The signal that ends it at a random moment. */
  readonly signal: Deno.Signal | null;
}

interface Outcome extends Operation {
  readonly code: number;
  /** When it started and ended: numbers that grow. */
  readonly started: number;
  readonly ended: number;
  readonly stderr: string;
}

function oneOf<T>(choices: readonly [T, ...T[]] | readonly T[]): T {
  const choice = choices[Math.floor(Math.random() * choices.length)];
  if (choice === undefined) throw new Error("Nothing to choose from");
  return choice;
}

function randomOperation(signals: readonly Deno.Signal[]): Operation {
  const kind = oneOf<Kind>(["get", "get", "get", "get", "refresh", "refresh", "clear", "sign-in"]);
  const profile = kind === "clear" ? oneOf(TRANSIENT) : oneOf([...KEPT, ...TRANSIENT]);
  return { kind, profile, signal: Math.random() < 0.2 ? oneOf(signals) : null };
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

let events = 0;

async function perform(sandbox: Sandbox, operation: Operation): Promise<Outcome> {
  const started = events++;
  const program = sandbox.start(argumentsOf(operation));
  const { signal } = operation;
  const life = Math.random() * MAX_LIFE_MS;
  const timer = signal === null ? undefined : setTimeout(() => signalIfAlive(program, signal), life);
  const { code, stderr } = await program.ended;
  clearTimeout(timer);
  return { ...operation, code, stderr, started, ended: events++ };
}

function signalIfAlive(program: { kill(signal: Deno.Signal): void }, signal: Deno.Signal): void {
  try {
    program.kill(signal);
  } catch {
    // It has already exited.
  }
}

/** Reports whether the outcome is one that a user expects, whatever the other processes do. */
function isExpected({ kind, profile, signal, code }: Outcome): boolean {
  if (signal !== null && code === EXIT_CODES[signal]) return true;
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
          perform(sandbox, { kind: "sign-in", profile, signal: null })
        ),
      );
      assertEquals(signedIn.map(({ code }) => code), signedIn.map(() => 0));
      let begun = 0;
      await Promise.all(Array.from({ length: LANES }, async () => {
        while (begun++ < OPERATIONS) outcomes.push(await perform(sandbox, randomOperation(["SIGKILL"])));
      }));
    }
    assertEquals(outcomes.filter((outcome) => !isExpected(outcome)), []);

    for (const profile of KEPT) {
      const { code, stderr } = await sandbox.run(argumentsOf({ kind: "refresh", profile, signal: null }));
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

Deno.test({
  name:
    `With refresh tokens that are good for one use, ${REFRESHES} operations with random signals lose no sign-in, unless by SIGKILL`,
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox({ accessTokenTtl: 303, isCrowded: true });
    for (const name of KEPT) await sandbox.run(createProfileArgs(name, sandbox.provider));
    const outcomes: Outcome[] = [];
    const lost: { readonly outcome: Outcome; readonly isBySigkill: boolean }[] = [];
    const signIn = async (profile: string) => {
      const outcome = await perform(sandbox, { kind: "sign-in", profile, signal: null });
      assertEquals(outcome.code, 0, outcome.stderr);
      outcomes.push(outcome);
    };
    const repairs = new Map<string, Promise<void>>();
    const step = async () => {
      const profile = oneOf(KEPT);
      await repairs.get(profile);
      const kind = oneOf<Kind>(["get", "get", "refresh", "refresh"]);
      const signal = Math.random() < 0.2
        ? oneOf<Deno.Signal>(["SIGKILL", "SIGTERM", "SIGTERM", "SIGINT", "SIGHUP"])
        : null;
      const outcome = await perform(sandbox, { kind, profile, signal });
      outcomes.push(outcome);
      // Twenty processes on a slow machine may give up waiting for a lock, which loses nothing.
      if (isExpected(outcome) || outcome.code === 7 && /is locked by another process/.test(outcome.stderr)) {
        return;
      }
      // What started before the last sign-in fails for the same reason.
      const isRepaired = outcomes.some((other) =>
        other.kind === "sign-in" && other.profile === profile && other.ended > outcome.started
      );
      if (isRepaired) return;
      if (!repairs.has(profile)) {
        lost.push({ outcome, isBySigkill: wasKilled(outcomes, outcome) });
        await Deno.stderr.write(new TextEncoder().encode(`soak: ${JSON.stringify(lost.at(-1))}\n`));
        const repair = signIn(profile).finally(() => repairs.delete(profile));
        repairs.set(profile, repair);
      }
      await repairs.get(profile);
    };
    {
      await using _people = signInEveryone(sandbox);
      await Promise.all(KEPT.map(signIn));
      let begun = 0;
      await Promise.all(Array.from({ length: LANES }, async () => {
        while (begun++ < REFRESHES) await step();
      }));
    }
    const count = (signals: readonly Deno.Signal[]) =>
      outcomes.filter(({ code }) => signals.some((signal) => EXIT_CODES[signal] === code)).length;
    const bySigkill = lost.filter(({ isBySigkill }) => isBySigkill).length;
    const figures = `${outcomes.length} operations with refresh tokens good for one use, ` +
      `${count(["SIGTERM", "SIGINT", "SIGHUP"])} interrupted, ${count(["SIGKILL"])} killed, ` +
      `${outcomes.filter(({ code }) => code === 7).length} gave up waiting for a lock, ` +
      `${lost.length - bySigkill} sign-ins lost, and ${bySigkill} by SIGKILL`;
    await Deno.stderr.write(new TextEncoder().encode(`soak: ${figures}\n`));
    assertEquals(lost.filter(({ isBySigkill }) => !isBySigkill), []);
  },
});

/** Reports whether SIGKILL ended an operation of the profile after the last refresh that succeeded. */
function wasKilled(outcomes: readonly Outcome[], { profile, ended }: Outcome): boolean {
  const earlier = outcomes.filter((other) => other.profile === profile && other.ended < ended);
  const proven = earlier.filter(({ kind, code }) => kind !== "get" && code === 0).map(({ started }) =>
    started
  );
  const last = Math.max(-1, ...proven);
  return earlier.some(({ code, ended }) => code === 137 && ended > last);
}
