import type { IssuedTokens, SignInOptions, TokenClient } from "../../entra/token_client.ts";
import { CliError } from "../../errors.ts";
import type { Clock } from "../../system/clock.ts";
import type { Progress } from "../progress.ts";

/** How the user wants to sign in. */
export interface DeviceCodeSignIn extends SignInOptions {
  /** How long to wait for the person, in milliseconds. */
  readonly timeoutMs: number;
}

/** What the device code flow uses. */
export interface DeviceCodeDependencies {
  /** Measures the wait. */
  readonly clock: Clock;
  /** Talks to the authority. */
  readonly tokens: Pick<TokenClient, "signInWithDeviceCode">;
  /** Hears what happens. */
  readonly progress: Progress;
}

/**
 * Signs in on another device: the device authorization grant (RFC 8628).
 *
 * @param signal Ends the sign-in.
 * @throws {CliError} `timeout`, `access_denied`, `sign_in_failed`, `invalid_response`, `wrong_account` or `network`; the
 *   signal's reason when aborted.
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
    if (deadline.signal.aborted && error === until.reason) throw nobodyCame();
    throw withOtherWays(error);
  }
}

function nobodyCame(): CliError {
  return new CliError("timeout", "Timeout waiting for the code to be entered", {
    hint: "Run the command again for a new code, with more time if need be, as in --timeout 15m.",
  });
}

/** Some tenants forbid device codes, which no other code will change. */
function withOtherWays(error: unknown): unknown {
  if (!(error instanceof CliError) || error.code !== "sign_in_failed") return error;
  const otherWay = "Where the tenant forbids device codes, sign in with a browser: --flow interactive.";
  return error.withHint(error.hint === undefined ? otherWay : `${error.hint}\n${otherWay}`);
}
