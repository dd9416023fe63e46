import { type CheckName, fail, type Finding, ok, warn } from "./finding.ts";

/** The addresses on which the callback is taken. */
export type LoopbackAddress = "127.0.0.1" | "::1";

/**
 * What became of listening on an address and connecting to it: it works; the machine has no such address; Deno may not,
 * without `flag`; or nothing arrived, for the reason given.
 */
export type LoopbackAnswer =
  | { readonly kind: "connected" }
  | { readonly kind: "no-address" }
  | { readonly kind: "not-permitted"; readonly flag: string }
  | { readonly kind: "blocked"; readonly reason: string };

const FIREWALL =
  "Let programs of this machine reach each other on it: check the firewall, a VPN or security software.";

/** Whether a browser on this machine can reach the program at `address`. */
export function checkLoopback(address: LoopbackAddress, answer: LoopbackAnswer): Finding {
  const check: CheckName = address === "::1" ? "loopback [::1]" : "loopback 127.0.0.1";
  switch (answer.kind) {
    case "connected":
      return ok(check, "the program reaches itself");
    case "no-address":
      return address === "::1"
        ? ok(check, "this machine has no IPv6; 127.0.0.1 serves")
        : warn(check, "this machine has no such address", "Bring up the loopback interface (lo).");
    case "not-permitted":
      return fail(
        check,
        "the program may not listen there, so no sign-in by browser can be finished",
        `Add the Deno flag ${answer.flag}`,
      );
    case "blocked":
      return fail(check, `the program does not reach itself: ${answer.reason}`, FIREWALL);
  }
}
