// @ts-types="npm:@types/oidc-provider@9.12.1"
import type * as OidcProvider from "oidc-provider";

/**
 * When to show which page. Unlike oidc-provider's own policy: an account can be picked, and a native application is
 * not asked to consent every time.
 */
export function interactionPolicy(
  library: typeof OidcProvider,
): OidcProvider.interactionPolicy.DefaultPolicy {
  const { base, Prompt } = library.interactionPolicy;
  const policy = base();
  policy.get("consent")?.checks.remove("native_client_prompt");
  policy.add(new Prompt({ name: "select_account", requestable: true }), 0);
  return policy;
}
