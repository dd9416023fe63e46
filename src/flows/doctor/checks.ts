import type { KeyPlace } from "../../store/token_store.ts";
import type { ProbeResult } from "../../system/network/loopback_probe.ts";
import type { Os } from "../../system/os.ts";
import { formatDuration } from "../../text/duration.ts";
import { type CheckName, fail, type Finding, ok, warn } from "./finding.ts";

export interface PermissionFacts {
  /** Names it: the flag of Deno, or without one in an executable. */
  readonly name: string;
  /** How to get it. */
  readonly hint: string;
  readonly isGranted: boolean;
}

/** Checks that Deno grants what a sign-in needs. The programs that open a browser have a check of their own. */
export function checkPermissions(permissions: readonly PermissionFacts[]): Finding {
  const missing = permissions.filter(({ isGranted }) => !isGranted);
  if (missing.length === 0) return ok("permissions", "the folder, the network and the key store may be used");
  return fail(
    "permissions",
    `not granted: ${missing.map(({ name }) => name).join(" ")}`,
    [...new Set(missing.flatMap(({ hint }) => hint.split("\n")))].join("\n"),
  );
}

export interface FolderFacts {
  readonly path: string;
  /** Whether a lock excludes other holders, or its file system ignores it; busy if another process holds it. */
  readonly locks: "work" | "ignored" | "busy";
}

/** Checks that the program's folder can be written, and that locks in it work. */
export function checkFolder({ path, locks }: FolderFacts): Finding {
  switch (locks) {
    case "work":
      return ok("folder", `${path}, can be written and locked`);
    case "busy":
      return warn("folder", `${path} is locked by another process`, "Try again when it is done.");
    case "ignored":
      return fail(
        "folder",
        `${path} can be written, but its file system ignores locks, so processes can overwrite each other's tokens`,
        "Set ENTRA_AUTH_CLI_HOME to a folder on a local disk.",
      );
  }
}

export interface KeyFacts {
  /** Where the key is, or would be after the first sign-in. */
  readonly place: KeyPlace;
  /** The best key store of this machine. */
  readonly best: Pick<KeyPlace, "keyStore" | "place">;
}

/** Checks whether a better key store is available for the encryption key. */
export function checkKey({ place, best }: KeyFacts): Finding {
  const reason = place.reason === null ? "" : ` (${place.reason})`;
  const message = `${place.isInUse ? "kept in" : "would be kept in"} ${place.place}${reason}`;
  if (place.keyStore !== "key-file" || best.keyStore === "key-file") return ok("key", message);
  return warn(
    "key",
    `${message}, although ${best.place} is available`,
    `To move it there: ENTRA_AUTH_CLI_KEYRING=${best.keyStore} entra-auth-cli status`,
  );
}

/** The program that SDKs call as `az`; null if there is none, undefined if PATH could not be searched. */
export type AzFacts = { readonly path: string; readonly isShim: boolean } | null | undefined;

/** Reports whose tokens SDKs and Terraform get through `az`. */
export function checkAz(az: AzFacts): Finding {
  if (az === undefined) return ok("az", "not looked up, because the folders in PATH may not be read");
  if (az === null) return ok("az", "none in PATH; install-shims writes one for SDKs and Terraform");
  return ok("az", az.isShim ? `${az.path} returns tokens of this program` : `${az.path} is another program`);
}

export interface BrowserFacts {
  /** Whether a browser that is opened here would show on a display. */
  readonly hasDisplay: boolean;
  /** Why, as a clause: "DISPLAY is set". */
  readonly displayReason: string;
  /** The variable `BROWSER`. */
  readonly browserVariable: string | undefined;
  /** The programs that would be tried, in this order. */
  readonly openers: readonly OpenerFacts[];
}

/** A program that opens a browser. */
export interface OpenerFacts {
  /** Its name or path. */
  readonly command: string;
  /** Whether it exists; null if that can't be determined. */
  readonly isInstalled: boolean | null;
  /** Whether Deno may start it. */
  readonly isPermitted: boolean;
  /** How to permit that. */
  readonly hint: string;
}

const WITHOUT_BROWSER =
  "Use --flow device-code to sign in on another device, or --show-url to open the URL yourself.";

/** Checks that a browser would show on a display. With `BROWSER` set, that does not matter. */
export function checkDisplay({ hasDisplay, displayReason, browserVariable }: BrowserFacts): Finding {
  if (browserVariable !== undefined) return ok("display", "not needed, because BROWSER is set");
  if (hasDisplay) return ok("display", `detected: ${displayReason}`);
  return warn(
    "display",
    `not detected: ${displayReason}`,
    `Set BROWSER if a browser works without a display. ${WITHOUT_BROWSER}`,
  );
}

/** Checks that a program can open the browser. */
export function checkBrowser({ hasDisplay, browserVariable, openers }: BrowserFacts): Finding {
  const origin = browserVariable === undefined ? "the system's opener" : `BROWSER is ${browserVariable}`;
  if (openers.length === 0) {
    return warn(
      "browser",
      `no program opens it (${origin})`,
      `Set BROWSER to the name or path of a browser. ${WITHOUT_BROWSER}`,
    );
  }
  const usable = openers.find(({ isInstalled, isPermitted }) => isInstalled !== false && isPermitted);
  if (usable === undefined) return unusable(openers, origin);
  const condition = browserVariable === undefined && !hasDisplay ? "with a display, " : "";
  const certainty = usable.isInstalled === null ? ", if it is installed" : "";
  return ok("browser", `${condition}${usable.command} opens it (${origin})${certainty}`);
}

