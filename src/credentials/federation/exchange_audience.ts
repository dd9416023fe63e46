/** What Entra ID wants a federated token to be for, in its national clouds. */
const NATIONAL_AUDIENCES: Readonly<Record<string, string>> = {
  "login.microsoftonline.us": "api://AzureADTokenExchangeUSGov",
  "login.partner.microsoftonline.cn": "api://AzureADTokenExchangeChina",
};

/** The audience that a token has to name to be exchanged at `authority`, a base URL. */
export function exchangeAudience(authority: string): string {
  return NATIONAL_AUDIENCES[new URL(authority).hostname] ?? "api://AzureADTokenExchange";
}
