import { fail, type Finding, ok, warn } from "./finding.ts";

/** How the authority is reached. */
export interface AuthorityRoute {
  /** Its host, with the port where it isn't 443. */
  readonly host: string;
  /** The proxy in between, without user and password; null where there is none. */
  readonly proxy: string | null;
  /** A variable that was to name a proxy and is passed over, as it names none that can be used; else null. */
  readonly ignoredVariable: string | null;
  /** Where the roots come from that are trusted besides the machine's own; null where there are none. */
  readonly extraRoots: string | null;
}

/** What was answered when the authority was asked for its discovery document. */
export interface AuthorityAnswer {
  /** The status code. */
  readonly status: number;
  /** Whether it was a discovery document (OpenID Connect Discovery 1.0, section 3). */
  readonly isDiscoveryDocument: boolean;
  /** By how much this machine's clock is ahead of the authority's, in milliseconds; null where it told no time. */
  readonly clockAheadMs: number | null;
}

/** Whether the authority answers, and as one. */
export function checkAuthority(
  { status, isDiscoveryDocument }: AuthorityAnswer,
  route: AuthorityRoute,
): Finding {
  const way = `${route.host} (${describeRoute(route)})`;
  if (status === 200 && isDiscoveryDocument) {
    return route.ignoredVariable === null ? ok("authority", `${way} answers`) : warn(
      "authority",
      `${way} answers, but ${route.ignoredVariable} names no proxy that can be used, and is passed over`,
      `Write ${route.ignoredVariable} as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, or unset it.`,
    );
  }
  if (status === 429 || status >= 500) {
    return fail("authority", `${way} cannot answer right now (status ${status})`, "Try again in a minute.");
  }
  if (status === 400 || status === 404) {
    return fail(
      "authority",
      `${way} answers, but does not know the tenant (status ${status})`,
      "Check the tenant of the profile, and --authority.",
    );
  }
  return fail(
    "authority",
    `${way} does not answer as a sign-in service does (status ${status})`,
    "Check --authority, and that no proxy or sign-in page of the network answers in its place.",
  );
}

/** Says through what the authority is asked, and trusting whom. */
export function describeRoute({ proxy, extraRoots }: AuthorityRoute): string {
  const through = proxy === null ? "without a proxy" : `through the proxy ${proxy}`;
  return extraRoots === null ? through : `${through}, trusting also ${extraRoots}`;
}
