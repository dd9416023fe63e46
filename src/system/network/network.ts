/** An https request with its limits. */
export interface HttpRequest {
  /** An absolute URL. */
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
  /** The time limit of the whole exchange in milliseconds, including the response body and every wait. */
  readonly timeoutMs: number;
  /** The time limit of connecting in milliseconds. Default: 10 seconds. */
  readonly connectTimeoutMs?: number | undefined;
  /** The size limit of the response body, in bytes after decompression. */
  readonly maxBytes: number;
  /** Cancels the exchange. */
  readonly signal: AbortSignal;
  /** When `retryingNetwork()` sends the request again. Default: never. */
  readonly retry?: RetryPolicy | undefined;
  /** Whether `retryingNetwork()` delays the request while the host throttles this application. Default: false. */
  readonly obeysThrottle?: boolean | undefined;
  /**
   * Whether a host that fails (429, 5xx) is left alone for a while by all processes although it names no time. Default:
   * false.
   */
  readonly backsOff?: boolean | undefined;
}

/**
 * When a request is sent again:
 * - `always`: after any failure, since the request is idempotent.
 * - `unprocessed`: if it cannot have reached the server, or the server failed (429, 5xx).
 * - `never`.
 */
export type RetryPolicy = "always" | "unprocessed" | "never";

/** A response with its whole body. */
export interface HttpResponse {
  readonly status: number;
  /** The headers, with names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The decompressed body. */
  readonly body: Uint8Array;
}

export interface Network {
  /**
   * Sends a request and reads the whole response. Redirects are not followed: a 3xx is a response like any other.
   *
   * @throws {CliError} `network`; `permission` if Deno may not reach the host; `usage` if a root certificate or a header
   *   is invalid. Throws the reason of the signal if aborted.
   */
  send(request: HttpRequest): Promise<HttpResponse>;
}
