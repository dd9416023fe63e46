// @ts-types="npm:@types/oidc-provider@9.12.1"
import type { KoaContextWithOIDC } from "oidc-provider";
import { ADFS, adfsErrorBody } from "./adfs.ts";
import { findBySubject } from "./directory.ts";
import { clientInfo } from "./entra_claims.ts";
import { entraErrorParameters, toEntraError } from "./entra_errors.ts";
import { authorizationResponse, RESPONSE_MODES } from "./response_modes.ts";
import type { Tenant } from "./tenant.ts";

/** Adds the members of Entra's to successful and failed authorization responses. */
export function installResponseModes({ provider, setup }: Tenant): void {
  for (const mode of Object.values(RESPONSE_MODES)) {
    provider.registerResponseMode(mode, (ctx, redirectUri, payload) => {
      const parameters = callbackParameters(ctx, payload, setup);
      const failure = setup.takeAuthorizeChange();
      const sent = failure?.kind === "rewrite" ? asText(failure.rewrite(parameters)) : parameters;
      const answer = authorizationResponse(mode, redirectUri, sent);
      ctx.status = answer.status;
      ctx.set(answer.headers);
      ctx.body = answer.body;
    });
  }
}

function callbackParameters(
  ctx: KoaContextWithOIDC,
  payload: Record<string, unknown>,
  setup: Tenant["setup"],
): Record<string, string> {
  const { iss: _iss, error, error_description: description, ...rest } = asText(payload);
  if (error !== undefined) {
    const state = rest.state === undefined ? {} : { state: rest.state };
    const said = toEntraError({ error, ...(description && { description }) }, "authorize", ctx.oidc.params);
    return { ...(setup.tenantId === ADFS ? adfsErrorBody(said) : entraErrorParameters(said)), ...state };
  }
  if (setup.tenantId === ADFS) return rest;
  const account = findBySubject(setup.accounts, ctx.oidc.account?.accountId);
  const asked = setup.sendsClientInfo && ctx.oidc.params?.client_info === "1" && account !== undefined;
  return {
    ...rest,
    ...(asked ? { client_info: clientInfo(account, setup) } : {}),
    session_state: crypto.randomUUID(),
  };
}

function asText(payload: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(payload).filter(([, value]) => value !== undefined).map((
      [name, value],
    ) => [name, String(value)]),
  );
}
