import { isJsonObject } from "../text/json.ts";
import { damagedContent, undecryptable } from "./store_error.ts";
import {
  endsOf,
  type FileStart,
  type IndexEntry,
  invalidEntry,
  listOf,
  openPart,
  parsePart,
  recordData,
  recordEntry,
  type SealedPart,
  tiedData,
  type TokenFile,
  unseal,
} from "./token_file_format.ts";

/** The last version whose records depend on their file and their place in it. */
const LAST_TIED_VERSION = 2;

const SUMMARIES_DATA = new TextEncoder().encode("summaries");

/** Returns the file of version 1, 2 or 3 whose index is `value`. @throws {CliError} `unreadable_store` */
export function formerFile(
  { file, key, header, headerBytes, indexEnd }: FileStart,
  value: unknown,
  version: number,
): TokenFile {
  const isTied = version <= LAST_TIED_VERSION;
  const { records, summaries } = parseFormerIndex(value, isTied);
  const { ends, end } = endsOf(records, indexEnd + (summaries?.length ?? 0));
  if (end !== file.size) throw undecryptable();
  const index = records.map((entry, number) => ({ ...entry, offset: (ends[number] ?? 0) - entry.length }));
  const numbers = new Map(index.map(({ offset }, number) => [offset, number + 1]));
  async function all() {
    if (summaries === null) return index;
    const sealed = await file.read(indexEnd, summaries.length);
    const values = parseLines(await openPart(key, sealed, summaries.nonce, SUMMARIES_DATA));
    if (values.length !== index.length) throw damagedContent("the summaries do not match the index");
    return index.map((entry, number) => ({ ...entry, summary: values[number] }));
  }
  return {
    header,
    find: (name) => Promise.resolve(index.filter((entry) => entry.name === name)),
    all,
    async *parts() {
      yield await all();
    },
    async open({ offset, length, nonce, boundTo }) {
      const sealed = await file.read(offset, length);
      if (!isTied) return await openPart(key, sealed, nonce, recordData(boundTo));
      return await unseal(sealed, key, tiedData(headerBytes, numbers.get(offset) ?? 0, boundTo));
    },
    sealed: isTied ? null : {
      size: file.size,
      read: (offset, length) => file.read(offset, length),
      directory: null,
    },
  };
}

/** The index of version 1, 2 or 3. */
interface FormerIndex {
  readonly records: readonly IndexEntry[];
  /** Null in versions 1 and 2. */
  readonly summaries: SealedPart | null;
}

function parseFormerIndex(value: unknown, isTied: boolean): FormerIndex {
  if (isTied) return { records: listOf(value).map(parseTiedEntry), summaries: null };
  if (!isJsonObject(value)) throw damagedContent("the index is not an object");
  return { records: listOf(value.records).map(parseEntry), summaries: parsePart(value.summaries) };
}

function parseEntry(entry: unknown): IndexEntry {
  if (!Array.isArray(entry)) throw invalidEntry();
  const [kind, name, boundTo, length, nonce]: unknown[] = entry;
  if (typeof nonce !== "string") throw invalidEntry();
  return recordEntry(kind, name, boundTo ?? undefined, length, nonce);
}

function parseTiedEntry(entry: unknown): IndexEntry {
  if (!isJsonObject(entry)) throw invalidEntry();
  const { kind, name, boundTo, length } = entry;
  return recordEntry(kind, name, boundTo, length, null);
}

/** Parses the summaries of version 3: lines of JSON, at once, which is faster than one by one. */
function parseLines(data: Uint8Array): unknown[] {
  const lines = new TextDecoder().decode(data);
  if (lines === "") return [];
  try {
    const values: unknown = JSON.parse(`[${lines.replaceAll("\n", ",")}]`);
    if (Array.isArray(values)) return values;
  } catch {
    // Reported below, without the parser's message, which quotes its input.
  }
  throw damagedContent("the summaries are not JSON");
}
