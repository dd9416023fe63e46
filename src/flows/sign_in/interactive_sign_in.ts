import type { BrowserOpening } from "../../browser/open_browser.ts";
import type { IssuedTokens, SignInOptions, TokenClient } from "../../entra/token_client.ts";
import type { Callback, CallbackServer } from "../../loopback/callback_server.ts";
import type { ExpectedCallback } from "../../loopback/validate_callback.ts";
import type { Clock } from "../../system/clock.ts";
import { finishSignIn } from "./finish_sign_in.ts";
import type { Progress } from "../progress.ts";
import { timeoutError } from "./timeout_error.ts";

/** How the user wants to sign in. */
export interface InteractiveSignIn extends SignInOptions {
  /** How long to wait for the person, in milliseconds. */
  readonly timeoutMs: number;
  /** Show the URL and leave opening it to the person. */
  readonly showUrl: boolean;
}

/** What the interactive flow uses. */
export interface InteractiveDependencies {
  /** Measures the wait. */
  readonly clock: Clock;
  /** Talks to the authority. */
  readonly tokens: Pick<TokenClient, "beginSignIn">;
  /** Hears what happens. */
  readonly progress: Progress;
  /** Starts the callback server on the port that the user chose. */
  readonly listen: (expected: ExpectedCallback) => Promise<CallbackServer>;
  /** Opens the user's browser. */
  readonly openBrowser: (url: string, signal: AbortSignal) => Promise<BrowserOpening>;
}

/**
 * Signs in with the browser: the authorization code grant with PKCE over a loopback redirect (RFC 8252 section 7.3).
 *
 * @param signal Ends the sign-in; the port is free when the promise settles.
 * @throws {CliError} `timeout`, `access_denied`, `sign_in_failed`, `invalid_response`, `wrong_account`, `port_in_use`
 *   or `network`; the signal's reason when aborted.
 */
export async function signInInteractively(
  request: InteractiveSignIn,
  dependencies: InteractiveDependencies,
  signal: AbortSignal,
): Promise<IssuedTokens> {
  const { clock, tokens, listen } = dependencies;
  const transaction = await tokens.beginSignIn(request);
  await using server = await listen(transaction);
  const url = await transaction.authorizationUrl(server.redirectUri);

  using deadline = clock.deadline(request.timeoutMs);
  const until = AbortSignal.any([signal, deadline.signal]);
  try {
    return await finishSignIn(await receive(url, server, request, dependencies, until), transaction);
  } catch (error) {
    signal.throwIfAborted();
    throw deadline.signal.aborted && error === until.reason ? timeoutError(server) : error;
  }
}

/** Sends the person to `url` and waits for the callback until `until` is aborted. */
async function receive(
  url: string,
  server: CallbackServer,
  request: InteractiveSignIn,
  dependencies: InteractiveDependencies,
  until: AbortSignal,
): Promise<Callback> {
  const untilMs = dependencies.clock.now() + request.timeoutMs;
  const waiting = server.waitForCallback(until);
  // Until it is awaited below, a failed wait has nobody to hear of it.
  waiting.catch(() => {});
  if (request.showUrl) dependencies.progress({ kind: "url-to-open", url });
  else await openOrShow(url, waiting, dependencies, until);
  dependencies.progress({ kind: "waiting-for-sign-in", untilMs });
  return await waiting;
}

/** Opens the browser. Where that fails the person is shown the URL, and the wait goes on. */
async function openOrShow(
  url: string,
  waiting: Promise<Callback>,
  { openBrowser, progress }: InteractiveDependencies,
  until: AbortSignal,
): Promise<void> {
  progress({ kind: "opening-browser" });
  const opened: BrowserOpening = { kind: "opened", lateFailure: Promise.resolve(null) };
  // A callback proves that a browser is open, even where its opener hasn't answered yet.
  const opening = await Promise.race([openBrowser(url, until), waiting.then(() => opened)]);
  if (opening.kind === "failed") {
    progress({ kind: "browser-failed", reason: opening.reason, hint: opening.hint ?? null, url });
    return;
  }
  progress({ kind: "browser-opened" });
  let isOver = false;
  waiting.catch(() => {}).finally(() => isOver = true);
  opening.lateFailure.then((reason) => {
    if (reason !== null && !isOver) progress({ kind: "browser-failed", reason, hint: null, url });
  });
}
