import { abortable } from "@std/async/abortable";
import { permissionFlag } from "../permission.ts";

/** What became of the attempt: see {@linkcode probeLoopback}. */
export type ProbeAnswer =
  | { readonly kind: "connected" }
  | { readonly kind: "no-address" }
  | { readonly kind: "not-permitted"; readonly flag: string }
  | { readonly kind: "blocked"; readonly reason: string };

/**
 * Listens on a free port of `hostname`, a loopback address, connects to it and sends a few bytes there and back, as a
 * browser would that brings the answer of a sign-in. Never rejects: `signal` ends it as blocked.
 */
export async function probeLoopback(hostname: string, signal: AbortSignal): Promise<ProbeAnswer> {
  try {
    using listener = Deno.listen({ hostname, port: 0 });
    return await exchange(listener, hostname, signal);
  } catch (error) {
    return answerTo(error, hostname);
  }
}

async function exchange(
  listener: Deno.Listener,
  hostname: string,
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  const { port } = listener.addr as Deno.NetAddr;
  const sent = crypto.getRandomValues(new Uint8Array(16));
  const echoed = echo(listener);
  const received = ask(hostname, port, sent);
  // Whichever fails first is what is reported; the other then has nobody to hear of it.
  echoed.catch(() => {});
  received.catch(() => {});
  const [, back] = await abortable(Promise.all([echoed, received]), signal);
  return back.every((byte, at) => byte === sent[at])
    ? { kind: "connected" }
    : { kind: "blocked", reason: "something else answers in its place" };
}

async function echo(listener: Deno.Listener): Promise<void> {
  using connection = await listener.accept();
  const bytes = await readAll(connection, 16);
  await writeAll(connection, bytes);
}

async function ask(hostname: string, port: number, bytes: Uint8Array): Promise<Uint8Array> {
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

function answerTo(error: unknown, hostname: string): ProbeAnswer {
  if (error instanceof Deno.errors.NotCapable) {
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return { kind: "not-permitted", flag: permissionFlag({ name: "net", host }) };
  }
  const isMissing = error instanceof Deno.errors.AddrNotAvailable ||
    error instanceof Error && "code" in error && error.code === "EAFNOSUPPORT";
  if (isMissing) return { kind: "no-address" };
  return { kind: "blocked", reason: error instanceof Error ? error.message : "no connection" };
}
