/** Which port the callback server listens on: any free one, exactly one, or the first free one of a range. */
export type PortChoice =
  | { kind: "random" }
  | { kind: "exact"; port: number }
  | { kind: "range"; first: number; last: number };

/**
 * The ports that IANA keeps for short-lived use (RFC 6335 §6): 2^14 of them, so that 14 random bits pick one without
 * bias.
 */
const FIRST_DYNAMIC_PORT = 49152;
const DYNAMIC_PORT_MASK = 0x3fff;

/** How many random ports are tried: enough even where Windows reserves whole blocks of them. */
const RANDOM_ATTEMPTS = 100;

/** The ports to try for `choice`, in the order to try them. */
export function* candidatePorts(choice: PortChoice): Generator<number> {
  switch (choice.kind) {
    case "exact":
      yield choice.port;
      return;
    case "range":
      for (let port = choice.first; port <= choice.last; port++) yield port;
      return;
    case "random":
      for (let attempt = 0; attempt < RANDOM_ATTEMPTS; attempt++) yield randomPort();
  }
}

/** A random port from 49152 to 65535. */
function randomPort(): number {
  const [random = 0] = crypto.getRandomValues(new Uint16Array(1));
  return FIRST_DYNAMIC_PORT + (random & DYNAMIC_PORT_MASK);
}
