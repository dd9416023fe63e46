import { CliError } from "../errors.ts";
import { cloudOf } from "../identity/cloud.ts";
import type { Token } from "../identity/token.ts";
import type { Network } from "../system/network/network.ts";
import { parseJsonObject } from "../text/json.ts";
import { Secret } from "../text/secret.ts";

/** What a container client sends to a registry. */
export interface RegistryCredential {
  /** Stands for the owner of a refresh token in place of a user name. */
  readonly username: string;
  readonly secret: Secret;
}

/** The user name with which Azure Container Registry takes a refresh token as the password. */
const REFRESH_TOKEN_USER = "00000000-0000-0000-0000-000000000000";

/** Reports whether `host` is a container registry in the cloud of `authority`, whose registries may receive its tokens. */
export function isRegistryOf(authority: string, host: string): boolean {
  const { registries } = cloudOf(authority);
  return host.endsWith(registries) && /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(host.slice(0, -registries.length));
}

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 256 * 1024;

/**
 * Exchanges an access token for a refresh token of the registry `host`, which container clients send as a password.
 *
 * @param tenant The configured tenant, for a token without an account.
 * @throws {CliError} `access_denied` if the registry refuses the token, `invalid_response`, `network` or `permission`.
 */
export async function exchangeForRegistry(
  host: string,
  token: Token,
  tenant: string,
  { network, signal }: { readonly network: Network; readonly signal: AbortSignal },
): Promise<RegistryCredential> {
  const { status, body } = await network.send({
    url: `https://${host}/oauth2/exchange`,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", "accept": "application/json" },
    body: new URLSearchParams({
      grant_type: "access_token",
      service: host,
      tenant: token.account?.tenantId ?? tenant,
      access_token: token.accessToken.reveal(),
    }).toString(),
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    signal,
  });
  const document = parseJsonObject(body);
  if (status === 401 || status === 403) throw refused(host, status, document?.errors);
  const refreshToken = document?.refresh_token;
  if (status !== 200 || typeof refreshToken !== "string" || !/^[\x21-\x7e]+$/.test(refreshToken)) {
    throw new CliError("invalid_response", `The registry ${host} sent no token (HTTP ${status})`, {
      hint: "Check the name of the registry, and try again.",
    });
  }
  return { username: REFRESH_TOKEN_USER, secret: new Secret(refreshToken) };
}

function refused(host: string, status: number, errors: unknown): CliError {
  const [first]: unknown[] = Array.isArray(errors) ? errors : [];
  const { message } = typeof first === "object" && first !== null && "message" in first
    ? first
    : { message: undefined };
  return new CliError("access_denied", `The registry ${host} refused the token (HTTP ${status})`, {
    hint: "Ask for the role AcrPull or AcrPush, or choose another audience with --scope.",
    description: typeof message === "string" ? message : undefined,
  });
}
