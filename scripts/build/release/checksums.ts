import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path/join";

/** The name of the list that {@linkcode formatChecksums} makes. */
export const CHECKSUM_FILE = "SHA256SUMS";

/** The SHA-256 sums of files in `folder`, in the form that `sha256sum --check` reads. */
export async function formatChecksums(folder: string, names: readonly string[]): Promise<string> {
  const lines = await Promise.all(
    names.toSorted().map(async (name) => {
      const sum = await crypto.subtle.digest("SHA-256", await Deno.readFile(join(folder, name)));
      return `${encodeHex(new Uint8Array(sum))}  ${name}\n`;
    }),
  );
  return lines.join("");
}
