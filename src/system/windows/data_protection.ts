import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { CliError } from "../../errors.ts";
import type { Bytes } from "../files/files.ts";
import { permittedSync } from "../permission.ts";

/** The operating system's own encryption for the present user: Windows' DPAPI. */
export interface DataProtection {
  /**
   * Encrypts `data` for this user on this machine. `entropy` is needed again to decrypt.
   *
   * @throws {CliError} `permission`, or `store` where the system can't do it.
   */
  protect(data: Uint8Array, entropy: Uint8Array): Bytes;
  /**
   * Decrypts what `protect` gave, or null when this user can't (any more).
   *
   * @throws {CliError} `permission`, or `store` where the system can't do it.
   */
  unprotect(sealed: Uint8Array, entropy: Uint8Array): Bytes | null;
}

/**
 * Where Windows has its cryptographic library. The whole path, because Deno looks for a library that its permissions
 * name in short in the current folder, and because nobody can put another one in its way then.
 */
export const CRYPT32 = "C:\\Windows\\System32\\crypt32.dll";

/**
 * DPAPI, called directly: CryptProtectData and CryptUnprotectData of crypt32.dll, for the present user and never with a
 * question on the screen. All that it needs is `--allow-ffi` for {@linkcode CRYPT32}. For Windows only.
 *
 * See https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptprotectdata
 */
export function openDataProtection(): DataProtection {
  return {
    protect(data, entropy) {
      const sealed = withCrypt32((crypt32) => transform(crypt32, "CryptProtectData", data, entropy));
      if (sealed !== null) return sealed;
      throw new CliError("store", "Windows DPAPI did not encrypt the key of the tokens for this user", {
        hint: "It needs the user's Windows profile, which some services and remote sessions do without.\n" +
          NO_DPAPI_HINT,
      });
    },
    unprotect(sealed, entropy) {
      // A failure says nothing about its reason: Deno calls Windows itself before GetLastError could be asked.
      return withCrypt32((crypt32) => transform(crypt32, "CryptUnprotectData", sealed, entropy));
    },
  };
}

const NO_DPAPI_HINT = "To do without it: set ENTRA_AUTH_CLI_KEY to 32 random bytes in base64.";

/** CRYPTPROTECT_UI_FORBIDDEN: fail where a question would have to be asked. */
const NO_QUESTIONS = 0x1;
/** CRYPT_STRING_BASE64. */
const BASE64 = 0x1;
/** CRYPT_STRING_NOCRLF: in one line. */
const ONE_LINE = 0x40000000;

// Deno gives addresses of buffers, and views of memory, only to who may load every library. So crypt32.dll itself makes
// the memory and copies in and out, as the base64 that it reads and writes; addresses are plain numbers (u64) here.
const TRANSFORM = {
  parameters: ["buffer", "u64", "buffer", "u64", "u64", "u32", "buffer"],
  result: "i32",
} as const;
const SYMBOLS = {
  CryptProtectData: TRANSFORM,
  CryptUnprotectData: TRANSFORM,
  CryptMemAlloc: { parameters: ["u32"], result: "u64" },
  CryptMemFree: { parameters: ["u64"], result: "void" },
  CryptStringToBinaryA: {
    parameters: ["buffer", "u32", "u32", "u64", "buffer", "u64", "u64"],
    result: "i32",
  },
  CryptBinaryToStringA: { parameters: ["u64", "u32", "u32", "buffer", "buffer"], result: "i32" },
} as const;

type Crypt32 = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

function withCrypt32<T>(work: (crypt32: Crypt32) => T): T {
  const library = permittedSync([{ name: "ffi", path: CRYPT32 }], "Using Windows DPAPI", load);
  try {
    return work(library.symbols);
  } finally {
    library.close();
  }
}

function load(): Deno.DynamicLibrary<typeof SYMBOLS> {
  try {
    return Deno.dlopen(CRYPT32, SYMBOLS);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new CliError("store", `Windows DPAPI can't be used: ${CRYPT32} can't be loaded`, {
      hint: NO_DPAPI_HINT,
      cause: error,
    });
  }
}

function transform(
  crypt32: Crypt32,
  name: "CryptProtectData" | "CryptUnprotectData",
  data: Uint8Array,
  entropy: Uint8Array,
): Bytes | null {
  using input = new NativeBytes(crypt32, data);
  using purpose = new NativeBytes(crypt32, entropy);
  const output = dataBlob(0n, 0);
  if (crypt32[name](input.blob, 0n, purpose.blob, 0n, 0n, NO_QUESTIONS, output) === 0) return null;
  const [length = 0n, address = 0n] = output;
  const bytes = copyOut(crypt32, address, Number(length));
  // Windows wants it freed by LocalFree. That is in kernel32.dll, and permission for one more library isn't worth a few
  // hundred bytes of a process that soon ends; what was secret in them is gone.
  wipe(crypt32, address, bytes.length);
  return bytes;
}

/** A DATA_BLOB of 64-bit Windows: the length as 32 bits, 32 bits that nobody reads, the address. */
function dataBlob(address: bigint, length: number): BigUint64Array<ArrayBuffer> {
  return new BigUint64Array([BigInt(length), address]);
}

/** Bytes in memory of crypt32.dll's, which is wiped and freed on disposal. */
class NativeBytes implements Disposable {
  /** The DATA_BLOB that stands for them. */
  readonly blob: BigUint64Array<ArrayBuffer>;
  readonly #crypt32: Crypt32;
  readonly #address: bigint;
  readonly #length: number;

  constructor(crypt32: Crypt32, bytes: Uint8Array) {
    this.#crypt32 = crypt32;
    this.#length = bytes.length;
    this.#address = crypt32.CryptMemAlloc(bytes.length);
    if (this.#address === 0n) throw new Error(`Cannot have ${bytes.length} bytes of memory`);
    this.blob = dataBlob(this.#address, bytes.length);
    copyIn(crypt32, bytes, this.#address);
  }

  [Symbol.dispose](): void {
    wipe(this.#crypt32, this.#address, this.#length);
    this.#crypt32.CryptMemFree(this.#address);
  }
}

function copyIn(crypt32: Crypt32, bytes: Uint8Array, address: bigint): void {
  // A text of length 0 is one whose end Windows looks for.
  if (bytes.length === 0) return;
  const text = new TextEncoder().encode(encodeBase64(bytes));
  const size = new Uint32Array([bytes.length]);
  if (crypt32.CryptStringToBinaryA(text, text.length, BASE64, address, size, 0n, 0n) === 0) {
    throw new Error(`Cannot copy ${bytes.length} bytes to where Windows DPAPI reads them`);
  }
}

function copyOut(crypt32: Crypt32, address: bigint, length: number): Bytes {
  // Four letters for each three bytes, and the zero that ends C's strings.
  const text = new Uint8Array(4 * Math.ceil(length / 3) + 1);
  const size = new Uint32Array([text.length]);
  if (crypt32.CryptBinaryToStringA(address, length, BASE64 | ONE_LINE, text, size) === 0) {
    throw new Error(`Cannot copy ${length} bytes from where Windows DPAPI left them`);
  }
  return decodeBase64(new TextDecoder().decode(text.subarray(0, -1)));
}

function wipe(crypt32: Crypt32, address: bigint, length: number): void {
  copyIn(crypt32, new Uint8Array(length), address);
}