function unusable(openers: readonly OpenerFacts[], origin: string): Finding {
  const denied = openers.find(({ isInstalled, isPermitted }) => isInstalled !== false && !isPermitted);
  if (denied !== undefined) {
    return warn(
      "browser",
      `this program may not start ${denied.command} (${origin})`,
      `${denied.hint}\nOr set BROWSER to another browser. ${WITHOUT_BROWSER}`,
    );
  }
  const names = openers.map(({ command }) => command).join(", ");
  return warn(
    "browser",
    `not installed: ${names} (${origin})`,
    `Install it, or set BROWSER to a browser. ${WITHOUT_BROWSER}`,
  );
}

/** The addresses on which a redirect is received. */
export type LoopbackAddress = "127.0.0.1" | "::1";

/** Checks that a browser on this machine can reach the program at `address`. */
export function checkLoopback(address: LoopbackAddress, result: ProbeResult): Finding {
  const check: CheckName = address === "::1" ? "loopback [::1]" : "loopback 127.0.0.1";
  switch (result.kind) {
    case "connected":
      return ok(check, "the program reaches itself");
    case "no-address":
      return address === "::1"
        ? ok(check, "this machine has no IPv6, so 127.0.0.1 is used")
        : warn(check, "this machine has no such address", "Bring up the loopback interface (lo).");
    case "not-permitted":
      return fail(
        check,
        "Deno may not listen there, so no browser can finish a sign-in",
        result.hint,
      );
    case "blocked":
      return fail(
        check,
        `the program does not reach itself: ${result.reason}`,
        "Allow connections between programs of this machine: check the firewall, a VPN or security software.",
      );
  }
}

/** How the authority is reached. */
export interface AuthorityRoute {
  /** The host, with the port unless that is 443. */
  readonly host: string;
  /** The proxy in between, without user and password, or null. */
  readonly proxy: string | null;
  /** The variable that should name a proxy and is ignored, because its value can't be used; or null. */
  readonly ignoredVariable: string | null;
  /** Where root certificates come from that are trusted besides the machine's own; null if there are none. */
  readonly extraRoots: string | null;
}

/** The response of the authority to a request for its discovery document. */
export interface AuthorityResponse {
  /** The status code. */
  readonly status: number;
  /** Whether the body was a discovery document (OpenID Connect Discovery 1.0, section 3). */
  readonly isDiscoveryDocument: boolean;
  /** How far this machine's clock is ahead of the authority's, in milliseconds; null if the response had no date. */
  readonly clockAheadMs: number | null;
}

/** Checks that the authority responds, and as an authority does. */
export function checkAuthority(
  { status, isDiscoveryDocument }: AuthorityResponse,
  route: AuthorityRoute,
): Finding {
  const authority = `${route.host} (${describeRoute(route)})`;
  if (status === 200 && isDiscoveryDocument) {
    return route.ignoredVariable === null ? ok("authority", `${authority} responds`) : warn(
      "authority",
      `${authority} responds, but ${route.ignoredVariable} is ignored, because it does not name a usable proxy`,
      `Write ${route.ignoredVariable} as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, or unset it.`,
    );
  }
  if (status === 429 || status >= 500) {
    return fail("authority", `${authority} is unavailable (status ${status})`, "Try again in a minute.");
  }
  if (status === 400 || status === 404) {
    return fail(
      "authority",
      `${authority} responds, but does not know the tenant (status ${status})`,
      "Check the tenant of the profile, and --authority.",
    );
  }
  return fail(
    "authority",
    `${authority} does not respond as a sign-in service does (status ${status})`,
    "Check --authority, and that no proxy or sign-in page of the network responds in its place.",
  );
}

/** Describes the proxy on the way to the authority, and the extra root certificates. */
export function describeRoute({ proxy, extraRoots }: AuthorityRoute): string {
  const through = proxy === null ? "without a proxy" : `through the proxy ${proxy}`;
  return extraRoots === null ? through : `${through}, extra root certificates: ${extraRoots}`;
}

/** More than the time that a response takes. */
const NOTICEABLE_MS = 60_000;
/** How far clocks may differ before an ID token is refused, here as at Entra. */
const TOLERATED_MS = 300_000;

const SET_CLOCK: Readonly<Record<Os, string>> = {
  linux: "sudo timedatectl set-ntp true",
  darwin: "sudo sntp -sS time.apple.com",
  windows: "w32tm /resync",
};

/**
 * Compares this machine's clock with that of `host`.
 *
 * @param aheadMs How far this machine's clock is ahead, in milliseconds; null if the response had no date.
 */
export function checkClock(aheadMs: number | null, host: string, os: Os): Finding {
  const remedy = `Set it from the network: ${SET_CLOCK[os]}`;
  if (aheadMs === null) {
    return warn("clock", "can't be compared, because the authority's response had no date", remedy);
  }
  const apart = Math.abs(aheadMs);
  if (apart <= NOTICEABLE_MS) return ok("clock", `agrees with that of ${host}`);
  const minutes = Math.round(apart / 60_000);
  const message = `${formatDuration(minutes * 60)} ${aheadMs > 0 ? "ahead of" : "behind"} that of ${host}`;
  return apart <= TOLERATED_MS
    ? warn("clock", message, remedy)
    : fail("clock", `${message}, so tokens look expired or not yet valid`, remedy);
}
