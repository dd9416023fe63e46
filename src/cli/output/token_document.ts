import type { InspectedToken } from "../../flows/tokens/inspect_token.ts";
import { utcTime } from "./local_time.ts";

/**
 * A token as a document for programs: its claims as they are, and what else is known of it in `inspection`, which is the
 * name of no claim. An opaque token has no claims, so there `exp` is what the cache knows.
 */
export function tokenDocument(inspected: InspectedToken, nowMs: number): Record<string, unknown> {
  const { session, content, state, expiresAt, notBefore, signature } = inspected;
  const account = session?.account ?? null;
  return {
    ...(content?.claims ?? { exp: expiresAt }),
    inspection: {
      valid: state === "valid",
      state,
      expires_at: expiresAt === null ? null : utcTime(expiresAt),
      expires_in: expiresAt === null ? 0 : Math.max(0, Math.floor(expiresAt - nowMs / 1000)),
      not_before: notBefore === null ? null : utcTime(notBefore),
      header: content?.header ?? null,
      signature: signature === null ? null : {
        state: signature.kind,
        reason: signature.kind === "valid" ? null : signature.reason,
      },
      scope: inspected.scopes.join(" "),
      profile: session?.profile ?? null,
      client_id: session?.clientId ?? null,
      authority: session === null ? null : `${session.authority}/${session.tenant}`,
      account: account === null ? null : {
        username: account.username,
        object_id: account.objectId,
        tenant_id: account.tenantId,
      },
    },
  };
}
