import { InteractionRequiredAuthError } from "@azure/msal-node";
import type { ClientCredential } from "../../credentials/client_credential.ts";
import { CliError } from "../../errors.ts";
import type { Clock } from "../../system/clock.ts";
import type { Network, RetryPolicy } from "../../system/network/network.ts";
import { entraAuthority } from "../authority.ts";
import { isJsonObject, type JsonObject } from "../../text/json.ts";
import { plainText } from "../../text/plain_text.ts";
import { decodeToken } from "../decode_token.ts";
import type { AssertionNames, ErrorContext } from "../errors/aadsts/remedy.ts";
import { signInAgain } from "./msal_cache.ts";
import {
  type AuthorityNetworkModule,
  authorityNetworkModule,
  type MsalNetworkModule,
  type PostExchange,
} from "./msal_network_module.ts";
import type { Sending } from "./send_to_authority.ts";

/** The application, its authority, and what talking to it needs. */
export interface TokenClientOptions {
  /** The name of the profile, for the commands in hints. */
  readonly profile: string;
  /** The base URL of the authority, without the tenant. */
  readonly authority: string;
  /** The tenant as configured. */
  readonly tenant: string;
  readonly clientId: string;
  /** Undefined for a public client. */
  readonly credential?: ClientCredential | undefined;
  readonly network: Network;
  readonly clock: Clock;
  /** Stops every exchange. */
  readonly signal: AbortSignal;
  /** The time limit of a grant without the user. Default: 30 seconds. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Declares that this program handles claims challenges of APIs that evaluate access continuously: `--claims` passes them
 * on.
 */
const CAPABILITIES = ["CP1"];

/** The time limit of one request that a user waits for. */
const TIMEOUT_MS = 30_000;

/** The configuration of an MSAL application. */
export interface MsalConfiguration {
  readonly auth: {
    clientId: string;
    authority: string;
    knownAuthorities: string[];
    clientCapabilities: string[];
  };
  readonly system: { networkClient: MsalNetworkModule };
}

/** An MSAL application of the type `A`. Each grant uses a new one, so that nothing remains from another. */
export interface Msal<A> {
  readonly app: A;
  readonly network: AuthorityNetworkModule;
  /** What hints may name. */
  readonly errors: ErrorContext;
}

/** How one grant differs from others. */
export interface GrantManner {
  /** Whether the user takes no part: see `entraError()`. */
  readonly silently: boolean;
  /** When a post is retried. Default: never, because a code can be redeemed only once. */
  readonly repeat?: RetryPolicy | undefined;
  /** Whether the first failure ends the grant. Default: false. */
  readonly failFast?: boolean | undefined;
  /** Whether the grant waits while the authority demands a pause. Default: `silently`. */
  readonly obeysThrottle?: boolean | undefined;
  /** Makes the requests of a grant that needs more than one per post of MSAL's. */
  readonly post?: PostExchange | undefined;
  /** The discovery document of an earlier grant. */
  readonly discovery?: JsonObject | null | undefined;
  /** The API that is requested, for hints, if it is known. */
  readonly resource: string | undefined;
  /** The user name, for hints, if it is known. */
  readonly user?: string | undefined;
}

/** Makes an MSAL application for one grant. */
export function createMsal<A>(
  options: TokenClientOptions,
  manner: GrantManner,
  make: (configuration: MsalConfiguration) => A,
): Msal<A> {
  const { silently, post, discovery } = manner;
  const authority = entraAuthority(options.authority, options.tenant);
  const { clientId, tenant, profile } = options;
  const errors = { clientId, tenant, profile, user: manner.user, resource: manner.resource };
  const knownAuthorities = [authority.host];
  const network = authorityNetworkModule({
    network: options.network,
    authority,
    signal: options.signal,
    clock: options.clock,
    sending: sendingOf(manner, options),
    async onReportedError(reported, { body }) {
      // The table of errors is large, and most exchanges succeed.
      const { entraError } = await import("../errors/entra_error.ts");
      return entraError(reported, { ...errors, assertion: assertionIn(body) }, silently);
    },
    // MSAL accepts the issuer of External ID on a custom domain only if the issuer's host is in this list.
    onIssuer: (issuer) => void knownAuthorities.push(new URL(issuer).host),
    post,
    discovery,
  });
  const app = make({
    auth: { clientId, authority: authority.url, knownAuthorities, clientCapabilities: CAPABILITIES },
    system: { networkClient: network },
  });
  return { app, network, errors };
}

/** Returns what identifies the assertion in a request, which Entra compares with the federated credentials. */
function assertionIn(body: string | undefined): AssertionNames | undefined {
  const assertion = new URLSearchParams(body).get("client_assertion");
  const claims = assertion === null ? null : decodeToken(assertion)?.claims;
  if (!isJsonObject(claims)) return undefined;
  const [issuer, subject, audience] = [claims.iss, claims.sub, claims.aud].map((value) =>
    plainText(typeof value === "string" ? value : JSON.stringify(value ?? null), 300)
  );
  if (issuer === undefined || subject === undefined || audience === undefined) return undefined;
  return { issuer, subject, audience };
}

function sendingOf(
  { silently, repeat = "never", failFast = false, obeysThrottle = silently }: GrantManner,
  { clock, timeoutMs = TIMEOUT_MS }: TokenClientOptions,
): Sending {
  const endMs = clock.monotonic() + timeoutMs;
  return {
    // The user may take any time between two requests.
    timeLeftMs: silently
      ? () => Math.max(0, endMs - clock.monotonic())
      : () => Math.min(timeoutMs, TIMEOUT_MS),
    repeatGet: failFast ? "never" : "always",
    repeatPost: failFast ? "never" : repeat,
    obeysThrottle,
    // A user who signs in tries again at will.
    backsOff: silently,
  };
}

/** Calls MSAL, and replaces its error by the one of the network module or of the credential. */
export async function runMsal<A, T>({ app, network }: Msal<A>, call: (app: A) => Promise<T>): Promise<T> {
  try {
    return await call(app);
  } catch (error) {
    if (network.failure !== null) throw network.failure;
    // Thrown while the application's credential was read.
    if (error instanceof CliError) throw error;
    // MSAL throws this without a request if it has no refresh token.
    if (error instanceof InteractionRequiredAuthError) throw signInAgain();
    throw new CliError(
      "invalid_response",
      `Unexpected response of the sign-in service (${msalCode(error)})`,
      {
        hint: "Check --authority, then try again.",
      },
    );
  }
}

/** Returns MSAL's error code, which holds no secret. Its error objects can hold whole requests. */
export function msalCode(error: unknown): string {
  return error instanceof Error && "errorCode" in error ? String(error.errorCode) : "unknown";
}
