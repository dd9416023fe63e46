import { delay } from "@std/async/delay";
import { encodeHex } from "@std/encoding/hex";
import { CliError, type ErrorCode, EXIT_CODES } from "../errors.ts";
import type { Clock } from "../system/clock.ts";
import type { Lock } from "../system/files/lock.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import { isJsonObject, parseJsonObject } from "../text/json.ts";
import { shellWord } from "../text/shell_word.ts";
import type { SessionKey } from "./session.ts";

/** The right to prompt the user. Disposing of it passes it to the next process, as does the end of this process. */
export interface SignInLock extends Disposable {
  /** The outcome of the last sign-in of another process, if it ended while this process waited; otherwise null. */
  readonly lastOutcome: SignInOutcome | null;
  /** Informs waiting processes that this process prompts the user now. */
  begin(): Promise<void>;
  /** Informs waiting processes of the outcome. Without one, the next process prompts the user again. */
  publishOutcome(outcome: SignInOutcome): Promise<void>;
}

/** The outcome of a sign-in for other processes that need the same one. */
export type SignInOutcome =
  /** The session is in the store. */
  | { readonly kind: "signed-in" }
  /** Another prompt for these scopes would be refused as well. */
  | { readonly kind: "refused"; readonly error: CliError; readonly scopes: readonly string[] };

export interface SignInLockOptions {
  /** The home folder. */
  readonly folder: PrivateFolder;
  readonly clock: Clock;
  /** The id of this process, for messages of other processes. */
  readonly pid: number;
  /** How long to wait for other processes, in milliseconds. */
  readonly timeoutMs: number;
  /** Called with the process that this one waits for, whenever it changes; null if it is unknown. */
  readonly onWait: (pid: number | null) => void;
}

/**
 * Waits until no other process prompts the user to sign in for the session `key`: one sign-in for all processes that need
 * it. Sign-ins for other sessions proceed in parallel, and no lock of the token store is held during a sign-in.
 *
 * @throws {CliError} `timeout` if another process holds the lock too long; `store` or `permission` if the folder does not
 *   support locks; the reason of `signal`.
 */
export async function acquireSignInLock(
  key: SessionKey,
  options: SignInLockOptions,
  signal: AbortSignal,
): Promise<SignInLock> {
  const folder = options.folder.subfolder("locks");
  const name = await nameFor(key);
  // A file next to the lock: on Windows no other process can read a locked file.
  const record = new RecordFile(folder, `${name}.json`);
  const before = await record.read();
  const lock = await waitForLock(folder, `${name}.lock`, record, key.profile, options, signal);
  const after = await record.read();
  const endedMeanwhile = after?.attempt !== before?.attempt || before?.outcome === null;
  const attempt = crypto.randomUUID();
  return {
    lastOutcome: endedMeanwhile ? after?.outcome ?? null : null,
    begin: () => record.write({ pid: options.pid, attempt, outcome: null }),
    publishOutcome: (outcome) => record.write({ pid: options.pid, attempt, outcome }),
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  };
}

/** Returns one name per session: a sign-in to another tenant or application does not help the others. */
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

/** How often to read the record. A lock acquired before the first time needs no message. */
const POLL_INTERVAL_MS = 250;
/** A process without a record after so many polls cannot write one: its disk may be full. */
const MAX_POLLS_WITHOUT_RECORD = 4;

/** Calls `onWait` with the process that prompts the user, until the signal. */
async function watchHolder(
  record: RecordFile,
  until: AbortSignal,
  onWait: (pid: number | null) => void,
): Promise<void> {
  let reportedAttempt: string | null = null;
  for (let polls = 1; await pause(until); polls++) {
    const current = await record.read();
    if (until.aborted) return;
    if (current?.outcome === null && current.attempt !== reportedAttempt) {
      reportedAttempt = current.attempt;
      onWait(current.pid);
    } else if (reportedAttempt === null && polls === MAX_POLLS_WITHOUT_RECORD) {
      onWait(null);
    }
  }
}

/** Returns false if the signal ended the pause. */
async function pause(until: AbortSignal): Promise<boolean> {
  try {
    await delay(POLL_INTERVAL_MS, { signal: until });
    return true;
  } catch {
    return false;
  }
}

/** Larger than any record. */
const MAX_BYTES = 65_536;

/** Written only by the holder of the lock. If reading or writing fails, every process prompts the user in turn. */
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

/** What a process that prompts the user publishes to the processes that wait. It contains no secret. */
export interface SignInRecord {
  readonly pid: number;
  /** Distinguishes this attempt from any other. */
  readonly attempt: string;
  /** Null while the process prompts, and if it ended without an outcome for others. */
  readonly outcome: SignInOutcome | null;
}

export function formatSignInRecord({ pid, attempt, outcome }: SignInRecord): Uint8Array {
  const record = { pid, attempt, outcome: outcome === null ? null : formatOutcome(outcome) };
  return new TextEncoder().encode(`${JSON.stringify(record)}\n`);
}

/** Returns null for anything but a record. */
export function parseSignInRecord(content: Uint8Array): SignInRecord | null {
  const record = parseJsonObject(new TextDecoder().decode(content));
  if (record === null) return null;
  const { pid, attempt, outcome } = record;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0 || typeof attempt !== "string") {
    return null;
  }
  return { pid, attempt, outcome: parseOutcome(outcome) };
}

function formatOutcome(outcome: SignInOutcome): Record<string, unknown> {
  if (outcome.kind === "signed-in") return { kind: outcome.kind };
  const { code, message, hint, aadsts, correlationId, description } = outcome.error;
  return {
    kind: outcome.kind,
    scopes: outcome.scopes,
    code,
    message,
    hint,
    aadsts,
    correlationId,
    description,
  };
}

function parseOutcome(value: unknown): SignInOutcome | null {
  if (!isJsonObject(value)) return null;
  if (value.kind === "signed-in") return { kind: "signed-in" };
  const { code, message, hint, aadsts, correlationId, description, scopes } = value;
  if (value.kind !== "refused" || !isErrorCode(code) || typeof message !== "string") return null;
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === "string")) return null;
  const error = new CliError(code, message, {
    hint: optionalText(hint),
    aadsts: optionalText(aadsts),
    correlationId: optionalText(correlationId),
    description: optionalText(description),
  });
  return { kind: "refused", error, scopes };
}

function optionalText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(EXIT_CODES, value) && value !== "interrupted";
}

function timeoutError(holder: number | null, profile: string): CliError {
  const process = holder === null ? "another process" : `process ${holder}`;
  const message = `Timeout waiting for ${process}, which is signing in to profile '${profile}'`;
  return new CliError("timeout", message, {
    hint: [
      `Finish that sign-in in the browser, or end ${
        holder === null ? "the process" : `it (kill ${holder})`
      }.`,
      `Then try again: entra-auth-cli get-token --profile ${shellWord(profile)}`,
    ].join("\n"),
  });
}
