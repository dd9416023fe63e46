import { CliError } from "../../errors.ts";
import type { Clock } from "../../system/clock.ts";
import { NetworkError } from "../../system/network/network_error.ts";
import {
  checkAuthority,
  checkAz,
  checkBrowser,
  checkClock,
  checkDisplay,
  checkFolder,
  checkKey,
  checkLoopback,
  checkPermissions,
  describeRoute,
  type LoopbackAddress,
} from "./checks.ts";
import type { DoctorProbes } from "./doctor_probes.ts";
import { type CheckName, CHECKS, fail, failedBy, type Finding, ok, redacted, warn } from "./finding.ts";

/** The time limit of one check, in milliseconds. The checks run side by side, so it is that of all. */
const CHECK_TIMEOUT_MS = 10_000;

/** The authority of most profiles. */
const DEFAULT_URL = "https://login.microsoftonline.com/organizations";

/**
 * Examines the machine in bounded time, with all checks side by side. The findings do not name the user. Only `signal`
 * ends it early, with its reason.
 */
export async function examine(
  probes: DoctorProbes,
  { clock, signal }: { readonly clock: Pick<Clock, "deadline">; readonly signal: AbortSignal },
): Promise<Finding[]> {
  using deadline = clock.deadline(CHECK_TIMEOUT_MS);
  const until = AbortSignal.any([signal, deadline.signal]);
  const run = (checks: readonly [CheckName, ...CheckName[]], work: () => Promise<Finding | Finding[]>) =>
    withinTime(checks, work, until);
  const authority = authorityOf(probes);
  const found = await Promise.all([
    run(["program"], () => Promise.resolve(ok("program", probes.runtime))),
    run(["permissions"], async () => {
      return checkPermissions(await probes.permissions(new URL(await authority).host));
    }),
    run(["folder"], async () => checkFolder(await probes.folder())),
    run(
      ["profiles"],
      async () => ok("profiles", `profiles.json has ${counted(await probes.countProfiles(), "profile")}`),
    ),
    run(["profile"], () => examineProfile(probes)),
    run(["key"], async () => checkKey(await probes.key())),
    run(
      ["tokens"],
      async () => ok("tokens", `tokens.enc has ${counted(await probes.countSignIns(), "sign-in")}`),
    ),
    run(["display", "browser"], async () => {
      const facts = await probes.browser();
      return [checkDisplay(facts), checkBrowser(facts)];
    }),
    run(["loopback 127.0.0.1"], () => examineLoopback(probes, "127.0.0.1", until)),
    run(["loopback [::1]"], () => examineLoopback(probes, "::1", until)),
    run(["az"], async () => checkAz(await probes.az())),
    run(["authority", "clock"], async () => await examineAuthority(probes, await authority, until)),
  ]);
  signal.throwIfAborted();
  const findings = found.flat().map((finding) => redacted(finding, probes.privateNames));
  return findings.toSorted((a, b) => CHECKS.indexOf(a.check) - CHECKS.indexOf(b.check));
}

/** Returns what `work` finds. An error, or the end of its time, is a finding about the first of its checks. */
async function withinTime(
  checks: readonly [CheckName, ...CheckName[]],
  work: () => Promise<Finding | Finding[]>,
  until: AbortSignal,
): Promise<Finding | Finding[]> {
  const [check] = checks;
  const late = Promise.withResolvers<Finding>();
  const onLate = () =>
    late.resolve(
      fail(
        check,
        `no result within ${CHECK_TIMEOUT_MS / 1000} s`,
        "Try again; if it happens again, report it.",
      ),
    );
  until.addEventListener("abort", onLate);
  try {
    return await Promise.race([work(), late.promise]);
  } catch (error) {
    if (error instanceof CliError) return failedBy(check, error);
    throw error;
  } finally {
    until.removeEventListener("abort", onLate);
  }
}

async function examineProfile(probes: DoctorProbes): Promise<Finding> {
  try {
    const { profile, flow, authority } = await probes.settings();
    return ok("profile", `'${profile}' signs in by ${flow} at ${new URL(authority).host}`);
  } catch (error) {
    // At first there is no profile.
    if (error instanceof CliError && error.code === "no_profile") {
      // The first line of the hint creates one; the others name other profiles.
      return warn("profile", error.message, (error.hint ?? "").split("\n", 1).join());
    }
    throw error;
  }
}

async function examineLoopback(
  probes: DoctorProbes,
  address: LoopbackAddress,
  signal: AbortSignal,
): Promise<Finding> {
  return checkLoopback(address, await probes.connectToItself(address, signal));
}

async function examineAuthority(probes: DoctorProbes, url: string, signal: AbortSignal): Promise<Finding[]> {
  const route = probes.route(url);
  try {
    const response = await probes.askAuthority(url, signal);
    return [checkAuthority(response, route), checkClock(response.clockAheadMs, route.host, probes.os)];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    // The route names the proxy, so the error need not.
    const problem = error instanceof NetworkError ? error.problem : error.message;
    return [
      fail("authority", `${problem} (${describeRoute(route)})`, error.hint ?? null),
      warn(
        "clock",
        "not compared, because the authority did not respond",
        "Fix the connection to the authority first.",
      ),
    ];
  }
}

/** Returns the authority of the profile, or that of most profiles if there is no such profile. */
async function authorityOf(probes: DoctorProbes): Promise<string> {
  try {
    const { authority, tenant } = await probes.settings();
    return `${authority}/${tenant}`;
  } catch {
    // The check of the profile reports why.
    return DEFAULT_URL;
  }
}

function counted(count: number, noun: string): string {
  return count === 0 ? `no ${noun} yet` : `${count} ${noun}${count === 1 ? "" : "s"}`;
}
