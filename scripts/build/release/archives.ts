/** Archives in the formats of packages. The same files give the same bytes: no time, owner or order of this machine. */

import { concat } from "@std/bytes/concat";
import { crc32 } from "node:zlib";

/** A file of an archive. */
export interface Entry {
  /** Its path in the archive, with slashes. */
  readonly path: string;
  readonly data: Uint8Array<ArrayBuffer>;
  /** Whether it is a program. */
  readonly isExecutable?: boolean;
}

type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** Returns what `text` is in an archive. */
export function textEntry(path: string, text: string): Entry {
  return { path, data: encoder.encode(text) };
}

/** Packs files into a tar archive in the ustar format (POSIX.1-1988). Folders of the paths come before what is in them. */
export function tar(entries: readonly Entry[]): Bytes {
  const folders = new Set<string>();
  const blocks: Bytes[] = [];
  for (const { path, data, isExecutable } of entries) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = `${parts.slice(0, depth).join("/")}/`;
      if (folder !== "./" && !folders.has(folder)) blocks.push(tarHeader(folder, 0o755, 0, "5"));
      folders.add(folder);
    }
    blocks.push(tarHeader(path, isExecutable ? 0o755 : 0o644, data.length, "0"), data);
    blocks.push(new Uint8Array(-data.length & 511));
  }
  return concat([...blocks, new Uint8Array(1024)]);
}

function tarHeader(path: string, mode: number, size: number, type: "0" | "5"): Bytes {
  const header = new Uint8Array(512);
  const put = (at: number, text: string) => header.set(encoder.encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  if (encoder.encode(path).length > 100) throw new Error(`Cannot archive ${path}: its path is too long`);
  put(0, path);
  put(100, octal(mode, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(0, 11));
  put(148, " ".repeat(8));
  put(156, type);
  put(257, "ustar\0");
  put(263, "00");
  put(265, "root");
  put(297, "root");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return header;
}

/** Packs files into a zip archive (PKWARE's APPNOTE), with modes for Unix and the first day that the format has. */
export async function zip(entries: readonly Entry[]): Promise<Bytes> {
  const parts: Bytes[] = [];
  const directory: Bytes[] = [];
  let offset = 0;
  for (const { path, data, isExecutable } of entries) {
    const name = encoder.encode(path);
    const packed = await compress(data, "deflate-raw");
    const common = [
      [2, 20], // version needed
      [2, 0x800], // names are UTF-8
      [2, 8], // deflate
      [2, 0],
      [2, 0x21], // 1 January 1980
      [4, crc32(data)],
      [4, packed.length],
      [4, data.length],
      [2, name.length],
      [2, 0],
    ] as const;
    const local = concat([fields([4, 0x04034b50], ...common), name, packed]);
    const mode = (0o100000 | (isExecutable ? 0o755 : 0o644)) * 65_536;
    const rest = [[2, 0], [2, 0], [2, 0], [4, mode], [4, offset]] as const;
    directory.push(concat([fields([4, 0x02014b50], [2, 0x0314], ...common, ...rest), name]));
    parts.push(local);
    offset += local.length;
  }
  const listed = concat(directory);
  const count = entries.length;
  const end = fields(
    ...[[4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, listed.length], [4, offset], [
      2,
      0,
    ]] as const,
  );
  return concat([...parts, listed, end]);
}

/** Returns little-endian numbers of the given sizes in bytes. */
function fields(...values: readonly (readonly [size: 2 | 4, value: number])[]): Bytes {
  const bytes = new Uint8Array(values.reduce((total, [size]) => total + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [size, value] of values) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return bytes;
}

/** Compresses as `gzip` or for {@linkcode zip}. */
export async function compress(data: Bytes, format: "gzip" | "deflate-raw"): Promise<Bytes> {
  const stream = new Blob([data]).stream().pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Compresses with the system's `xz`, on one thread: the number of threads would change the bytes. */
export async function xz(data: Bytes, level: string): Promise<Bytes> {
  const command = new Deno.Command("xz", {
    args: ["--compress", "--stdout", "--threads=1", level],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  });
  const child = command.spawn();
  const output = new Response(child.stdout).arrayBuffer();
  await new Blob([data]).stream().pipeTo(child.stdin);
  if (!(await child.status).success) throw new Error("Cannot compress: xz failed");
  return new Uint8Array(await output);
}

/** Packs files into an ar archive, the container of Debian packages. */
export function ar(entries: readonly Entry[]): Bytes {
  const parts = entries.flatMap(({ path, data }) => {
    const fields = [path.padEnd(16), "0".padEnd(12), "0".padEnd(6), "0".padEnd(6), "100644".padEnd(8)];
    const header = `${fields.join("")}${String(data.length).padEnd(10)}\`\n`;
    return [encoder.encode(header), data, encoder.encode(data.length % 2 === 0 ? "" : "\n")];
  });
  return concat([encoder.encode("!<arch>\n"), ...parts]);
}
