/** An HTTP proxy. */
export interface Proxy extends AsyncDisposable {
  /** The value for `HTTPS_PROXY`. */
  readonly url: string;
  /** The `host:port` of each requested tunnel. */
  readonly targets: readonly string[];
  /** The `Proxy-Authorization` header of each request that has one. */
  readonly credentials: readonly string[];
}

export interface ProxyOptions {
  /** The status code and reason phrase. Default: `200 Connection established`. */
  readonly answer?: string;
  /** The body of a refusal. */
  readonly body?: string;
  /** Returns the port of this machine that stands in for a target, or null to refuse it. Default: the target itself. */
  readonly route?: (target: string) => number | null;
}

/** Starts a proxy on a free port of 127.0.0.1 that opens tunnels (RFC 9110 section 9.3.6) or refuses to. */
export function startProxy(
  { answer: given = "200 Connection established", body = "", route }: ProxyOptions = {},
): Proxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const targets: string[] = [];
  const credentials: string[] = [];
  const open = new Set<Deno.TcpConn>();

  async function serve(client: Deno.TcpConn): Promise<void> {
    const head = await readHead(client);
    const target = head.match(/^CONNECT (\S+) HTTP\/1\.[01]\r\n/)?.[1];
    if (target === undefined) return;
    targets.push(target);
    const credential = head.match(/^proxy-authorization: (.*)\r$/im)?.[1];
    if (credential !== undefined) credentials.push(credential);
    const port = route?.(target);
    const answer = port === null ? "502 Bad Gateway" : given;
    await send(
      client,
      `HTTP/1.1 ${answer}\r\n${body === "" ? "" : `content-length: ${body.length}\r\n`}\r\n${body}`,
    );
    if (!answer.startsWith("200")) return;
    const server = await Deno.connect(
      typeof port === "number" ? { hostname: "127.0.0.1", port } : addressOf(target),
    );
    open.add(server);
    await Promise.all([pipe(client, server), pipe(server, client)]);
    closeOnce(server);
  }

  function closeOnce(connection: Deno.TcpConn): void {
    if (open.delete(connection)) connection.close();
  }

  const serving: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const client of listener) {
      open.add(client);
      serving.push(serve(client).catch(() => {}).finally(() => closeOnce(client)));
    }
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    targets,
    credentials,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const connection of [...open]) closeOnce(connection);
      await Promise.all(serving);
    },
  };
}

function addressOf(target: string): Deno.ConnectOptions {
  const [hostname = "", port = ""] = target.split(":");
  return { hostname, port: Number(port) };
}

/** Reads up to the empty line. The client sends nothing more before the response. */
async function readHead(connection: Deno.TcpConn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let head = "";
  while (!head.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) break;
    head += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return head;
}

async function send(connection: Deno.TcpConn, text: string): Promise<void> {
  let data = new TextEncoder().encode(text);
  while (data.length > 0) data = data.subarray(await connection.write(data));
}

/** Forwards data in one direction until it ends or breaks. */
async function pipe(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(16_384);
  try {
    for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
      for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
    }
    await to.closeWrite();
  } catch {
    // The other end has closed the connection.
  }
}
