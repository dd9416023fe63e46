import type { Token } from "../../identity/token.ts";
import { jsonText } from "./json_text.ts";
import { localTime } from "./local_time.ts";

/**
 * A token as `az account get-access-token` prints it: with two times of its end, of which `expiresOn` is local and has
 * microseconds. `subscription` is null, for the token was asked for by its tenant.
 */
export function formatAzToken(token: Token, tenant: string | null): string {
  return jsonText({
    accessToken: token.accessToken.reveal(),
    expiresOn: `${localTime(token.expiresAt)}.000000`,
    expires_on: token.expiresAt,
    subscription: null,
    tenant: token.account?.tenantId ?? tenant,
    tokenType: token.tokenType,
  });
}
