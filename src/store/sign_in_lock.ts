import { delay } from "@std/async/delay";
import { encodeHex } from "@std/encoding/hex";
import { CliError, type ErrorCode, EXIT_CODES } from "../errors.ts";
import { shellWord } from "../text/shell_word.ts";
import type { Clock } from "../system/clock.ts";
import type { Lock } from "../system/files/lock.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import type { SessionKey } from "./session.ts";

/** The turn to ask the user. Disposing of it gives it to the next process in line, as does the end of this one. */
export interface SignInLock extends Disposable {
  /** How the latest sign-in of another process ended, where that was after this one asked for its turn; else null. */
  readonly lastOutcome: SignInOutcome | null;
  /** Lets those who wait know that this process is asking the user now. */
  begin(): Promise<void>;
  /** Lets those who wait know how it ended. Without it, the next in line asks the user again. */
  publishOutcome(outcome: SignInOutcome): Promise<void>;
}

/** What {@linkcode acquireSignInLock} needs. */
export interface SignInLockOptions {
  /** The program's folder. */
  readonly folder: PrivateFolder;
  /** Measures the wait. */
  readonly clock: Clock;
  /** Id of this process, for those who wait for it. */
  readonly pid: number;
  /** Longest wait for the others, in milliseconds. */
  readonly timeoutMs: number;
  /** Told whom this process waits for, each time that it is another; null where that can't be found out. */
  readonly onWait: (pid: number | null) => void;
}

/**
 * Waits until no other process asks the user to sign in for the session `key`: one sign-in for all who need it, while
 * those for other sessions go on side by side. No lock of the store itself is held meanwhile.
 *
 * @throws {CliError} `timeout` when another process keeps its turn too long; `store` or `permission` where the folder
 *   takes no locks; the reason of `signal`.
 */
export async function acquireSignInLock(
  key: SessionKey,
  options: SignInLockOptions,
  signal: AbortSignal,
): Promise<SignInLock> {
  const folder = options.folder.subfolder("locks");
  const name = await nameFor(key);
  // Beside the lock, for on Windows nobody else can read a locked file.
  const record = new RecordFile(folder, `${name}.json`);
  const before = await record.read();
  const lock = await waitForLock(folder, `${name}.lock`, record, key.profile, options, signal);
  const after = await record.read();
  const isNews = after?.attempt !== before?.attempt || before?.outcome === null;
  const attempt = crypto.randomUUID();
  return {
    lastOutcome: isNews ? after?.outcome ?? null : null,
    begin: () => record.write({ pid: options.pid, attempt, outcome: null }),
    publishOutcome: (outcome) => record.write({ pid: options.pid, attempt, outcome }),
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  };
}

