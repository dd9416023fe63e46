import { CliError } from "../errors.ts";

/** A request over https, with its limits. */
export interface HttpRequest {
  /** An absolute URL. */
  readonly url: string;
  /** The request method. */
  readonly method: "GET" | "POST";
  /** Headers to send. */
  readonly headers: Readonly<Record<string, string>>;
  /** Text to send. */
  readonly body?: string;
  /** Time for the whole exchange, the body included, in milliseconds. */
  readonly timeoutMs: number;
  /** The largest body that is read, in bytes after decompression. */
  readonly maxBytes: number;
  /** Ends the exchange early. */
  readonly signal: AbortSignal;
}

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
   *   be used; the signal's reason when aborted.
   */
  send(request: HttpRequest): Promise<HttpResponse>;
}

/**
 * The machine's network. It honours the proxy variables (`HTTPS_PROXY`, `NO_PROXY`).
 *
 * @param extraRoots Certificates in PEM that are trusted besides the machine's own.
 */
export function systemNetwork(extraRoots: readonly string[] = []): Network {
  return {
    async send(request) {
      const host = new URL(request.url).host;
      using client = createClient(extraRoots);
      const timeout = new AbortController();
      const timer = setTimeout(() => timeout.abort(), request.timeoutMs);
      try {
        const response = await fetch(request.url, {
          client,
          method: request.method,
          headers: request.headers,
          body: request.body ?? null,
          redirect: "manual",
          signal: AbortSignal.any([timeout.signal, request.signal]),
        });
        const body = await readBody(response, request.maxBytes, host);
        return { status: response.status, headers: Object.fromEntries(response.headers), body };
      } catch (error) {
        request.signal.throwIfAborted();
        if (timeout.signal.aborted) {
          throw new CliError("network", `No answer from ${host} within ${request.timeoutMs / 1000} s`, {
            hint: "Check the connection and the proxy (HTTPS_PROXY), then try again.",
          });
        }
        throw networkError(error, host);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function createClient(extraRoots: readonly string[]): Deno.HttpClient {
  try {
    return Deno.createHttpClient({ caCerts: [...extraRoots] });
  } catch (error) {
    throw new CliError("usage", "The certificate to trust besides the machine's own can't be used", {
      hint: "Check the file named by --ca-cert or ENTRA_AUTH_CLI_CA_CERT.",
      cause: error,
    });
  }
}

async function readBody(response: Response, maxBytes: number, host: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new CliError("network", `The answer from ${host} is larger than ${maxBytes} bytes`, {
        hint: "Something between this machine and the sign-in service answers in its place. Check the proxy.",
      });
    }
    chunks.push(chunk);
  }
  const body = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
}

/** Deno words the cause differently from version to version, so it is looked for in the error and what caused it. */
function networkError(error: unknown, host: string): CliError {
  if (error instanceof CliError) return error;
  // Without the URL, which can hold any of the words looked for.
  const words = causes(error).join(" ").replaceAll(/https?:\/\/\S+/g, "");
  // An address that is denied, once the name is looked up, comes as the cause of another error.
  if (error instanceof Deno.errors.NotCapable || words.includes("Requires net access")) {
    return new CliError("permission", `This program is not permitted to connect to ${host}`, {
      // The flag replaces the list of the permission set, so it has to name the callback's addresses again.
      hint:
        `Add the Deno flag "--allow-net=${host},127.0.0.1,[::1]". For an executable, see Permissions in the README.`,
    });
  }
  if (/certificate|UnknownIssuer/i.test(words)) {
    return new CliError("network", `The TLS certificate of ${host} is not trusted`, {
      hint: "If a proxy of your organization re-signs traffic, name its root with --ca-cert FILE.",
    });
  }
  if (/\btls\b|\bssl\b|handshake|corrupt message/i.test(words)) {
    return new CliError("network", `${host} did not answer in TLS as it should`, {
      hint:
        "Something between this machine and the sign-in service may answer in its place. Check the proxy.",
    });
  }
  if (/dns|lookup|resolve|getaddrinfo/i.test(words)) {
    return new CliError("network", `The address of ${host} could not be found`, {
      hint: "Check the connection, the name and the proxy (HTTPS_PROXY).",
    });
  }
  if (/refused/i.test(words)) {
    return new CliError("network", `${host} refused the connection`, {
      hint: "Check the address, the firewall and the proxy (HTTPS_PROXY).",
    });
  }
  return new CliError("network", `${host} could not be reached`, {
    hint: "Check the connection and the proxy (HTTPS_PROXY), then try again.",
  });
}

function causes(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...causes(error.cause)] : [];
}
