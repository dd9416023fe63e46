/** What reached the callback server so far, in numbers: it tells why a wait was in vain. */
export interface CallbackTraffic extends ConnectionTraffic {
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

/** Connections that brought no request. */
export interface ConnectionTraffic {
  /** Those that sent nothing, be they still open or not. */
  silent: number;
  /** Those that began with TLS: somebody took the address for https. */
  tls: number;
  /** Those that sent something which is no whole request. */
  unreadable: number;
}

/** What can be wrong with a request: the counters of {@linkcode CallbackTraffic} besides the totals. */
export type TrafficFault = Exclude<keyof CallbackTraffic, "requests" | keyof ConnectionTraffic>;

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
    silent: 0,
    tls: 0,
    unreadable: 0,
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

const CONNECTIONS: readonly (readonly [keyof ConnectionTraffic, string])[] = [
  ["silent", "that sent nothing"],
  ["tls", "in TLS (the address begins with http://, not https://)"],
  ["unreadable", "without a whole request"],
];

/** A sentence or two on what reached the server, for the message of a wait that timed out. */
export function describeTraffic(traffic: Readonly<CallbackTraffic>): string {
  const connections = CONNECTIONS.filter(([kind]) => traffic[kind] > 0)
    .map(([kind, text]) => `${count(traffic[kind], "connection")} ${text}`).join(", ");
  if (traffic.requests === 0) {
    return connections === ""
      ? "Nothing reached the callback server."
      : `No request reached the callback server, but ${connections}.`;
  }
  const faults = FAULTS.filter(([fault]) => traffic[fault] > 0).map(([fault, text]) =>
    `${traffic[fault]} ${text}`
  );
  const detail = faults.length === 0 ? "" : ` (${faults.join(", ")})`;
  const requests = `${count(traffic.requests, "request")} reached the callback server`;
  const besides = connections === "" ? "" : ` Besides: ${connections}.`;
  return `${requests}, but not the answer of this sign-in${detail}.${besides}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
