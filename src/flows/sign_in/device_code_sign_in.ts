import type { IssuedTokens, SignInOptions, TokenClient } from "../../entra/token_client.ts";
import { CliError } from "../../errors.ts";
import type { Clock } from "../../system/clock.ts";
import type { Progress } from "../progress.ts";

export interface DeviceCodeSignIn extends SignInOptions {
  /** How long to wait for the user, in milliseconds. */
  readonly timeoutMs: number;
}

export interface DeviceCodeDependencies {
  readonly clock: Clock;
  readonly tokens: Pick<TokenClient, "signInWithDeviceCode">;
  readonly progress: Progress;
}

/**
 * Signs in on another device: the device authorization grant (RFC 8628).
 *
 * @param signal Ends the sign-in.
 * @throws {CliError} `timeout`, `access_denied`, `sign_in_failed`, `invalid_response`, `wrong_account` or `network`; the
 *   signal's reason if aborted.
 */
export async function signInWithDeviceCode(
  request: DeviceCodeSignIn,
  { clock, tokens, progress }: DeviceCodeDependencies,
  signal: AbortSignal,
): Promise<IssuedTokens> {
  using deadline = clock.deadline(request.timeoutMs);
  const until = AbortSignal.any([signal, deadline.signal]);
  try {
    return await tokens.signInWithDeviceCode(request, (code) => {
      progress({ kind: "device-code", code, scopes: request.scopes });
      const leftMs = Math.min(request.timeoutMs, code.expiresInSeconds * 1000);
      progress({ kind: "waiting-for-sign-in", untilMs: clock.now() + leftMs });
    }, until);
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.signal.aborted && error === until.reason) throw timeoutError();
    throw withOtherWays(error);
  }
}

function timeoutError(): CliError {
  return new CliError("timeout", "Timeout waiting for the code to be entered", {
    hint: "Run the command again for a new code, maybe with more time, as in --timeout 15m.",
  });
}

/** Some tenants forbid device codes: another code would be refused as well. */
function withOtherWays(error: unknown): unknown {
  if (!(error instanceof CliError) || error.code !== "sign_in_failed") return error;
  const otherWay = "If the tenant forbids device codes, sign in with a browser: --flow interactive.";
  return error.withHint(error.hint === undefined ? otherWay : `${otherWay}\n${error.hint}`);
}
