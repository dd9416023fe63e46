import type { KeyPlace } from "../../store/token_store.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** Who keeps the key, and who could. */
export interface KeyFacts {
  /** Who keeps it, or would at the first sign-in. */
  readonly place: KeyPlace;
  /** The best that this machine has for a first sign-in: its place for people, and the value of `ENTRA_AUTH_CLI_KEYRING` for it. */
  readonly best: { readonly keyStore: KeyPlace["keyStore"]; readonly place: string };
}

/** Where the key of the tokens is, and whether it could be somewhere better. */
export function checkKey({ place, best }: KeyFacts): Finding {
  const reason = place.reason === null ? "" : ` (${place.reason})`;
  const message = `${place.isInUse ? "kept in" : "would be kept in"} ${place.place}${reason}`;
  if (place.keyStore !== "key-file" || best.keyStore === "key-file") return ok("key", message);
  return warn(
    "key",
    `${message}, although there is ${best.place}`,
    `To move it there: ENTRA_AUTH_CLI_KEYRING=${best.keyStore} entra-auth-cli status`,
  );
}
