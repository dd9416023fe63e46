/** A request over https, with its limits. */
export interface HttpRequest {
  /** An absolute URL. */
  readonly url: string;
  /** The request method. */
  readonly method: "GET" | "POST";
  /** Headers to send. */
  readonly headers: Readonly<Record<string, string>>;
  /** Text to send. */
  readonly body?: string | undefined;
  /** Time for the whole exchange, the body included and every wait before it, in milliseconds. */
  readonly timeoutMs: number;
  /** Time until a connection is there, in milliseconds; 10 seconds by default. */
  readonly connectTimeoutMs?: number;
  /** The largest body that is read, in bytes after decompression. */
  readonly maxBytes: number;
  /** Ends the exchange early. */
  readonly signal: AbortSignal;
  /** Whether it may be sent again by who sees to that; see `retryingNetwork()`. Once by default. */
  readonly repeat?: Repeat;
  /** Whether it is held back while the host wants a pause that an earlier answer asked for. Not by default. */
  readonly obeysThrottle?: boolean;
}

/**
 * After what a request may be sent again:
 * - `always`: whatever happened to it, for doing it twice does nothing more.
 * - `unprocessed`: when it can't have been received, or was answered by an error of the server's (429, 5xx).
 * - `never`: it is sent once.
 */
export type Repeat = "always" | "unprocessed" | "never";

/** A response, its body read whole. */
export interface HttpResponse {
  /** The status code. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body, decompressed. */
  readonly body: Uint8Array;
}

/** Sends requests. Redirects are not followed: a 3xx is a response like any other. */
export interface Network {
  /**
   * Sends a request and reads the whole answer.
   *
   * @throws {CliError} `network`, `permission` when Deno may not reach the host, or `usage` when a root certificate can't
   *   be used or a header can't be sent; the signal's reason when aborted.
   */
  send(request: HttpRequest): Promise<HttpResponse>;
}
