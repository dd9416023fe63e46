import type { Os } from "../../system/os.ts";
import { formatDuration } from "../../text/duration.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";

/** Tells a clock that nobody set from one that is late by the time an answer takes. */
const NOTICEABLE_MS = 60_000;
/** How far the clocks may be apart before an ID token is refused, here as at Entra. */
const TOLERATED_MS = 300_000;

const SET_CLOCK: Readonly<Record<Os, string>> = {
  linux: "sudo timedatectl set-ntp true",
  darwin: "sudo sntp -sS time.apple.com",
  windows: "w32tm /resync",
};

/**
 * Judges this machine's clock by that of `host`.
 *
 * @param aheadMs By how much this machine's clock is ahead, in milliseconds; null where the authority told no time.
 */
export function checkClock(aheadMs: number | null, host: string, os: Os): Finding {
  if (aheadMs === null) {
    return warn(
      "clock",
      "it can't be compared, as the authority told no time",
      `Set it by the network: ${SET_CLOCK[os]}`,
    );
  }
  const apart = Math.abs(aheadMs);
  if (apart <= NOTICEABLE_MS) return ok("clock", `agrees with that of ${host}`);
  const minutes = Math.round(apart / 60_000);
  const message = `${formatDuration(minutes * 60)} ${aheadMs > 0 ? "ahead of" : "behind"} that of ${host}`;
  const remedy = `Set it by the network: ${SET_CLOCK[os]}`;
  return apart <= TOLERATED_MS
    ? warn("clock", message, remedy)
    : fail("clock", `${message}, so tokens look expired or not yet valid`, remedy);
}
