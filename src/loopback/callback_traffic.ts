/** What reached the callback server so far, in numbers: it tells why a wait was in vain. */
export interface CallbackTraffic {
  /** Requests of any kind, good ones and a browser's look for an icon included. */
  requests: number;
  /** Requests whose `Host` was not one of ours. */
  wrongHost: number;
  /** Requests for a path other than `/`. */
  wrongPath: number;
  /** Requests that were neither GET nor POST. */
  wrongMethod: number;
  /** Well-formed callbacks without the `state` of this sign-in. */
  wrongState: number;
  /** Callbacks with the right `state` that named another issuer (RFC 9207). */
  wrongIssuer: number;
  /** Requests that could not be read as a callback: encoding, size, type, parameters given twice or missing. */
  malformed: number;
}

/** What can be wrong with a request: the counters of {@linkcode CallbackTraffic} besides the total. */
export type TrafficFault = Exclude<keyof CallbackTraffic, "requests">;

/** A count of nothing. */
export function noTraffic(): CallbackTraffic {
  return {
    requests: 0,
    wrongHost: 0,
    wrongPath: 0,
    wrongMethod: 0,
    wrongState: 0,
    wrongIssuer: 0,
    malformed: 0,
  };
}

const FAULTS: readonly (readonly [TrafficFault, string])[] = [
  ["wrongState", "for another sign-in (wrong state)"],
  ["wrongIssuer", "from another issuer"],
  ["wrongPath", "for another path"],
  ["wrongHost", "for another host"],
  ["wrongMethod", "with an unexpected method"],
  ["malformed", "malformed"],
];

/** One sentence on what reached the server, for the message of a wait that timed out. */
export function describeTraffic(traffic: Readonly<CallbackTraffic>): string {
  if (traffic.requests === 0) return "Nothing reached the callback server.";
  const faults = FAULTS.filter(([fault]) => traffic[fault] > 0).map(([fault, text]) =>
    `${traffic[fault]} ${text}`
  );
  const requests = `${traffic.requests} ${traffic.requests === 1 ? "request" : "requests"}`;
  const detail = faults.length === 0 ? "" : ` (${faults.join(", ")})`;
  return `${requests} reached the callback server, but not the answer of this sign-in${detail}.`;
}
