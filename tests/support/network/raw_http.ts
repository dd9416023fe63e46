/**
 * Sends bytes, one per character, to a port of this machine, and returns the response once the peer closes the
 * connection.
 */
export async function exchangeRaw(port: number, text: string, hostname = "127.0.0.1"): Promise<string> {
  using connection = await Deno.connect({ hostname, port });
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const sending = writeAll(connection, bytes).catch(() => {});
  let answer = "";
  const buffer = new Uint8Array(16_384);
  try {
    for (let count; (count = await connection.read(buffer)) !== null;) {
      answer += new TextDecoder("latin1").decode(buffer.subarray(0, count));
    }
  } catch {
    // The peer reset the connection.
  }
  await sending;
  return answer;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}
