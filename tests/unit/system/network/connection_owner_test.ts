import { assertEquals } from "@std/assert";
import {
  connectionCheck,
  endsOf,
  openSocketTables,
  parseSocketRow,
  type SocketTable,
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
    const options = { tables: { read: () => Promise.resolve(text) }, userId: 1000 };
    assertEquals(await connectionCheck({ ...options, acceptsUnlisted: false })(CONNECTION), isAllowed, name);
    assertEquals(
      await connectionCheck({ ...options, acceptsUnlisted: true })(CONNECTION),
      isAllowed || !rows.some((line) => line.includes(`${CLIENT} ${SERVER}`)),
      name,
    );
  }
  for (const read of [() => Promise.resolve(null), () => Promise.reject(new Error("no tables"))]) {
    const check = connectionCheck({ tables: { read }, userId: 1000, acceptsUnlisted: false });
    assertEquals(await check(CONNECTION), false);
  }
});

Deno.test("connectionCheck() reads the tables again if a socket is missing, and once for connections that wait together", async () => {
  const reads: SocketTable[] = [];
  const listed = row(CLIENT, SERVER, 1000);
  const read = (table: SocketTable) => {
    reads.push(table);
    const isListed = table === "tcp" && reads.length > 1;
    return Promise.resolve(isListed ? listed : HEAD);
  };
  const check = connectionCheck({ tables: { read }, userId: 1000, acceptsUnlisted: false });
  assertEquals(await check(CONNECTION), true);
  const found = ["tcp", "tcp6", "tcp"];
  assertEquals(reads, found);
  for (let times = 0; times < 2; times++) {
    const checks = Array.from({ length: 50 }, () => check(CONNECTION));
    assertEquals(new Set(await Promise.all(checks)), new Set([true]));
  }
  assertEquals(reads, [...found, "tcp", "tcp"]);
});

Deno.test("connectionCheck() finds a connection over IPv4 also in the table for IPv6, and one over IPv6 only there", async () => {
  const mapped = (address: string) => `0000000000000000FFFF0000${address}`;
  const loopback = (port: string) => `00000000000000000000000001000000:${port}`;
  const over6 = { remoteAddr: end("::1", 54321), localAddr: end("::1", 49153) };
  for (const uid of [1000, 1001]) {
    const tables = {
      tcp: [HEAD, row(SERVER, CLIENT, 1000)],
      tcp6: [HEAD, row(mapped(CLIENT), mapped(SERVER), uid), row(loopback("D431"), loopback("C001"), uid)],
    };
    const reads: SocketTable[] = [];
    const read = (table: SocketTable) => {
      reads.push(table);
      return Promise.resolve(tables[table].join("\n"));
    };
    const check = connectionCheck({ tables: { read }, userId: 1000, acceptsUnlisted: true });
    assertEquals(await check(CONNECTION), uid === 1000);
    assertEquals(await check(over6), uid === 1000);
    assertEquals(reads, ["tcp", "tcp6", "tcp6"]);
  }
});

Deno.test({
  name: "openSocketTables() reads the tables itself with all permissions, and otherwise through cat",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    using handles = new DisposableStack();
    const files = { tcp: handles.use(Deno.openSync("/proc/net/tcp")) };
    const userId = Deno.uid() ?? 0;
    for (const tables of [openSocketTables(systemProcesses, files), openSocketTables(systemProcesses, {})]) {
      assertEquals(await tables.areReadable(), true);
      const check = connectionCheck({ tables, userId, acceptsUnlisted: false });
      using _client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
      using accepted = await listener.accept();
      assertEquals(await check(accepted), true);
    }
    for (const kind of ["not-permitted", "not-found"] as const) {
      const run = () => Promise.resolve(kind === "not-found" ? { kind } : { kind, hint: "--allow-run=cat" });
      assertEquals(await openSocketTables({ run }, {}).areReadable(), false);
    }
  },
});
