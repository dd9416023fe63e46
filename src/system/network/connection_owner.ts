import { isGrantedEverywhere } from "../permission.ts";
import type { Processes } from "../processes/processes.ts";
import { isHeld, isSandboxed, readHeld } from "../sandbox.ts";

/** The table of the TCP sockets for IPv4, and that for IPv6, which can have addresses of IPv4 too. */
export type SocketTable = "tcp" | "tcp6";

/** The tables of all TCP sockets, as the kernel makes them when they are read, which takes milliseconds. */
export interface SocketTables {
  /** Reports whether they can be read. */
  areReadable(): Promise<boolean>;
  /** Returns the table of this moment; null if it cannot be read. */
  read(table: SocketTable): Promise<string | null>;
}

const PATHS: Readonly<Record<SocketTable, string>> = { tcp: "/proc/net/tcp", tcp6: "/proc/net/tcp6" };

const CAT_TIMEOUT_MS = 10_000;
/** More than the sockets of any machine take, about 150 characters each. */
const MAX_TABLE_LENGTH = 256_000_000;

/**
 * Opens the tables. Open files may be read again and again. Without them `cat` reads the tables: Deno itself opens them
 * only with all permissions (seen in 2.9.6).
 */
export function openSocketTables(
  processes: Pick<Processes, "run">,
  files: OpenTables = openTables(),
): SocketTables {
  if (isSandboxed) return { areReadable: () => Promise.resolve(isHeld(PATHS.tcp)), read: readHeldTable };
  const { tcp } = files;
  if (tcp !== undefined) {
    return {
      areReadable: () => Promise.resolve(true),
      read(table) {
        const file = files[table];
        return Promise.resolve(file === undefined ? null : readAnew(file));
      },
    };
  }
  const read = async (table: SocketTable) => {
    const options = { timeoutMs: CAT_TIMEOUT_MS, maxOutput: MAX_TABLE_LENGTH };
    const result = await processes.run("cat", [PATHS[table]], options);
    return result.kind === "ended" && result.stdout !== "" ? result.stdout : null;
  };
  return { areReadable: async () => await read("tcp") !== null, read };
}

