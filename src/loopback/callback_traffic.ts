/** Counts of what reached the callback server: they explain why a wait timed out. */
export interface CallbackTraffic extends ConnectionTraffic {
  /** All requests, including valid ones and those for the browser's icon. */
  requests: number;
  /** Requests with a `Host` that is not this server. */
  wrongHost: number;
  /** Requests for a path other than `/`. */
  wrongPath: number;
  /** Requests that are neither GET nor POST. */
  wrongMethod: number;
  /** Well-formed callbacks without the `state` of this sign-in. */
  wrongState: number;
  /** Callbacks with the right `state` that name another issuer (RFC 9207). */
  wrongIssuer: number;
  /** Requests that are not a callback: bad encoding, size or type, repeated or missing parameters. */
  malformed: number;
}

/** Counts of connections that sent no request. */
export interface ConnectionTraffic {
  /** Connections that sent nothing, open or closed. */
  silent: number;
  /** Connections that began with TLS: the client used https. */
  tls: number;
  /** Connections from a process of another user, or of an unknown one. */
  otherUser: number;
  /** Connections that sent something other than a complete request. */
  unreadable: number;
}

/** A reason to refuse a request. Each is a counter of {@linkcode CallbackTraffic}. */
export type TrafficFault = Exclude<keyof CallbackTraffic, "requests" | keyof ConnectionTraffic>;

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
    otherUser: 0,
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
  ["tls", "over TLS (the URL begins with http://, not https://)"],
  ["otherUser", "from a process of another user, refused"],
  ["unreadable", "without a complete request"],
];

/** Describes what reached the server, in one or two sentences for the error of a wait that timed out. */
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
  const others = connections === "" ? "" : ` Also: ${connections}.`;
  return `${requests}, but not the response to this sign-in${detail}.${others}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
