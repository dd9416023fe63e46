import { CliError } from "../../errors.ts";
import type { TokenDependencies, TokenRequest } from "./token_request.ts";

/** Saves; a token in hand is worth more than a saved one, so a store that fails is reported and no more. */
export async function trySave(
  write: () => Promise<void>,
  request: TokenRequest,
  dependencies: TokenDependencies,
): Promise<boolean> {
  if (!request.useStore) return false;
  try {
    await write();
    return true;
  } catch (error) {
    if (!(error instanceof CliError) || error.code === "interrupted") throw error;
    dependencies.progress({ kind: "not-saved", error });
    return false;
  }
}
