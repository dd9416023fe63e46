import { abortable } from "@std/async/abortable";
import type { AuthorizationTransaction, TokenClient } from "../../entra/token_client.ts";
import { CliError, type ErrorCode } from "../../errors.ts";
import type { CallbackServer } from "../../loopback/callback_server.ts";
import type { ExpectedCallback, PastedVerdict } from "../../loopback/validate_callback.ts";
import type { Clock } from "../../system/clock.ts";
import type { SignedIn } from "../get_token/token_request.ts";
import type { DeviceCodeSignIn } from "./device_code_sign_in.ts";
import { finishSignIn, timeoutError } from "./interactive_sign_in.ts";
import type { InteractiveSession } from "./interactive_session.ts";

export interface RemoteSignIn extends DeviceCodeSignIn {
  /** Whether a device code is one of the ways. */
  readonly withDeviceCode: boolean;
}

export interface RemoteDependencies {
  readonly clock: Clock;
  readonly tokens: Pick<TokenClient, "beginSignIn" | "signInWithDeviceCode">;
  readonly session: Pick<InteractiveSession, "progress" | "askForAddress">;
  /** Starts the server for the redirect, on the port that the user chose. */
  readonly listen: (expected: ExpectedCallback) => Promise<CallbackServer>;
  /** Returns the command that makes a port of this machine reachable from the user's own computer. */
  readonly forwardCommand: (port: number) => string;
  readonly validateAddress: (text: string, redirectUri: string, expected: ExpectedCallback) => PastedVerdict;
}

/**
 * Signs in over SSH, with a browser on another computer. Offers three ways at once: a device code, which some tenants
 * forbid; a redirect through a forwarded port; or pasting the address of a redirect that could not reach this machine. The
 * first response ends the other ways.
 *
 * @param signal Ends the sign-in. When the promise settles, the port is free and the terminal as before.
 * @throws {CliError} What the device code flow and the interactive flow throw.
 */
export async function signInRemotely(
  request: RemoteSignIn,
  dependencies: RemoteDependencies,
  signal: AbortSignal,
): Promise<SignedIn> {
  const { clock, tokens, listen } = dependencies;
  const transaction = await tokens.beginSignIn(request);
  await using server = await listen(transaction);
  // In the query: an address that is pasted has to contain the response.
  const url = await transaction.authorizationUrl(server.redirectUri, "query");

  using deadline = clock.deadline(request.timeoutMs);
  const until = AbortSignal.any([signal, deadline.signal]);
  const race = new Race<Finish>(until);
  try {
    if (request.withDeviceCode) {
      const { way } = await openDeviceWay(request, dependencies, race.signal);
      race.enter(way);
    }
    showOtherWays(url, server.port, request, dependencies);
    race.enter(receiveCallback(server, transaction, race.signal));
    race.enter(receivePasted(server, transaction, dependencies, race.signal));
    const finish = await race.run();
    return await finish();
  } catch (error) {
    signal.throwIfAborted();
    throw deadline.signal.aborted && error === until.reason ? timeoutError(server) : error;
  } finally {
    await race.end();
  }
}

/** Failures of a device code that leave the other ways open. */
const CLOSES_ONE_WAY: readonly ErrorCode[] = ["sign_in_failed", "invalid_response", "timeout"];

/** What is left to do once a way has won. */
type Finish = () => Promise<SignedIn>;

/** Resolves once the code was shown, or it is known that there will be none: it is shown above the other ways. */
async function openDeviceWay(
  request: DeviceCodeSignIn,
  { tokens, session: { progress } }: RemoteDependencies,
  signal: AbortSignal,
): Promise<{ way: Promise<Finish> }> {
  const shown = Promise.withResolvers<void>();
  const run = async (): Promise<Finish> => {
    try {
      const issued = await tokens.signInWithDeviceCode(request, (code) => {
        progress({ kind: "device-code", code, scopes: request.scopes });
        shown.resolve();
      }, signal);
      return () => Promise.resolve({ ...issued, flow: "device-code" });
    } catch (error) {
      if (signal.aborted || !(error instanceof CliError) || !CLOSES_ONE_WAY.includes(error.code)) throw error;
      progress({ kind: "device-code-closed", error });
      shown.resolve();
      return await abortable(new Promise<never>(() => {}), signal);
    }
  };
  const way = run();
  // Any other failure ends the sign-in before the other ways are shown.
  await Promise.race([shown.promise, way]);
  return { way };
}

function showOtherWays(
  url: string,
  port: number,
  { timeoutMs }: DeviceCodeSignIn,
  { clock, session, forwardCommand }: RemoteDependencies,
): void {
  const canPaste = session.askForAddress !== null;
  session.progress({ kind: "other-ways", url, forwardCommand: forwardCommand(port), canPaste });
  session.progress({ kind: "waiting-for-sign-in", untilMs: clock.now() + timeoutMs });
}

async function receiveCallback(
  server: CallbackServer,
  transaction: AuthorizationTransaction,
  signal: AbortSignal,
): Promise<Finish> {
  const callback = await server.waitForCallback(signal);
  return () => finishSignIn(callback, transaction);
}

async function receivePasted(
  server: CallbackServer,
  transaction: AuthorizationTransaction,
  { session, validateAddress }: RemoteDependencies,
  signal: AbortSignal,
): Promise<Finish> {
  if (session.askForAddress === null) return await abortable(new Promise<never>(() => {}), signal);
  const validate = (text: string) => validateAddress(text, server.redirectUri, transaction);
  const response = await session.askForAddress(validate, signal);
  // There is no page to show the outcome on.
  return () => finishSignIn({ response, showOutcome: () => {} }, transaction);
}

/** Runs several promises side by side; the first that settles aborts the others. */
export class Race<T> {
  /** Aborted when the race is over, or with the reason of the signal that it was made with. */
  readonly signal: AbortSignal;
  readonly #ways: Promise<T>[] = [];
  readonly #over = new AbortController();

  constructor(until: AbortSignal) {
    this.signal = AbortSignal.any([until, this.#over.signal]);
  }

  /** Adds one, which has to settle when {@linkcode signal} is aborted. */
  enter(way: Promise<T>): void {
    // Before the race runs and after it is won, nothing handles a rejection.
    way.catch(() => {});
    this.#ways.push(way);
  }

  /** Returns or throws the result of the first to settle, once the others have settled too. */
  async run(): Promise<T> {
    try {
      return await Promise.race(this.#ways);
    } finally {
      await this.end();
    }
  }

  /** Aborts all that still run, and waits until they have settled. */
  async end(): Promise<void> {
    this.#over.abort();
    await Promise.allSettled(this.#ways);
  }
}
