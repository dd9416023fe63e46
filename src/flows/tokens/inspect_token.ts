import { type DecodedToken, decodeToken } from "../../entra/decode_token.ts";
import type { Signature } from "../../entra/verify_token.ts";
import { CliError } from "../../errors.ts";
import { coversScopes } from "../../identity/scopes.ts";
import { Secret } from "../../text/secret.ts";
import type { Session } from "../../store/session.ts";
import type { TokenStore } from "../../store/token_store.ts";
import type { Clock } from "../../system/clock.ts";
import { isExpired } from "../../identity/token.ts";

export type { Signature };

/** Which token to look at: the newest that is kept for a profile (and for scopes), or one that is at hand. */
export type InspectedSource =
  | { readonly kind: "kept"; readonly profile: string; readonly scopes: readonly string[] | undefined }
  | { readonly kind: "text"; readonly text: Secret };

/** Whether a token can be used now. */
export type TokenState = "valid" | "expired" | "not-yet-valid";

/** A token, without the token. */
export interface InspectedToken {
  /** What a kept token belongs to. */
  readonly session: Omit<Session, "tokens" | "msalCache"> | null;
  /** Granted scopes. */
  readonly scopes: readonly string[];
  /** The header and the claims, where the token is a JWT. Nobody but its audience can count on its form. */
  readonly content: DecodedToken | null;
  /** From when on it is valid, in seconds since 1970, where it says so. */
  readonly notBefore: number | null;
  /** When it ends, in seconds since 1970, where that is known. */
  readonly expiresAt: number | null;
  /** Whether it can be used. */
  readonly state: TokenState;
  /** What became of checking its signature; null where that wasn't asked for. */
  readonly signature: Signature | null;
}

/** How to check the signature of a token. */
export interface VerificationOptions {
  /** Base URL of the authority whose keys are used. */
  readonly authority: string;
  /** A PEM file with a root certificate to trust for the authority. */
  readonly caCertFile: string | undefined;
}

export interface InspectDependencies {
  readonly clock: Clock;
  readonly store: TokenStore;
  readonly verifyToken: (token: string, options: VerificationOptions) => Promise<Signature>;
}

/**
 * Describes a token, and checks its signature if `verification` is not null: with the keys of a cached token's own
 * authority, otherwise with those of the authority in `verification`. Returns null if no token is cached.
 *
 * @throws {CliError} `usage` when the text is no token that can be read; what the store and the check throw.
 */
export async function inspectToken(
  source: InspectedSource,
  verification: VerificationOptions | null,
  { clock, store, verifyToken }: InspectDependencies,
): Promise<InspectedToken | null> {
  const found = source.kind === "kept" ? await findKept(source, store) : readText(source.text);
  if (found === null) return null;
  const { token, ...inspected } = found;
  const authority = inspected.session?.authority ?? verification?.authority;
  const signature = verification === null || authority === undefined
    ? null
    : await verifyToken(token.reveal(), { ...verification, authority });
  return { ...inspected, state: stateOf(inspected, clock.now()), signature };
}

/** What is known of a token before it is judged. */
interface FoundToken extends Omit<InspectedToken, "state" | "signature"> {
  readonly token: Secret;
}

async function findKept(
  { profile, scopes }: Extract<InspectedSource, { kind: "kept" }>,
  store: TokenStore,
): Promise<FoundToken | null> {
  const sessions = (await store.list()).filter((session) => session.profile === profile);
  const kept = sessions.flatMap((session) => session.tokens.map((token) => ({ session, token })));
  const [newest] = kept
    .filter(({ session, token }) =>
      scopes === undefined ||
      coversScopes([...token.scopes, ...token.requestedScopes], scopes, session.authority)
    )
    .toSorted((a, b) => b.token.obtainedAt - a.token.obtainedAt);
  if (newest === undefined) return null;
  const { token, session: { tokens: _tokens, msalCache: _cache, ...session } } = newest;
  const content = decodeToken(token.accessToken.reveal());
  return {
    token: token.accessToken,
    session,
    scopes: token.scopes,
    content,
    notBefore: timeOf(content, "nbf"),
    expiresAt: token.expiresAt,
  };
}

function readText(text: Secret): FoundToken {
  const token = new Secret(bareToken(text.reveal()));
  const content = decodeToken(token.reveal());
  if (content === null || content.claims === null) {
    throw new CliError(
      "usage",
      content === null ? "This is no token in the form of a JWT" : "The token is encrypted",
      {
        hint: content === null
          ? "Access tokens and ID tokens can be read. Refresh tokens and opaque access tokens say nothing to others."
          : "Nobody but the API that it is for can read it.",
      },
    );
  }
  const { scp } = content.claims;
  return {
    token,
    session: null,
    scopes: typeof scp === "string" ? scp.split(" ").filter((scope) => scope !== "") : [],
    content,
    notBefore: timeOf(content, "nbf"),
    expiresAt: timeOf(content, "exp"),
  };
}

/** The token in a header as `get-token --output header` prints it, or by itself. */
function bareToken(text: string): string {
  return text.trim().replace(/^(authorization:\s*)?bearer\s+/i, "");
}

/** More seconds than a date can be from 1970 (ECMA-262, section "Time Values and Time Range"). */
const END_OF_TIME = 8.64e12;

function timeOf(content: DecodedToken | null, claim: string): number | null {
  const value = content?.claims?.[claim];
  return typeof value === "number" && Math.abs(value) <= END_OF_TIME ? value : null;
}

function stateOf(
  { notBefore, expiresAt }: Pick<FoundToken, "notBefore" | "expiresAt">,
  nowMs: number,
): TokenState {
  // One that doesn't say when it ends is believed no longer than one that has ended.
  if (expiresAt === null || isExpired({ expiresAt }, nowMs)) return "expired";
  return notBefore !== null && notBefore * 1000 > nowMs ? "not-yet-valid" : "valid";
}
