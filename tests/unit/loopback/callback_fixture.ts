import { type CallbackServer, listenForCallback } from "../../../src/loopback/callback_server.ts";
import { Secret } from "../../../src/secret.ts";

/** The `state` that {@linkcode startServer} expects. */
export const STATE = "right-state";

/** The form of a callback that fits. */
export const GOOD_FORM = `code=good-code&state=${STATE}`;

/** A signal that is never aborted. */
export const NEVER = new AbortController().signal;

/** A callback server on a random port that takes any issuer but an evil one. */
export function startServer(): Promise<CallbackServer> {
  return listenForCallback({ kind: "random" }, {
    state: new Secret(STATE),
    acceptsIssuer: (iss) => iss !== "https://evil.example",
  });
}

/** Posts a form as a browser does that comes from the sign-in page. */
export async function postForm(
  server: CallbackServer,
  form: string,
): Promise<{ status: number; page: string }> {
  const response = await fetch(`${server.redirectUri}/`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", "origin": "null" },
    body: form,
  });
  return { status: response.status, page: await response.text() };
}

/** Opens the redirect URI with the given query. */
export async function getQuery(
  server: CallbackServer,
  query: string,
): Promise<{ status: number; page: string }> {
  const response = await fetch(`${server.redirectUri}/${query}`);
  return { status: response.status, page: await response.text() };
}

/** Sends the real callback and returns the code that the server hands on: proof that it is still waiting. */
export async function finishSignIn(server: CallbackServer): Promise<string> {
  const browser = postForm(server, GOOD_FORM);
  const callback = await server.waitForCallback(NEVER);
  callback.answer({ kind: "signed-in", username: null });
  await browser;
  return callback.response.kind === "code" ? callback.response.code.reveal() : "";
}

/**
 * Sends `bytes` over a connection of its own, and returns what comes back until the other side closes it. Text is sent
 * as Latin-1, each character a byte.
 */
export async function exchange(port: number, bytes: string, hostname = "127.0.0.1"): Promise<string> {
  using connection = await Deno.connect({ hostname, port });
  const sending = writeAll(connection, Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
  const answer = await readAll(connection);
  await sending;
  return answer;
}

/** Writes until all is written or either side hangs up. */
export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  try {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  } catch (error) {
    if (!isHangUp(error)) throw error;
  }
}

/** Reads until the other side hangs up. */
export async function readAll(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16_384);
  let text = "";
  try {
    for (let count; (count = await connection.read(buffer)) !== null;) {
      text += decoder.decode(buffer.subarray(0, count), { stream: true });
    }
  } catch (error) {
    if (!isHangUp(error)) throw error;
  }
  return text;
}

function isHangUp(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}

/** Whether this machine has an IPv6 loopback address. */
export const HAS_IPV6 = canListenOn("::1");

function canListenOn(hostname: string): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrNotAvailable) return false;
    throw error;
  }
}
