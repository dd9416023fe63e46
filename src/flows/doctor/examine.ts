import { CliError } from "../../errors.ts";
import type { Clock } from "../../system/clock.ts";
import { checkAuthority, describeRoute } from "./check_authority.ts";
import { checkBrowser, checkDisplay } from "./check_browser.ts";
import { checkClock } from "./check_clock.ts";
import { checkFolder } from "./check_folder.ts";
import { checkKey } from "./check_key.ts";
import { checkLoopback, type LoopbackAddress } from "./check_loopback.ts";
import { checkPermissions } from "./check_permissions.ts";
import { type CheckName, CHECKS, fail, failedBy, type Finding, ok, warn } from "./finding.ts";
import type { DoctorProbes } from "./doctor_probes.ts";
import { redact } from "./redact.ts";

/** How long one check may take, in milliseconds. They run side by side, so this is the time for all. */
const CHECK_TIMEOUT_MS = 10_000;

/** Where a sign-in goes that no profile says more about. */
const ANY_AUTHORITY = "https://login.microsoftonline.com/organizations";

/** Looks at the whole machine, all at once and in bounded time. What is found names no user. Only `signal` ends it early,
 * with its reason. */
export async function examine(
  machine: DoctorProbes,
  { clock, signal }: { readonly clock: Pick<Clock, "deadline">; readonly signal: AbortSignal },
): Promise<Finding[]> {
  using deadline = clock.deadline(CHECK_TIMEOUT_MS);
  const until = AbortSignal.any([signal, deadline.signal]);
  const look = (checks: readonly [CheckName, ...CheckName[]], work: () => Promise<Finding | Finding[]>) =>
    withinTime(checks, work, until);
  const authority = authorityOf(machine);
  const found = await Promise.all([
    look(["program"], () => Promise.resolve(ok("program", machine.runtime))),
    look(["permissions"], async () => {
      return checkPermissions(await machine.permissions(new URL(await authority).host));
    }),
    look(["folder"], async () => checkFolder(await machine.folder())),
    look(
      ["profiles"],
      async () => ok("profiles", `profiles.json has ${counted(await machine.countProfiles(), "profile")}`),
    ),
    look(["profile"], () => lookAtProfile(machine)),
    look(["key"], async () => checkKey(await machine.key())),
    look(
      ["tokens"],
      async () => ok("tokens", `tokens.enc has ${counted(await machine.countSignIns(), "sign-in")}`),
    ),
    look(["display", "browser"], async () => {
      const facts = await machine.browser();
      return [checkDisplay(facts), checkBrowser(facts)];
    }),
    look(["loopback 127.0.0.1"], () => lookAtLoopback(machine, "127.0.0.1", until)),
    look(["loopback [::1]"], () => lookAtLoopback(machine, "::1", until)),
    look(["authority", "clock"], async () => await lookAtAuthority(machine, await authority, until)),
  ]);
  signal.throwIfAborted();
  const findings = found.flat().map((finding) => redacted(finding, machine));
  return findings.toSorted((a, b) => CHECKS.indexOf(a.check) - CHECKS.indexOf(b.check));
}

function redacted({ message, remedy, ...finding }: Finding, { privateNames }: DoctorProbes): Finding {
  return {
    ...finding,
    message: redact(message, privateNames),
    remedy: remedy === null ? null : redact(remedy, privateNames),
  };
}

/** What `work` finds. An error it comes to, and the end of its time, are findings about the first of its checks. */
async function withinTime(
  checks: readonly [CheckName, ...CheckName[]],
  work: () => Promise<Finding | Finding[]>,
  until: AbortSignal,
): Promise<Finding | Finding[]> {
  const [check] = checks;
  const late = Promise.withResolvers<Finding>();
  const onLate = () =>
    late.resolve(
      fail(check, `no answer within ${CHECK_TIMEOUT_MS / 1000} s`, "Try again; if it stays so, report it."),
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

async function lookAtProfile(machine: DoctorProbes): Promise<Finding> {
  try {
    const { profile, flow, authority } = await machine.settings();
    return ok("profile", `'${profile}' signs in by ${flow} at ${new URL(authority).host}`);
  } catch (error) {
    // Nobody has one at first.
    if (error instanceof CliError && error.code === "no_profile") {
      // How to make one, without the names of the others.
      return warn("profile", error.message, (error.hint ?? "").split("\n", 1).join());
    }
    throw error;
  }
}

async function lookAtLoopback(
  machine: DoctorProbes,
  address: LoopbackAddress,
  signal: AbortSignal,
): Promise<Finding> {
  return checkLoopback(address, await machine.connectToItself(address, signal));
}

async function lookAtAuthority(machine: DoctorProbes, url: string, signal: AbortSignal): Promise<Finding[]> {
  const route = machine.route(url);
  try {
    const answer = await machine.askAuthority(url, signal);
    return [checkAuthority(answer, route), checkClock(answer.clockAheadMs, route.host, machine.os)];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const finding = failedBy("authority", error);
    const what = finding.message.replace(` (through the proxy ${route.proxy})`, "");
    return [
      { ...finding, message: `${what} (${describeRoute(route)})` },
      warn("clock", "not compared, as the authority gave no answer", "Mend the way to the authority first."),
    ];
  }
}

/** The authority of the profile; where there is no such profile, that of most. */
async function authorityOf(machine: DoctorProbes): Promise<string> {
  try {
    const { authority, tenant } = await machine.settings();
    return `${authority}/${tenant}`;
  } catch {
    // The check of the profile tells why.
    return ANY_AUTHORITY;
  }
}

function counted(count: number, noun: string): string {
  return count === 0 ? `no ${noun} yet` : `${count} ${noun}${count === 1 ? "" : "s"}`;
}
