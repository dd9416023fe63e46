import { forwardCommand, isOverSsh, mayOpenBrowser } from "../../browser/display.ts";
import type { BrowserOpening } from "../../browser/open_browser.ts";
import type { SignInOptions, TokenClient } from "../../entra/token_client.ts";
import { CliError } from "../../errors.ts";
import type { CallbackServer } from "../../loopback/callback_server.ts";
import type { PortChoice } from "../../loopback/listen_on_loopback.ts";
import { type ExpectedCallback, validatePastedAddress } from "../../loopback/validate_callback.ts";
import type { Flow } from "../../profiles/profile.ts";
import type { Clock } from "../../system/clock.ts";
import type { Environment } from "../../system/environment.ts";
import type { Os } from "../../system/os.ts";
import type { Terminal } from "../../system/terminal/terminal.ts";
import type { SignedIn, SignInManner } from "../get_token/token_request.ts";
import type { Progress } from "../progress.ts";
import type { InteractiveSession } from "./interactive_session.ts";

export interface SignInRequest {
  readonly flow: Flow;
  readonly options: SignInOptions;
  readonly manner: SignInManner;
}

export interface SignInDependencies {
  readonly os: Os;
  readonly env: Environment;
  readonly clock: Clock;
  readonly terminal: Pick<Terminal, "screen">;
  readonly tokens: TokenClient;
  readonly progress: Progress;
  /** Starts the server for the redirect. */
  readonly listen: (ports: PortChoice, expected: ExpectedCallback) => Promise<CallbackServer>;
  readonly openBrowser: (url: string, signal: AbortSignal) => Promise<BrowserOpening>;
}

/**
 * Signs in by the flow of the request. If no browser can be shown here, another grant replaces it: a device code, over SSH
 * also the browser of the computer at the other end; for a confidential client, which has no device code, the URL.
 *
 * @throws {CliError} `person_needed` if no one could see the code or the URL; what the flow throws.
 */
export async function signInByFlow(
  request: SignInRequest,
  dependencies: SignInDependencies,
  signal: AbortSignal,
): Promise<SignedIn> {
  switch (request.flow) {
    case "interactive":
      return canShowBrowser(request, dependencies)
        ? await signInHere(request, dependencies, signal)
        : await signInWithoutDisplay(request, dependencies, signal);
    case "authorization-code":
      return canShowBrowser(request, dependencies)
        ? await signInHere(request, dependencies, signal)
        : await signInByUrl(request, dependencies, signal);
    case "device-code": {
      using session = await openSession(request, dependencies);
      return await signInWithCode(request, { ...dependencies, progress: session.progress }, signal);
    }
    default:
      throw new Error(`No user signs in with ${request.flow}`);
  }
}

/** Whether a browser of this machine is in front of the user, as far as the environment tells. */
function canShowBrowser({ manner }: SignInRequest, { os, env }: SignInDependencies): boolean {
  return manner.showUrl || mayOpenBrowser(os, env);
}

/** Signs in with a browser of this machine: the program opens it, or shows the URL for it. */
async function signInHere(
  { options, manner: { ports, showUrl, timeoutMs } }: SignInRequest,
  { tokens, listen, ...dependencies }: SignInDependencies,
  signal: AbortSignal,
): Promise<SignedIn> {
  const { signInInteractively } = await import("./interactive_sign_in.ts");
  const transaction = await tokens.beginSignIn(options);
  return await signInInteractively({ transaction, showUrl, timeoutMs }, {
    ...dependencies,
    listen: (expected) => listen(ports, expected),
  }, signal);
}

async function signInWithoutDisplay(
  request: SignInRequest,
  dependencies: SignInDependencies,
  signal: AbortSignal,
): Promise<SignedIn> {
  if (await dependencies.terminal.screen() === null) throw noTerminalError();
  using session = await openSession(request, dependencies);
  const { progress } = session;
  progress({ kind: "no-display" });
  if (isOverSsh(dependencies.env)) {
    return await signInOverSsh({ ...request, withDeviceCode: true }, dependencies, session, signal);
  }
  const signedIn = await signInWithCode(request, { ...dependencies, progress }, signal);
  return { ...signedIn, flow: "device-code" };
}

async function signInByUrl(
  request: SignInRequest,
  dependencies: SignInDependencies,
  signal: AbortSignal,
): Promise<SignedIn> {
  if (await dependencies.terminal.screen() === null) throw noTerminalError();
  using session = await openSession(request, dependencies);
  if (isOverSsh(dependencies.env)) {
    return await signInOverSsh({ ...request, withDeviceCode: false }, dependencies, session, signal);
  }
  const shown = { ...request, manner: { ...request.manner, showUrl: true } };
  return await signInHere(shown, { ...dependencies, progress: session.progress }, signal);
}

async function signInWithCode(
  { options, manner: { timeoutMs } }: SignInRequest,
  dependencies: SignInDependencies,
  signal: AbortSignal,
): Promise<SignedIn> {
  const { signInWithDeviceCode } = await import("./device_code_sign_in.ts");
  return await signInWithDeviceCode({ ...options, timeoutMs }, dependencies, signal);
}

async function signInOverSsh(
  { options, manner: { ports, timeoutMs }, withDeviceCode }: SignInRequest & { withDeviceCode: boolean },
  { clock, env, tokens, listen }: SignInDependencies,
  session: InteractiveSession,
  signal: AbortSignal,
): Promise<SignedIn> {
  const { signInRemotely } = await import("./remote_sign_in.ts");
  return await signInRemotely({ ...options, timeoutMs, withDeviceCode }, {
    clock,
    tokens,
    session,
    listen: (expected) => listen(ports, expected),
    forwardCommand: (port) => forwardCommand(env, port),
    validateAddress: validatePastedAddress,
  }, signal);
}

async function openSession(
  { manner }: SignInRequest,
  { progress }: SignInDependencies,
): Promise<InteractiveSession> {
  return await manner.openInteractiveSession?.() ?? { progress, askForAddress: null, [Symbol.dispose]() {} };
}

/** Returns the error for a machine that can show neither a browser nor a code: no one would respond. */
function noTerminalError(): CliError {
  return new CliError(
    "person_needed",
    "No display was detected, and there is no terminal to show a code on",
    {
      hint: [
        "Run this command on a terminal, or set BROWSER to a browser that works without a display.",
        "With --flow device-code the code is written to stderr, with --show-url the URL.",
      ].join("\n"),
    },
  );
}
