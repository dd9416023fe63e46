import { assertEquals } from "@std/assert";
import {
  connectionCheck,
  endsOf,
  parseSocketRow,
  socketTableReader,
} from "../../../../src/system/network/connection_owner.ts";
import { systemProcesses } from "../../../../src/system/processes/processes.ts";

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

/** Returns a line as Linux prints it. */
function row(local: string, remote: string, uid: number, inode = 4711): string {
  return `  12: ${local} ${remote} 01 00000000:00000000 02:000AFC80 00000000 ${
    `${uid}`.padStart(5)
  }        0 ${inode} 2 ` +
    "00000000e685bdfa 20 4 30 10 -1";
}

const CLIENT = "0100007F:D431";
const SERVER = "0100007F:C001";
const CONNECTION = { remoteAddr: end("127.0.0.1", 54321), localAddr: end("127.0.0.1", 49153) };

function end(hostname: string, port: number): Deno.NetAddr {
  return { transport: "tcp", hostname, port };
}

Deno.test("parseSocketRow() reads IPv4, IPv6 and mapped addresses in both byte orders", () => {
  const table: [string, string, boolean][] = [
    ["0100007F:D431", "127.0.0.1 54321", true],
    ["7F000001:D431", "127.0.0.1 54321", false],
    ["0202A8C0:0050", "192.168.2.2 80", true],
    ["00000000000000000000000001000000:D431", "[::1] 54321", true],
    ["00000000000000000000000000000001:D431", "[::1] 54321", false],
    ["0000000000000000FFFF00000100007F:D431", "127.0.0.1 54321", true],
    ["00000000000000000000FFFF7F000001:D431", "127.0.0.1 54321", false],
    ["B80D0120000000000000000001000000:FFFF", "[2001:db8::1] 65535", true],
  ];
  for (const [text, expected, littleEndian] of table) {
    const parsed = parseSocketRow(row(text, SERVER, 1000), littleEndian);
    assertEquals([parsed?.local, parsed?.uid, parsed?.isOpen], [expected, 1000, true], text);
  }
  for (const text of ["", HEAD, row("0100007:D431", SERVER, 0), row("0100007F", SERVER, 0)]) {
    assertEquals(parseSocketRow(text), null, text);
  }
});

Deno.test("endsOf() gives addresses the form that the tables have", () => {
  const ends = endsOf({
    remoteAddr: end("::ffff:127.0.0.1", 54321),
    localAddr: end("0:0:0:0:0:0:0:1", 49153),
  });
  assertEquals(ends, { remote: "127.0.0.1 54321", local: "[::1] 49153" });
});

Deno.test("connectionCheck() accepts sockets of the user and of root alone", async () => {
  const back = row(SERVER, CLIENT, 1000);
  const table: [string, string[], boolean][] = [
    ["the user", [row(CLIENT, SERVER, 1000)], true],
    ["root", [row(CLIENT, SERVER, 0)], true],
    ["another user", [row(CLIENT, SERVER, 1001)], false],
    // The kernel prints user 0 for it, whoever opened it.
    ["a closed socket", [row(CLIENT, SERVER, 0, 0)], false],
    ["an open socket and a closed one", [row(CLIENT, SERVER, 1000), row(CLIENT, SERVER, 0, 0)], false],
    ["no socket", [], false],
    ["the same port with another server", [row(CLIENT, "0100007F:C002", 1000)], false],
    ["the same port at another address", [row("0200007F:D431", SERVER, 1000)], false],
  ];
  for (const [name, rows, isAllowed] of table) {
    const text = [HEAD, back, ...rows].join("\n");
    const options = { readTables: () => Promise.resolve(text), userId: 1000 };
    assertEquals(await connectionCheck({ ...options, acceptsUnlisted: false })(CONNECTION), isAllowed, name);
    assertEquals(
      await connectionCheck({ ...options, acceptsUnlisted: true })(CONNECTION),
      isAllowed || !rows.some((line) => line.includes(`${CLIENT} ${SERVER}`)),
      name,
    );
  }
  for (const readTables of [() => Promise.resolve(null), () => Promise.reject(new Error("no tables"))]) {
    const check = connectionCheck({ readTables, userId: 1000, acceptsUnlisted: false });
    assertEquals(await check(CONNECTION), false);
  }
});

Deno.test("connectionCheck() reads the tables again if a socket is missing, and once for connections that wait together", async () => {
  let reads = 0;
  const listed = row(CLIENT, SERVER, 1000);
  const check = connectionCheck({
    readTables: () => Promise.resolve(++reads === 1 ? HEAD : listed),
    userId: 1000,
    acceptsUnlisted: false,
  });
  assertEquals(await check(CONNECTION), true);
  assertEquals(reads, 2);
  const before = reads;
  assertEquals(
    new Set(await Promise.all(Array.from({ length: 50 }, () => check(CONNECTION)))),
    new Set([true]),
  );
  assertEquals(reads - before, 1);
});

Deno.test({
  name: "socketTableReader() reads the tables itself with all permissions, and otherwise through cat",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    using handles = new DisposableStack();
    const files = ["/proc/net/tcp"].map((path) => handles.use(Deno.openSync(path)));
    const userId = Deno.uid() ?? 0;
    for (
      const readTables of [socketTableReader(systemProcesses, files), socketTableReader(systemProcesses, [])]
    ) {
      const check = connectionCheck({ readTables, userId, acceptsUnlisted: false });
      using _client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
      using accepted = await listener.accept();
      assertEquals(await check(accepted), true);
    }
    for (const kind of ["not-permitted", "not-found"] as const) {
      const run = () => Promise.resolve(kind === "not-found" ? { kind } : { kind, hint: "--allow-run=cat" });
      assertEquals(await socketTableReader({ run }, [])(), null);
    }
  },
});
