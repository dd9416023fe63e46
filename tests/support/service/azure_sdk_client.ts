/**
 * A program that gets tokens by the credentials of the npm package @azure/identity, as applications do, or reads secrets of
 * a vault with them by @azure/keyvault-secrets. The argument is a JSON list of calls, which run side by side; the output is the JSON list of their outcomes. `sdkCommand()` returns its
 * command line.
 */

import { fromFileUrl } from "@std/path/from-file-url";
import type { GetTokenOptions, TokenCredential } from "@azure/identity";

/** The call of a credential. */
export interface SdkCall {
  readonly credential: "cli" | "developer-cli" | "default" | "managed-identity";
  readonly scope: string | string[];
  readonly options?: GetTokenOptions;
  /** Options of the credential itself. */
  readonly made?: Readonly<Record<string, string>>;
  /** The URL of a vault to read the secret `name` from, instead of only getting a token. */
  readonly vault?: string;
}

/** The token, or the error. */
export interface SdkOutcome {
  readonly token?: string;
  readonly expiresOnTimestamp?: number;
  /** The secret. */
  readonly value?: string;
  readonly error?: string;
  readonly message?: string;
}

const SELF = fromFileUrl(import.meta.url);
const CONFIG = fromFileUrl(import.meta.resolve("../../../deno.json"));

/** Returns the words of a command that makes `calls`. */
export function sdkCommand(calls: readonly SdkCall[]): string[] {
  const flags = (Deno.env.get("DENO_FLAGS") ?? "").split(" ").filter((flag) => flag !== "");
  const deno = [Deno.execPath(), "run", "--quiet", `--config=${CONFIG}`, ...flags, "--allow-all"];
  return [...deno, SELF, JSON.stringify(calls)];
}

async function makeCredential({ credential, made = {} }: SdkCall): Promise<TokenCredential> {
  const sdk = await import("@azure/identity");
  switch (credential) {
    case "cli":
      return new sdk.AzureCliCredential(made);
    case "developer-cli":
      return new sdk.AzureDeveloperCliCredential(made);
    case "default":
      return new sdk.DefaultAzureCredential(made);
    case "managed-identity":
      return new sdk.ManagedIdentityCredential({ ...made, retryOptions: { maxRetries: 0 } });
  }
}

async function outcomeOf(call: SdkCall): Promise<SdkOutcome> {
  try {
    const credential = await makeCredential(call);
    if (call.vault !== undefined) {
      const { SecretClient } = await import("@azure/keyvault-secrets");
      // The name of a vault on this machine has another domain than the resource.
      const options = { disableChallengeResourceVerification: true, retryOptions: { maxRetries: 0 } };
      const { value = "" } = await new SecretClient(call.vault, credential, options).getSecret("name");
      return { value };
    }
    const token = await credential.getToken(call.scope, call.options);
    return { token: token?.token ?? "", expiresOnTimestamp: token?.expiresOnTimestamp ?? 0 };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { error: error.name, message: error.message };
  }
}

if (import.meta.main) {
  const calls: readonly SdkCall[] = JSON.parse(Deno.args[0] ?? "[]");
  const outcomes = await Promise.all(calls.map(outcomeOf));
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(outcomes)));
}
