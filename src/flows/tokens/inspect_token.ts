import { type DecodedToken, decodeToken } from "../../entra/decode_token.ts";
import type { Signature } from "../../entra/verify_token.ts";
import { CliError } from "../../errors.ts";
import { acceptsIdentity } from "../../identity/profile_identity.ts";
import { coversScopes } from "../../identity/scopes.ts";
import { isExpired } from "../../identity/token.ts";
import type { ProfileStore } from "../../profiles/profile_store.ts";
import type { Session } from "../../store/session.ts";
import type { TokenStore } from "../../store/token_store.ts";
import type { Clock } from "../../system/clock.ts";
import { Secret } from "../../text/secret.ts";

export type { Signature };

/** The token to describe: the newest cached one of a profile (and for scopes), or a text. */
export type InspectedSource =
  | { readonly kind: "cached"; readonly profile: string; readonly scopes: readonly string[] | undefined }
  | { readonly kind: "text"; readonly text: Secret };

export type TokenState = "valid" | "expired" | "not-yet-valid";

/** A description of a token that does not contain the token. */
export interface InspectedToken {
  /** The session of a cached token. */
  readonly session: Omit<Session, "tokens" | "msalCache"> | null;
  /** The granted scopes: those in the token, or for an opaque one those of the response that it came with. */
  readonly scopes: readonly string[];
  /** The header and the claims if the token is a JWT. Only its audience may rely on its format. */
  readonly content: DecodedToken | null;
  /** When it becomes valid, in seconds since 1970, if it says so. */
  readonly notBefore: number | null;
  /** When it expires, in seconds since 1970, if that is known. */
  readonly expiresAt: number | null;
  readonly state: TokenState;
  /** The result of checking the signature; null if that was not requested. */
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
  readonly profiles: Pick<ProfileStore, "lookUp">;
  readonly verifyToken: (token: string, options: VerificationOptions) => Promise<Signature>;
}

/**
 * Describes a token, and checks its signature if `verification` is not null: with the keys of a cached token's own
 * authority, otherwise with those of the authority in `verification`. Returns null if no token is cached.
 *
 * @throws {CliError} `usage` if the text is not a readable token; what the store and the check throw.
 */
export async function inspectToken(
  source: InspectedSource,
  verification: VerificationOptions | null,
  { clock, store, profiles, verifyToken }: InspectDependencies,
): Promise<InspectedToken | null> {
  const found = source.kind === "cached"
    ? await findCached(source, { store, profiles })
    : readText(source.text);
  if (found === null) return null;
  const { token, ...inspected } = found;
  const authority = inspected.session?.authority ?? verification?.authority;
  const signature = verification === null || authority === undefined
    ? null
    : await verifyToken(token.reveal(), { ...verification, authority });
  return { ...inspected, state: stateOf(inspected, clock.now()), signature };
}

interface FoundToken extends Omit<InspectedToken, "state" | "signature"> {
  readonly token: Secret;
}

async function findCached(
  { profile, scopes }: Extract<InspectedSource, { kind: "cached" }>,
  { store, profiles }: Pick<InspectDependencies, "store" | "profiles">,
): Promise<FoundToken | null> {
  const { identity } = await profiles.lookUp(profile);
  const sessions = (await store.list(profile)).filter((session) =>
    acceptsIdentity(identity, session.identity)
  );
  const cached = sessions.flatMap((session) => session.tokens.map((token) => ({ session, token })));
  const [newest] = cached
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
    scopes: scopesIn(content) ?? token.scopes,
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
      content === null ? "Invalid token: expected a JWT" : "The token is encrypted",
      {
        hint: content === null
          ? "Access tokens and ID tokens can be read, but not refresh tokens and opaque access tokens."
          : "Only the API that it is for can read it.",
      },
    );
  }
  return {
    token,
    session: null,
    scopes: scopesIn(content) ?? [],
    content,
    notBefore: timeOf(content, "nbf"),
    expiresAt: timeOf(content, "exp"),
  };
}

/** Returns the permissions in a token (`scp`), or null for a token that cannot be read. An application's has none. */
function scopesIn(content: DecodedToken | null): readonly string[] | null {
  if (content === null || content.claims === null) return null;
  const { scp } = content.claims;
  const words = typeof scp === "string" ? scp.split(" ") : Array.isArray(scp) ? scp : [];
  return words.filter((scope) => typeof scope === "string" && scope !== "");
}

/** Returns the token of a header as `get-token --output header` prints it, or the text itself. */
function bareToken(text: string): string {
  return text.trim().replace(/^(authorization:\s*)?bearer\s+/i, "");
}

/** The last second of a `Date` (ECMA-262, section "Time Values and Time Range"). */
const MAX_SECONDS = 8.64e12;

function timeOf(content: DecodedToken | null, claim: string): number | null {
  const value = content?.claims?.[claim];
  return typeof value === "number" && Math.abs(value) <= MAX_SECONDS ? value : null;
}

function stateOf(
  { notBefore, expiresAt }: Pick<FoundToken, "notBefore" | "expiresAt">,
  nowMs: number,
): TokenState {
  // A token that does not say when it expires is treated as expired.
  if (expiresAt === null || isExpired({ expiresAt }, nowMs)) return "expired";
  return notBefore !== null && notBefore * 1000 > nowMs ? "not-yet-valid" : "valid";
}
