import { formPostPage } from "./pages.ts";

/** A response ready to be written. */
export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/**
 * The names under which our own response modes are known inside: oidc-provider does not let its built-in ones be
 * replaced, and they add an `iss` parameter and leave out `session_state` and `client_info`.
 */
export const RESPONSE_MODES = { query: "entra_query", form_post: "entra_form_post" } as const;

/** Returns the inside name of the requested mode. Entra's default for a code is query. */
export function innerResponseMode(asked: string | null): string {
  if (asked === null || asked === "" || asked === "query") return RESPONSE_MODES.query;
  return asked === "form_post" ? RESPONSE_MODES.form_post : asked;
}

/** Sends the parameters of an authorization response to the redirect URI, as a page that posts or as a redirect. */
export function authorizationResponse(
  mode: string,
  redirectUri: string,
  parameters: Record<string, string>,
): Answer {
  if (mode !== RESPONSE_MODES.form_post) {
    const target = new URL(redirectUri);
    for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
    return { status: 302, headers: { location: target.href }, body: "" };
  }
  const nonce = crypto.randomUUID();
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": `default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}'`,
    },
    body: formPostPage(redirectUri, parameters, nonce).text,
  };
}
