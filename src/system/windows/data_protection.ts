import { CliError } from "../../errors.ts";
import type { Bytes } from "../files/files.ts";
import { permittedSync } from "../permission.ts";

/** The encryption of the operating system for the current user: Windows DPAPI. */
export interface DataProtection {
  /**
   * Encrypts `data` for this user on this machine. Decrypting requires the same `entropy`.
   *
   * @throws {CliError} `permission`, or `store` if the system fails.
   */
  protect(data: Uint8Array, entropy: Uint8Array): Bytes;
  /**
   * Decrypts the result of `protect`. Returns null if this user cannot decrypt it (anymore).
   *
   * @throws {CliError} `permission`, or `store` if the system fails.
   */
  unprotect(sealed: Uint8Array, entropy: Uint8Array): Bytes | null;
}

/**
 * The path of the cryptographic library of Windows. It is absolute because Deno resolves a relative path in a permission
 * against the current folder, and because a bare name could load another library from the search path.
 */
export const CRYPT32 = "C:\\Windows\\System32\\crypt32.dll";

/**
 * Opens DPAPI: CryptProtectData and CryptUnprotectData of crypt32.dll, for the current user and without prompts. Requires
 * only `--allow-ffi` for {@linkcode CRYPT32}. Windows only.
 *
 * See https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptprotectdata
 */
export function openDataProtection(): DataProtection {
  return {
    protect(data, entropy) {
      const sealed = withCrypt32((crypt32) => transform(crypt32, "CryptProtectData", data, entropy));
      if (sealed !== null) return sealed;
      throw new CliError("store", "Windows DPAPI could not encrypt the token key for this user", {
        hint:
          "It requires the Windows profile of the user, which some services and remote sessions do not load.\n" +
          NO_DPAPI_HINT,
      });
    },
    unprotect(sealed, entropy) {
      // The reason of a failure is unknown: Deno makes other system calls before GetLastError could be read.
      return withCrypt32((crypt32) => transform(crypt32, "CryptUnprotectData", sealed, entropy));
    },
  };
}

const NO_DPAPI_HINT = "Set ENTRA_AUTH_CLI_KEY to 32 random bytes in base64 to work without DPAPI.";

/** CRYPTPROTECT_UI_FORBIDDEN: fail instead of prompting. */
const NO_PROMPTS = 0x1;
/** CRYPT_STRING_BASE64. */
const BASE64 = 0x1;
/** CRYPT_STRING_NOCRLF. */
const ONE_LINE = 0x40000000;

// Deno provides the addresses of buffers, and views of memory, only with the permission for every library. So crypt32.dll
// itself allocates the memory and copies in and out by its base64 functions; addresses are plain numbers (u64) here.
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
    throw new CliError("store", `Windows DPAPI is unavailable: could not load ${CRYPT32}`, {
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
  if (crypt32[name](input.blob, 0n, purpose.blob, 0n, 0n, NO_PROMPTS, output) === 0) return null;
  const [length = 0n, address = 0n] = output;
  const bytes = copyOut(crypt32, address, Number(length));
  // Not freed: LocalFree is in kernel32.dll, and a few hundred bytes of a short process do not justify the permission for
  // another library. The secret in them is wiped.
  wipe(crypt32, address, bytes.length);
  return bytes;
}

/** Returns a DATA_BLOB of 64-bit Windows: 32 bits length, 32 bits padding, the address. */
function dataBlob(address: bigint, length: number): BigUint64Array<ArrayBuffer> {
  return new BigUint64Array([BigInt(length), address]);
}

/** Bytes in memory of crypt32.dll. Disposing wipes and frees it. */
class NativeBytes implements Disposable {
  /** The DATA_BLOB of the bytes. */
  readonly blob: BigUint64Array<ArrayBuffer>;
  readonly #crypt32: Crypt32;
  readonly #address: bigint;
  readonly #length: number;

  constructor(crypt32: Crypt32, bytes: Uint8Array) {
    this.#crypt32 = crypt32;
    this.#length = bytes.length;
    this.#address = crypt32.CryptMemAlloc(bytes.length);
    if (this.#address === 0n) throw new Error(`Could not allocate ${bytes.length} bytes`);
    this.blob = dataBlob(this.#address, bytes.length);
    copyIn(crypt32, bytes, this.#address);
  }

  [Symbol.dispose](): void {
    wipe(this.#crypt32, this.#address, this.#length);
    this.#crypt32.CryptMemFree(this.#address);
  }
}

function copyIn(crypt32: Crypt32, bytes: Uint8Array, address: bigint): void {
  // For length 0, Windows searches the end of the text.
  if (bytes.length === 0) return;
  const text = new TextEncoder().encode(bytes.toBase64());
  const size = new Uint32Array([bytes.length]);
  if (crypt32.CryptStringToBinaryA(text, text.length, BASE64, address, size, 0n, 0n) === 0) {
    throw new Error(`Could not copy ${bytes.length} bytes to Windows DPAPI`);
  }
}

function copyOut(crypt32: Crypt32, address: bigint, length: number): Bytes {
  // Four characters for every three bytes, and a terminating NUL.
  const text = new Uint8Array(4 * Math.ceil(length / 3) + 1);
  const size = new Uint32Array([text.length]);
  if (crypt32.CryptBinaryToStringA(address, length, BASE64 | ONE_LINE, text, size) === 0) {
    throw new Error(`Could not copy ${length} bytes from Windows DPAPI`);
  }
  return Uint8Array.fromBase64(new TextDecoder().decode(text.subarray(0, -1)));
}

function wipe(crypt32: Crypt32, address: bigint, length: number): void {
  copyIn(crypt32, new Uint8Array(length), address);
}
