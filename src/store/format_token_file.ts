import { encryptAesGcm } from "@std/crypto/aes-gcm";
import { joinBytes } from "../text/join_bytes.ts";
import {
  HEADER,
  MAGIC,
  partLabel,
  type PlainRecord,
  SEAL_LENGTH,
  type TokenFileHeader,
  VERSION,
} from "./token_file.ts";

/** Writes `tokens.enc`: the records in their order, sealed with this key. */
export async function formatTokenFile(
  header: Omit<TokenFileHeader, "random">,
  key: CryptoKey,
  records: readonly PlainRecord[],
): Promise<Uint8Array> {
  const index = records.map(({ kind, name, data }) => ({ kind, name, length: data.length + SEAL_LENGTH }));
  const indexText = new TextEncoder().encode(JSON.stringify(index));

  const headerBytes = new Uint8Array(HEADER.length);
  headerBytes.set(MAGIC);
  headerBytes[HEADER.version] = VERSION;
  headerBytes[HEADER.keyStore] = header.keyStore;
  headerBytes.set(header.keyId, HEADER.keyId);
  crypto.getRandomValues(headerBytes.subarray(HEADER.random, HEADER.indexLength));
  new DataView(headerBytes.buffer).setUint32(HEADER.indexLength, indexText.length + SEAL_LENGTH);

  const parts = [indexText, ...records.map(({ data }) => data)];
  const sealed = await Promise.all(parts.map((part, number) => seal(part, key, headerBytes, number)));
  return joinBytes(headerBytes, ...sealed);
}

async function seal(
  data: Uint8Array,
  key: CryptoKey,
  header: Uint8Array,
  number: number,
): Promise<Uint8Array> {
  return await encryptAesGcm(key, new Uint8Array(data), { additionalData: partLabel(header, number) });
}
