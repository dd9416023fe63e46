// @ts-types="npm:@types/oidc-provider@9.12.1"
import type { Grant, Provider } from "oidc-provider";

/** The consent of one user to one application. */
export interface Consent {
  readonly accountId: string;
  readonly clientId: string;
  readonly openIdScopes: readonly string[];
  readonly resource: string;
  readonly resourceScopes: readonly string[];
}

/**
 * Stores consent as Entra does: by user and application, in any browser. Every sign-in still gets a grant
 * of its own, so that revoking one (a refresh token used twice) does not end the others.
 */
export class Consents {
  #given = new Map<string, Consent[]>();

  add(consent: Consent): void {
    const key = keyOf(consent.accountId, consent.clientId);
    this.#given.set(key, [...this.#given.get(key) ?? [], consent]);
  }

  /** Returns a saved grant of everything the user has consented to, or undefined. */
  async grantFor(provider: Provider, accountId: string, clientId: string): Promise<Grant | undefined> {
    const given = this.#given.get(keyOf(accountId, clientId)) ?? [];
    if (given.length === 0) return undefined;
    const grant = new provider.Grant({ accountId, clientId });
    for (const consent of given) {
      if (consent.openIdScopes.length > 0) grant.addOIDCScope(consent.openIdScopes.join(" "));
      if (consent.resourceScopes.length > 0) {
        grant.addResourceScope(consent.resource, consent.resourceScopes.join(" "));
      }
    }
    await grant.save();
    return grant;
  }
}

function keyOf(accountId: string, clientId: string): string {
  return `${accountId} ${clientId}`;
}