/** One for each session: a sign-in to another tenant or application is of no use to the others. */
async function nameFor({ profile, authority, tenant, clientId }: SessionKey): Promise<string> {
  const text = JSON.stringify([profile, authority, tenant, clientId]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `${encodeHex(new Uint8Array(hash).subarray(0, 16))}.sign-in`;
}

async function waitForLock(
  folder: PrivateFolder,
  name: string,
  record: RecordFile,
  profile: string,
  { clock, timeoutMs, onWait }: SignInLockOptions,
  signal: AbortSignal,
): Promise<Lock> {
  using deadline = clock.deadline(timeoutMs);
  const until = AbortSignal.any([signal, deadline.signal]);
  let holder: number | null = null;
  const waiting = new AbortController();
  const watching = watchHolder(record, AbortSignal.any([until, waiting.signal]), (pid) => {
    holder = pid;
    onWait(pid);
  });
  try {
    return await folder.lock(name, { signal: until });
  } catch (error) {
    throw error === until.reason && !signal.aborted ? timeoutError(holder, profile) : error;
  } finally {
    waiting.abort();
    await watching;
  }
}

/** How often to look who asks the user. A turn that comes before the first look needs no words. */
const LOOK_PAUSE_MS = 250;
/** A process that says nothing about itself for so many looks can't: its disk may be full. */
const LOOKS_IN_VAIN = 4;

/** Tells `onWait` who asks the user, until the signal. */
async function watchHolder(
  record: RecordFile,
  until: AbortSignal,
  onWait: (pid: number | null) => void,
): Promise<void> {
  let told: string | null = null;
  for (let looks = 1; await pause(until); looks++) {
    const current = await record.read();
    if (until.aborted) return;
    if (current?.outcome === null && current.attempt !== told) {
      told = current.attempt;
      onWait(current.pid);
    } else if (told === null && looks === LOOKS_IN_VAIN) {
      onWait(null);
    }
  }
}

/** Whether the pause came to its end. */
async function pause(until: AbortSignal): Promise<boolean> {
  try {
    await delay(LOOK_PAUSE_MS, { signal: until });
    return true;
  } catch {
    return false;
  }
}

/** More than a record ever has. */
const MAX_BYTES = 65_536;

/** Written only by who has the turn. It is a courtesy: where it fails, everybody asks the user in turn. */
class RecordFile {
  constructor(private readonly folder: PrivateFolder, private readonly name: string) {}

  async read(): Promise<SignInRecord | null> {
    try {
      using source = await this.folder.open(this.name, "private");
      if (source === null || source.size > MAX_BYTES) return null;
      return parseSignInRecord(await source.read(0, source.size));
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      return null;
    }
  }

  async write(record: SignInRecord): Promise<void> {
    try {
      await this.folder.replace(this.name, formatSignInRecord(record));
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
    }
  }
}

function timeoutError(holder: number | null, profile: string): CliError {
  const who = holder === null ? "another process" : `process ${holder}`;
  const message = `Timeout waiting for ${who}, which is signing in to profile '${profile}'`;
  return new CliError("timeout", message, {
    hint: [
      `Finish that sign-in in the browser, or end ${
        holder === null ? "the process" : `it (kill ${holder})`
      }.`,
      `Then try again: entra-auth-cli get-token --profile ${shellWord(profile)}`,
    ].join("\n"),
  });
}

/** How a sign-in ended, as far as it concerns others who need the same one. */
export type SignInOutcome =
  /** Its result is in the store. */
  | { readonly kind: "signed-in" }
  /** Nobody has to be asked for these scopes again. */
  | { readonly kind: "refused"; readonly error: CliError; readonly scopes: readonly string[] };

/** What a process that asks the user says about it to the processes that wait. It holds no secret. */
export interface SignInRecord {
  /** Id of the process. */
  readonly pid: number;
  /** Tells this attempt from any other. */
  readonly attempt: string;
  /** How it ended; null while the process asks, and for good where it ended without an outcome for others. */
  readonly outcome: SignInOutcome | null;
}

/** The record as bytes for a file. */
export function formatSignInRecord({ pid, attempt, outcome }: SignInRecord): Uint8Array {
  const record = { pid, attempt, outcome: outcome === null ? null : formatOutcome(outcome) };
  return new TextEncoder().encode(`${JSON.stringify(record)}\n`);
}

/** Reads a record; null for anything that is none. */
export function parseSignInRecord(content: Uint8Array): SignInRecord | null {
  const record = parseObject(new TextDecoder().decode(content));
  if (record === null) return null;
  const { pid, attempt, outcome } = record;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0 || typeof attempt !== "string") {
    return null;
  }
  return { pid, attempt, outcome: parseOutcome(outcome) };
}

function formatOutcome(outcome: SignInOutcome): Record<string, unknown> {
  if (outcome.kind === "signed-in") return { kind: outcome.kind };
  const { code, message, hint, aadsts, correlationId } = outcome.error;
  return { kind: outcome.kind, scopes: outcome.scopes, code, message, hint, aadsts, correlationId };
}

function parseOutcome(value: unknown): SignInOutcome | null {
  if (!isObject(value)) return null;
  if (value.kind === "signed-in") return { kind: "signed-in" };
  const { code, message, hint, aadsts, correlationId, scopes } = value;
  if (value.kind !== "refused" || !isErrorCode(code) || typeof message !== "string") return null;
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === "string")) return null;
  const error = new CliError(code, message, {
    ...(typeof hint === "string" ? { hint } : {}),
    ...(typeof aadsts === "string" ? { aadsts } : {}),
    ...(typeof correlationId === "string" ? { correlationId } : {}),
  });
  return { kind: "refused", error, scopes };
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(EXIT_CODES, value) && value !== "interrupted";
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
