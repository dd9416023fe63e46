import { abortable } from "@std/async/abortable";
import { permissionHint } from "../permission.ts";

export type ProbeResult =
  | { readonly kind: "connected" }
  | { readonly kind: "no-address" }
  | { readonly kind: "not-permitted"; readonly hint: string }
  | { readonly kind: "blocked"; readonly reason: string };

/**
 * Listens on a free port of the loopback address `hostname`, connects to it and echoes a few bytes, as a browser does with
 * the redirect of a sign-in. Never rejects; aborting `signal` yields `blocked`.
 */
export async function probeLoopback(hostname: string, signal: AbortSignal): Promise<ProbeResult> {
  try {
    using listener = Deno.listen({ hostname, port: 0 });
    return await exchange(listener, hostname, signal);
  } catch (error) {
    return resultOf(error, hostname);
  }
}

async function exchange(
  listener: Deno.Listener,
  hostname: string,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const { port } = listener.addr as Deno.NetAddr;
  const sent = crypto.getRandomValues(new Uint8Array(16));
  const echoed = echo(listener);
  const received = request(hostname, port, sent);
  // The first failure is reported; the other one must not become an unhandled rejection.
  echoed.catch(() => {});
  received.catch(() => {});
  const [, back] = await abortable(Promise.all([echoed, received]), signal);
  return back.every((byte, at) => byte === sent[at])
    ? { kind: "connected" }
    : { kind: "blocked", reason: "another program responds on this address" };
}

async function echo(listener: Deno.Listener): Promise<void> {
  using connection = await listener.accept();
  const bytes = await readAll(connection, 16);
  await writeAll(connection, bytes);
}

async function request(hostname: string, port: number, bytes: Uint8Array): Promise<Uint8Array> {
  using connection = await Deno.connect({ hostname, port });
  await writeAll(connection, bytes);
  return await readAll(connection, bytes.length);
}

async function readAll(connection: Deno.Conn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await connection.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
}

function resultOf(error: unknown, hostname: string): ProbeResult {
  if (error instanceof Deno.errors.NotCapable) {
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return { kind: "not-permitted", hint: permissionHint({ name: "net", host }) };
  }
  const isMissing = error instanceof Deno.errors.AddrNotAvailable ||
    error instanceof Error && "code" in error && error.code === "EAFNOSUPPORT";
  if (isMissing) return { kind: "no-address" };
  return { kind: "blocked", reason: error instanceof Error ? error.message : "no connection" };
}
