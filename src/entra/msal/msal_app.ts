import { InteractionRequiredAuthError } from "@azure/msal-node";
import type { ClientCredential } from "../../credentials/client_credential.ts";
import { CliError } from "../../errors.ts";
import type { Clock } from "../../system/clock.ts";
import type { Network, Repeat } from "../../system/network/network.ts";
import { entraAuthority } from "../authority.ts";
import type { ErrorContext } from "../errors/aadsts/remedy.ts";
import { entraError } from "../errors/entra_error.ts";
import { createMsalNetworkModule, type MsalNetworkModule, type PostExchange } from "./msal_network_module.ts";
import type { Sending } from "./send_to_authority.ts";
import { signInAgain } from "./msal_cache.ts";

/** Which application asks which authority, and the outside it needs for that. */
export interface TokenClientOptions {
  /** Name of the profile, for the commands that errors suggest. */
  readonly profile: string;
  /** Base URL of the authority, without the tenant. */
  readonly authority: string;
  /** Tenant as configured. */
  readonly tenant: string;
  /** Application (client) id. */
  readonly clientId: string;
  /** What the application proves itself with; a public client has nothing. */
  readonly credential?: ClientCredential;
  /** The way to the authority. */
  readonly network: Network;
  /** Tells when tokens end. */
  readonly clock: Clock;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  /** The longest that a grant may take which no user takes part in, in milliseconds; 30 seconds by default. */
  readonly timeoutMs?: number;
}

/**
 * What the authority may count on: that this program understands the challenge of an API that evaluates access
 * continuously, and comes back for a token with the claims it demands (`--claims`).
 */
const CAPABILITIES = ["CP1"];

/** The longest that one request may take which a user waits for, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** How one of MSAL's applications is made. */
export interface MsalConfiguration {
  /** Which application asks which authority. */
  readonly auth: {
    clientId: string;
    authority: string;
    knownAuthorities: string[];
    clientCapabilities: string[];
  };
  /** What MSAL uses of the outside. */
  readonly system: { networkClient: MsalNetworkModule };
}

/**
 * One of MSAL's applications, of the type `A`, and its network. A fresh one for each grant, so that nothing is left over
 * from another.
 */
export interface Msal<A> {
  /** MSAL itself. */
  readonly app: A;
  /** What MSAL talks through. */
  readonly network: MsalNetworkModule;
  /** What the sentences about an error may name. */
  readonly errors: ErrorContext;
}

/** What one grant needs otherwise than the others. */
export interface GrantManner {
  /** Whether no user takes part: see `entraError()`. */
  readonly silently: boolean;
  /** After what a post is sent again. Never by default, as is right for whatever can be redeemed once. */
  readonly repeat?: Repeat;
  /** Whether the grant is better given up than waited for. Not by default. */
  readonly failFast?: boolean;
  /** Whether the grant is held back while the authority wants a pause. By default where no user takes part. */
  readonly obeysThrottle?: boolean;
  /** Makes the grant's requests, where one request isn't all there is to it. */
  readonly post?: PostExchange;
}

/** Makes one of MSAL's applications for one grant, by `make`. */
export function createMsal<A>(
  options: TokenClientOptions,
  manner: GrantManner,
  make: (configuration: MsalConfiguration) => A,
): Msal<A> {
  const { silently, post } = manner;
  const authority = entraAuthority(options.authority, options.tenant);
  const { clientId, tenant, profile } = options;
  const errors = { clientId, tenant, profile };
  const knownAuthorities = [authority.host];
  const network = createMsalNetworkModule({
    network: options.network,
    authority,
    signal: options.signal,
    clock: options.clock,
    sending: sendingOf(manner, options),
    onReportedError: (reported) => entraError(reported, errors, silently),
    // MSAL ties an issuer of External ID to an authority that is named otherwise only where its host is in this list.
    onIssuer: (issuer) => void knownAuthorities.push(new URL(issuer).host),
    ...(post === undefined ? {} : { post }),
  });
  const app = make({
    auth: {
      clientId,
      authority: authority.url,
      knownAuthorities,
      clientCapabilities: CAPABILITIES,
    },
    system: { networkClient: network },
  });
  return { app, network, errors };
}

function sendingOf(
  { silently, repeat = "never", failFast = false, obeysThrottle = silently }: GrantManner,
  { clock, timeoutMs = TIMEOUT_MS }: TokenClientOptions,
): Sending {
  const endMs = clock.monotonic() + timeoutMs;
  return {
    // A user may take any time between two requests.
    timeLeftMs: silently
      ? () => Math.max(0, endMs - clock.monotonic())
      : () => Math.min(timeoutMs, TIMEOUT_MS),
    repeatGet: failFast ? "never" : "always",
    repeatPost: failFast ? "never" : repeat,
    obeysThrottle,
  };
}

/** Runs a call of MSAL's, and in place of MSAL's error throws the one that the network module or the credential met. */
export async function runMsal<A, T>({ app, network }: Msal<A>, call: (app: A) => Promise<T>): Promise<T> {
  try {
    return await call(app);
  } catch (error) {
    if (network.failure !== null) throw network.failure;
    // What reading the application's credential threw.
    if (error instanceof CliError) throw error;
    // MSAL asks for the user before it asks the network, for one where it holds no refresh token.
    if (error instanceof InteractionRequiredAuthError) throw signInAgain();
    // MSAL's codes name what is wrong and hold no secret; its error objects can hold whole requests.
    const code = error instanceof Error && "errorCode" in error ? String(error.errorCode) : "unknown";
    throw new CliError("invalid_response", `The sign-in service's answer can't be used (${code})`, {
      hint: "Check --authority, then try again.",
    });
  }
}
