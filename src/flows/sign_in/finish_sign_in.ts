import type { AuthorizationTransaction, IssuedTokens } from "../../entra/token_client.ts";
import { CliError } from "../../errors.ts";
import type { Callback } from "../../loopback/callback_server.ts";

/**
 * Redeems the code, or reports the refusal. The page in the browser is held back until then, so that it never speaks
 * of a success which the terminal then denies.
 *
 * @throws {CliError} The refusal, or what redeeming the code ended with.
 */
export async function finishSignIn(
  callback: Callback,
  transaction: Pick<AuthorizationTransaction, "redeem" | "refusal">,
): Promise<IssuedTokens> {
  const { response } = callback;
  if (response.kind === "refused") {
    const error = transaction.refusal(response.error, response.description);
    callback.showOutcome({ kind: "refused", message: error.message, hint: error.hint });
    throw error;
  }
  try {
    const issued = await transaction.redeem(response.code);
    callback.showOutcome({ kind: "signed-in", username: issued.token.account?.username ?? null });
    return issued;
  } catch (error) {
    const { message, hint } = error instanceof CliError
      ? error
      : { message: "The sign-in could not be finished", hint: undefined };
    callback.showOutcome({ kind: "failed", message, hint });
    throw error;
  }
}
