import { abortable } from "@std/async/abortable";
import type { AuthorizationTransaction, TokenClient } from "../../entra/token_client.ts";
import { CliError, type ErrorCode } from "../../errors.ts";
import type { CallbackServer } from "../../loopback/callback_server.ts";
import type { ExpectedCallback, PastedVerdict } from "../../loopback/validate_callback.ts";
import type { Clock } from "../../system/clock.ts";
import type { DeviceCodeSignIn } from "./device_code_sign_in.ts";
import { finishSignIn } from "./finish_sign_in.ts";
import type { SignedIn } from "../get_token/token_request.ts";
import type { InteractiveSession } from "./interactive_session.ts";
import { Race } from "./race.ts";
import { timeoutError } from "./timeout_error.ts";

/** How the user wants to sign in. */
export interface RemoteSignIn extends DeviceCodeSignIn {
  /** Whether a device code is one of the ways. */
  readonly withDeviceCode: boolean;
}

/** What signing in from afar uses. */
export interface RemoteDependencies {
  /** Measures the wait. */
  readonly clock: Clock;
  /** Talks to the authority. */
  readonly tokens: Pick<TokenClient, "beginSignIn" | "signInWithDeviceCode">;
  /** Who signs in. */
  readonly person: Pick<InteractiveSession, "progress" | "askForAddress">;
  /** Starts the callback server on the port that the user chose. */
  readonly listen: (expected: ExpectedCallback) => Promise<CallbackServer>;
  /** The command that lets the user's own computer reach a port of this machine. */
  readonly forwardCommand: (port: number) => string;
  /** Judges an address that the user pastes. */
  readonly validateAddress: (text: string, redirectUri: string, expected: ExpectedCallback) => PastedVerdict;
}

/**
 * Signs in over SSH, where the browser is on another computer, in whichever of three ways comes first: a device code,
 * which some tenants forbid; a browser whose computer forwards the port of the callback; or the address at which a browser
 * ends that can't reach this machine, pasted. The first one that brings an answer ends the others.
 *
 * @param signal Ends the sign-in; the port is free and the terminal as before when the promise settles.
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
  // In the query: an address that can be pasted has to have the answer in it.
  const url = await transaction.authorizationUrl(server.redirectUri, "query");

  using deadline = clock.deadline(request.timeoutMs);
  const until = AbortSignal.any([signal, deadline.signal]);
  const race = new Race<Finish>(until);
  try {
    if (request.withDeviceCode) {
      const { way } = await openDeviceWay(request, dependencies, race.signal);
      race.enter(way);
    }
    tellOtherWays(url, server.port, request, dependencies);
    race.enter(receiveCallback(server, transaction, race.signal));
    race.enter(takePasted(server, transaction, dependencies, race.signal));
    const finish = await race.run();
    return await finish();
  } catch (error) {
    signal.throwIfAborted();
    throw deadline.signal.aborted && error === until.reason ? timeoutError(server) : error;
  } finally {
    await race.end();
  }
}

/** Failures of a device code after which the other ways are as good as before. */
const CLOSES_ONE_WAY: readonly ErrorCode[] = ["sign_in_failed", "invalid_response", "timeout"];

/** What is left to do once a way has won. */
type Finish = () => Promise<SignedIn>;

/** Settles once the code has been told, or it is known that there will be none: it belongs above the other ways. */
async function openDeviceWay(
  request: DeviceCodeSignIn,
  { tokens, person: { progress } }: RemoteDependencies,
  signal: AbortSignal,
): Promise<{ way: Promise<Finish> }> {
  const told = Promise.withResolvers<void>();
  const run = async (): Promise<Finish> => {
    try {
      const issued = await tokens.signInWithDeviceCode(request, (code) => {
        progress({ kind: "device-code", code, scopes: request.scopes });
        told.resolve();
      }, signal);
      return () => Promise.resolve({ ...issued, flow: "device-code" });
    } catch (error) {
      if (signal.aborted || !(error instanceof CliError) || !CLOSES_ONE_WAY.includes(error.code)) throw error;
      progress({ kind: "device-code-closed", error });
      told.resolve();
      return await abortable(new Promise<never>(() => {}), signal);
    }
  };
  const way = run();
  // One that can't go on at all ends the sign-in before the other ways are told.
  await Promise.race([told.promise, way]);
  return { way };
}

function tellOtherWays(
  url: string,
  port: number,
  { timeoutMs }: DeviceCodeSignIn,
  { clock, person, forwardCommand }: RemoteDependencies,
): void {
  const canPaste = person.askForAddress !== null;
  person.progress({ kind: "other-ways", url, forwardCommand: forwardCommand(port), canPaste });
  person.progress({ kind: "waiting-for-sign-in", untilMs: clock.now() + timeoutMs });
}

async function receiveCallback(
  server: CallbackServer,
  transaction: AuthorizationTransaction,
  signal: AbortSignal,
): Promise<Finish> {
  const callback = await server.waitForCallback(signal);
  return () => finishSignIn(callback, transaction);
}

async function takePasted(
  server: CallbackServer,
  transaction: AuthorizationTransaction,
  { person, validateAddress }: RemoteDependencies,
  signal: AbortSignal,
): Promise<Finish> {
  if (person.askForAddress === null) return await abortable(new Promise<never>(() => {}), signal);
  const validate = (text: string) => validateAddress(text, server.redirectUri, transaction);
  const response = await person.askForAddress(validate, signal);
  // There is no page to show the outcome on.
  return () => finishSignIn({ response, showOutcome: () => {} }, transaction);
}
