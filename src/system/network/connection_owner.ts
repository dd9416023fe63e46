import { isGrantedEverywhere } from "../permission.ts";
import type { Processes } from "../processes/processes.ts";
import { isSandboxed, readHeld } from "../sandbox.ts";

/**
 * Reads the tables of all TCP sockets of this moment, `/proc/net/tcp` and `/proc/net/tcp6`, as one text; null if they cannot
 * be read.
 */
export type ReadSocketTables = () => Promise<string | null>;

const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"] as const;

const CAT_TIMEOUT_MS = 10_000;
/** More than the sockets of any machine take, about 150 characters each. */
const MAX_TABLE_LENGTH = 256_000_000;

/**
 * Returns a function that reads the tables through open files, which may be read again and again. Without them `cat` reads
 * the tables: Deno itself opens them only with all permissions (seen in 2.9.6).
 */
export function socketTableReader(
  processes: Pick<Processes, "run">,
  tables: readonly Deno.FsFile[] = openTables(),
): ReadSocketTables {
  if (isSandboxed) return readHeldTables;
  if (tables.length > 0) return () => Promise.resolve(tables.map(readAnew).join("\n"));
  return async () => {
    const result = await processes.run("cat", TABLES, {
      timeoutMs: CAT_TIMEOUT_MS,
      maxOutput: MAX_TABLE_LENGTH,
    });
    // The exit code is not 0 if there is no IPv6.
    return result.kind === "ended" && result.stdout !== "" ? result.stdout : null;
  };
}

/** Deno opens the tables only with all permissions: the main thread of an executable keeps them open. */
async function readHeldTables(): Promise<string | null> {
  const tables = await Promise.all(TABLES.map((path) => readHeld(path, MAX_TABLE_LENGTH)));
  const texts = tables.flatMap((bytes) => bytes === null ? [] : new TextDecoder().decode(bytes));
  return texts.length === 0 ? null : texts.join("\n");
}

const ALL_KINDS = ["read", "write", "net", "env", "run", "sys", "ffi"] as const;

function openTables(): Deno.FsFile[] {
  if (!ALL_KINDS.every(isGrantedEverywhere)) return [];
  return TABLES.flatMap((path) => {
    try {
      return [Deno.openSync(path)];
    } catch {
      return [];
    }
  });
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
  readonly readTables: ReadSocketTables;
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
  { readTables, userId, acceptsUnlisted }: ConnectionCheckOptions,
): ConnectionCheck {
  const read = shareReads(readTables);
  return async (connection) => {
    const { remote, local } = endsOf(connection);
    for (let reads = 0; reads < MAX_READS; reads++) {
      // A port as the table prints it, so that few lines are parsed.
      const port = `:${Number(remote.split(" ")[1]).toString(16).toUpperCase().padStart(4, "0")} `;
      const rows = (await read() ?? "").split("\n").filter((line) => line.includes(port)).map((line) =>
        parseSocketRow(line)
      ).filter((row) => row?.local === remote && row.remote === local);
      if (rows.length === 0) continue;
      return rows.every((row) => row?.isOpen === true && (row.uid === userId || row.uid === ROOT));
    }
    return acceptsUnlisted;
  };
}

/** Returns a function that reads after it was called, once for all callers that wait. */
function shareReads(read: ReadSocketTables): ReadSocketTables {
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