/** Deno opens the tables only with all permissions: the main thread of an executable keeps them open. */
async function readHeldTable(table: SocketTable): Promise<string | null> {
  const bytes = await readHeld(PATHS[table], MAX_TABLE_LENGTH);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

/** The tables that could be opened: that for IPv6 may be missing. */
type OpenTables = { readonly [Table in SocketTable]?: Deno.FsFile | undefined };

const ALL_KINDS = ["read", "write", "net", "env", "run", "sys", "ffi"] as const;

function openTables(): OpenTables {
  if (!ALL_KINDS.every(isGrantedEverywhere)) return {};
  const open = (path: string) => {
    try {
      return Deno.openSync(path);
    } catch {
      return undefined;
    }
  };
  return { tcp: open(PATHS.tcp), tcp6: open(PATHS.tcp6) };
}

function readAnew(file: Deno.FsFile): string {
  file.seekSync(0, Deno.SeekMode.Start);
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (let count; (count = file.readSync(buffer)) !== null;) {
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return text;
}

/** The addresses and ports of the two ends of a connection, as text. */
export interface ConnectionEnds {
  /** The end of the other process. */
  readonly remote: string;
  /** The end of this process. */
  readonly local: string;
}

/** Returns both ends of an accepted connection. */
export function endsOf(connection: Pick<Deno.TcpConn, "localAddr" | "remoteAddr">): ConnectionEnds {
  return { remote: formatEnd(connection.remoteAddr), local: formatEnd(connection.localAddr) };
}

function formatEnd({ hostname, port }: Deno.NetAddr): string {
  return `${canonicalAddress(hostname)} ${port}`;
}

/** Returns one form of an address: an IPv4 address that is mapped to IPv6 becomes the IPv4 address (RFC 4291 2.5.5.2). */
function canonicalAddress(address: string): string {
  if (!address.includes(":")) return address;
  const host = URL.parse(`http://[${address}]`)?.hostname ?? address;
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(host) ?? [];
  if (high === undefined || low === undefined) return host;
  const [left, right] = [parseInt(high, 16), parseInt(low, 16)];
  return [left >> 8, left & 255, right >> 8, right & 255].join(".");
}

/** A line of a socket table. */
export interface SocketRow {
  /** Address and port of the socket, as in {@linkcode ConnectionEnds}. */
  readonly local: string;
  readonly remote: string;
  readonly uid: number;
  /** False for a socket that its process has closed: its user ID is then 0, regardless of who opened it. */
  readonly isOpen: boolean;
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Parses one line of a socket table, or returns null for any other text, such as the head of the table. */
export function parseSocketRow(line: string, littleEndian = LITTLE_ENDIAN): SocketRow | null {
  // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
  const [, local, localPort, remote, remotePort, uid, inode] =
    /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]{2} \S+ \S+ \S+ +(\d+) +\d+ +(\d+)(?: |$)/
      .exec(line) ?? [];
  const addresses = [parseAddress(local, littleEndian), parseAddress(remote, littleEndian)];
  if (addresses.includes(null)) return null;
  return {
    local: `${addresses[0]} ${parseInt(localPort ?? "", 16)}`,
    remote: `${addresses[1]} ${parseInt(remotePort ?? "", 16)}`,
    uid: Number(uid),
    isOpen: inode !== "0",
  };
}

/** Linux prints an address as 32-bit numbers in the byte order of the machine. */
function parseAddress(text: string | undefined, littleEndian: boolean): string | null {
  if (text?.length !== 8 && text?.length !== 32) return null;
  const words = text.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => {
    const inWord = (word.match(/../g) ?? []).map((byte) => parseInt(byte, 16));
    return littleEndian ? inWord.reverse() : inWord;
  });
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, index) => (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return canonicalAddress(groups.join(":"));
}

export interface ConnectionCheckOptions {
  readonly tables: Pick<SocketTables, "read">;
  /** The user ID of this process. */
  readonly userId: number;
  /**
   * Whether a connection without a socket in the tables is accepted: on WSL with mirrored networking, the browser of
   * Windows has none.
   */
  readonly acceptsUnlisted: boolean;
}

/** Reports whether the other end of a connection belongs to a process of the current user or of root. */
export type ConnectionCheck = (
  connection: Pick<Deno.TcpConn, "localAddr" | "remoteAddr">,
) => Promise<boolean>;

/** Reading a table while sockets come and go may miss one. */
const MAX_READS = 3;

const ROOT = 0;

/** Creates a check. Connections that arrive at the same time share the reads of the tables. */
export function connectionCheck(
  { tables, userId, acceptsUnlisted }: ConnectionCheckOptions,
): ConnectionCheck {
  const read = {
    tcp: shareReads(() => tables.read("tcp")),
    tcp6: shareReads(() => tables.read("tcp6")),
  };
  return async (connection) => {
    const ends = endsOf(connection);
    // A connection over IPv4 may be that of a socket for IPv6. It is in one table only.
    const places: readonly SocketTable[] = ends.remote.startsWith("[") ? ["tcp6"] : ["tcp", "tcp6"];
    for (let reads = 0; reads < MAX_READS; reads++) {
      for (const place of places) {
        const rows = rowsOf(ends, await read[place]() ?? "");
        if (rows.length === 0) continue;
        return rows.every((row) => row.isOpen && (row.uid === userId || row.uid === ROOT));
      }
    }
    return acceptsUnlisted;
  };
}

/** Returns the rows of the socket at the other end of a connection. */
function rowsOf({ remote, local }: ConnectionEnds, table: string): SocketRow[] {
  // A port as the table prints it, so that few lines are parsed.
  const port = `:${Number(remote.split(" ")[1]).toString(16).toUpperCase().padStart(4, "0")} `;
  return table.split("\n").filter((line) => line.includes(port)).flatMap((line) => {
    const row = parseSocketRow(line);
    return row?.local === remote && row.remote === local ? [row] : [];
  });
}

type ReadTable = () => Promise<string | null>;

/** Returns a function that reads after it was called, once for all callers that wait. */
function shareReads(read: ReadTable): ReadTable {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<string | null> | null = null;
  return () => {
    next ??= running.then(() => {
      next = null;
      const reading = read().catch(() => null);
      running = reading;
      return reading;
    });
    return next;
  };
}
