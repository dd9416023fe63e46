// @ts-types="npm:@types/oidc-provider@9.12.1"
import type { Interaction, InteractionResults, KoaContextWithOIDC } from "oidc-provider";
import { findBySignInName, findBySubject, signInName } from "./directory.ts";
import { ADMIN_CONSENT_MISSING } from "./entra_errors.ts";
import type { Markup } from "./markup.ts";
import { adminApprovalPage, consentPage, messagePage, selectAccountPage, signInPage } from "./pages.ts";
import { readForm, replacedBody } from "./request_body.ts";
import { OFFLINE_ACCESS, OFFLINE_INSIDE, OPENID_SCOPES, splitScope } from "./scopes.ts";
import type { Tenant } from "./tenant.ts";

/** A page to show or the result of the interaction. */
type Step = { page: Markup; status?: number } | { result: InteractionResults };

const CANCELLED = {
  error: "access_denied",
};

const NOT_APPROVED = {
  ...CANCELLED,
  error_description: ADMIN_CONSENT_MISSING,
};

/** Koa middleware for the pages for account selection, sign-in and consent. */
export function interactions(
  tenant: Tenant,
): (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void> {
  return async (ctx, next) => {
    if (!ctx.path.startsWith("/interaction/")) return await next();
    const interaction = await findInteraction(ctx, tenant);
    if (interaction === undefined) {
      ctx.status = 400;
      ctx.type = "html";
      ctx.body =
        messagePage("Sign-in error", "AADSTS50196: The sign-in request has expired. Start again.").text;
      return;
    }
    const form = ctx.method === "POST" ? readForm(replacedBody(ctx.req)) : undefined;
    const step = form === undefined
      ? { page: await firstPage(interaction, tenant) }
      : await answer(interaction, form, tenant);
    ctx.set("cache-control", "no-store");
    if ("page" in step) {
      ctx.type = "html";
      ctx.status = step.status ?? 200;
      ctx.body = step.page.text;
    } else {
      ctx.redirect(await tenant.provider.interactionResult(ctx.req, ctx.res, step.result));
      ctx.status = 303;
    }
  };
}

/** Returns the interaction of a page, or undefined if it has ended, for example after going back in the browser. */
async function findInteraction(
  ctx: KoaContextWithOIDC,
  { provider }: Tenant,
): Promise<Interaction | undefined> {
  try {
    return await provider.interactionDetails(ctx.req, ctx.res);
  } catch (error) {
    if (error instanceof Error && "error" in error && error.error === "invalid_request") return undefined;
    throw error;
  }
}

async function firstPage(interaction: Interaction, tenant: Tenant): Promise<Markup> {
  const application = await applicationName(interaction, tenant);
  const account = signedIn(interaction, tenant);
  if (interaction.prompt.name === "consent") {
    const scopes = splitScope(text(interaction.params.scope))
      .map((scope) => scope === OFFLINE_INSIDE ? OFFLINE_ACCESS : scope);
    const username = account === undefined ? "" : signInName(account);
    if (tenant.setup.requiresAdminConsent) return adminApprovalPage({ application, username });
    return consentPage({ application, username, scopes });
  }
  if (interaction.prompt.name === "select_account" && account !== undefined) {
    return selectAccountPage({ application, username: signInName(account), name: account.name });
  }
  return signInPage({ application, username: text(interaction.params.login_hint) ?? "" });
}

async function answer(interaction: Interaction, form: Record<string, string>, tenant: Tenant): Promise<Step> {
  if (form.action === "cancel") return { result: CANCELLED };
  if (interaction.prompt.name === "consent") {
    const isRefused = tenant.setup.requiresAdminConsent;
    return { result: isRefused ? NOT_APPROVED : await consent(interaction, tenant) };
  }
  // Selecting an account that is already signed in needs no password.
  if (form.action === "account") return { result: { select_account: {} } };
  const application = await applicationName(interaction, tenant);
  if (form.action === "other-account") return { page: signInPage({ application, username: "" }) };
  const account = findBySignInName(tenant.setup.accounts, form.username ?? "");
  if (account === undefined || account.password !== form.password) {
    const message = account === undefined
      ? "This username may be incorrect. Make sure you typed it correctly."
      : "Your account or password is incorrect.";
    return { page: signInPage({ application, username: form.username ?? "", message }) };
  }
  return { result: { select_account: {}, login: { accountId: account.subject, amr: ["pwd"] } } };
}

async function consent(
  interaction: Interaction,
  { provider, consents }: Tenant,
): Promise<InteractionResults> {
  const accountId = interaction.session?.accountId;
  const clientId = text(interaction.params.client_id);
  const resource = text(interaction.params.resource);
  if (accountId === undefined || clientId === undefined || resource === undefined) {
    throw new Error("Consent without an account, a client or a resource");
  }
  const scopes = splitScope(text(interaction.params.scope));
  const isOpenId = (scope: string) => OPENID_SCOPES.includes(scope) || scope === OFFLINE_INSIDE;
  const openIdScopes = scopes.filter(isOpenId);
  const resourceScopes = scopes.filter((scope) => !isOpenId(scope));
  consents.add({ accountId, clientId, openIdScopes, resource, resourceScopes });
  const grant = await consents.grantFor(provider, accountId, clientId);
  if (grant === undefined) throw new Error("Consent did not make a grant");
  return { consent: { grantId: grant.jti } };
}

async function applicationName(interaction: Interaction, { provider }: Tenant): Promise<string> {
  const clientId = text(interaction.params.client_id) ?? "";
  const client = await provider.Client.find(clientId);
  return client?.clientName ?? clientId;
}

function signedIn(interaction: Interaction, { setup }: Tenant) {
  return findBySubject(setup.accounts, interaction.session?.accountId);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
