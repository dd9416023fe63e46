import type { BrowserOpening } from "../../browser/open_browser.ts";
import type { AuthorizationTransaction, IssuedTokens } from "../../entra/token_client.ts";
import { CliError } from "../../errors.ts";
import type { Callback, CallbackServer } from "../../loopback/callback_server.ts";
import type { ExpectedCallback } from "../../loopback/validate_callback.ts";
import type { Clock } from "../../system/clock.ts";
import type { Progress } from "../progress.ts";

export interface InteractiveSignIn {
  /** The grant that the user's redirect continues. */
  readonly transaction: AuthorizationTransaction;
  /** How long to wait for the user, in milliseconds. */
  readonly timeoutMs: number;
  /** Show the URL and leave opening it to the user. */
  readonly showUrl: boolean;
}

export interface InteractiveDependencies {
  readonly clock: Clock;
  readonly progress: Progress;
  /** Starts the server for the redirect, on the port that the user chose. */
  readonly listen: (expected: ExpectedCallback) => Promise<CallbackServer>;
  readonly openBrowser: (url: string, signal: AbortSignal) => Promise<BrowserOpening>;
}

/**
 * Signs in with the browser: the authorization code grant with PKCE and a loopback redirect (RFC 8252 section 7.3).
 *
 * @param signal Ends the sign-in. The port is free when the promise settles.
 * @throws {CliError} `timeout`, `access_denied`, `sign_in_failed`, `invalid_response`, `wrong_account`, `port_in_use`
 *   or `network`; the signal's reason if aborted.
 */
export async function signInInteractively(
  request: InteractiveSignIn,
  dependencies: InteractiveDependencies,
  signal: AbortSignal,
): Promise<IssuedTokens> {
  const { clock, listen } = dependencies;
  const { transaction } = request;
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

/** Sends the user to `url` and waits for the redirect until `until` is aborted. */
async function receive(
  url: string,
  server: CallbackServer,
  request: InteractiveSignIn,
  dependencies: InteractiveDependencies,
  until: AbortSignal,
): Promise<Callback> {
  const untilMs = dependencies.clock.now() + request.timeoutMs;
  const waiting = server.waitForCallback(until);
  // Until it is awaited below, nothing handles a rejection.
  waiting.catch(() => {});
  if (request.showUrl) dependencies.progress({ kind: "url-to-open", url });
  else await openOrShow(url, waiting, dependencies, until);
  dependencies.progress({ kind: "waiting-for-sign-in", untilMs });
  return await waiting;
}

/** Opens the browser. If that fails, shows the URL, and the wait continues. */
async function openOrShow(
  url: string,
  waiting: Promise<Callback>,
  { openBrowser, progress }: InteractiveDependencies,
  until: AbortSignal,
): Promise<void> {
  progress({ kind: "opening-browser" });
  const opened: BrowserOpening = { kind: "opened", lateFailure: Promise.resolve(null) };
  // A redirect proves that a browser is open, even if its opener still runs.
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

/**
 * Redeems the code, or reports the refusal. The page in the browser waits for that, so that it never shows a success which
 * the terminal then denies.
 *
 * @throws {CliError} The refusal, or the error of redeeming the code.
 */
export async function finishSignIn(
  callback: Callback,
  transaction: Pick<AuthorizationTransaction, "redeem" | "refusal">,
): Promise<IssuedTokens> {
  const { response } = callback;
  if (response.kind === "refused") {
    const error = await transaction.refusal(response);
    const refused = error.code === "access_denied" ? "refused" : "failed";
    const kind = response.subcode === "cancel" ? "cancelled" : refused;
    callback.showOutcome({ kind, message: error.message, aadsts: error.aadsts, hint: error.hint });
    throw error;
  }
  try {
    const issued = await transaction.redeem(response.code);
    callback.showOutcome({ kind: "signed-in", username: issued.token.account?.username ?? null });
    return issued;
  } catch (error) {
    const { message, aadsts, hint } = error instanceof CliError
      ? error
      : new CliError("unexpected", "The sign-in could not be finished");
    callback.showOutcome({ kind: "failed", message, aadsts, hint });
    throw error;
  }
}

/** Returns the error for a redirect that did not arrive. The traffic that the server saw distinguishes the causes. */
export function timeoutError(server: Pick<CallbackServer, "port" | "describeTraffic">): CliError {
  return new CliError("timeout", "Timeout waiting for authentication callback", {
    hint: [
      `${server.describeTraffic()} It listened on port ${server.port}.`,
      "Check that the app registration has the redirect URI http://localhost under Mobile and desktop applications.",
      "Try a fixed port, as in --port 8080, or more time, as in --timeout 10m.",
      "Check that no firewall blocks connections to localhost, and what the browser's page says.",
      "If the page shows an error number: entra-auth-cli explain AADSTS50011",
    ].join("\n"),
  });
}
