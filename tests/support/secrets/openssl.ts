import { join } from "@std/path/join";
// @ts-types="../../../src/credentials/certificate/node_forge.d.ts"
import forge, { type Asn1 } from "node-forge";

/** Whether there is no OpenSSL 3, which writes certificate files for the tests. */
export const hasNoOpenssl = !await hasOpenssl();

async function hasOpenssl(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("openssl", { args: ["version"] }).output();
    return /^OpenSSL 3\./.test(new TextDecoder().decode(stdout));
  } catch {
    return false;
  }
}

/** A folder with keys and certificates of OpenSSL, removed when it is disposed. */
export interface OpensslFolder extends AsyncDisposable {
  /** Returns the path of a file in the folder. */
  path(name: string): string;
  read(name: string): Promise<string>;
  /** Runs `openssl` in the folder. The arguments are separated by spaces; `PASSWORD` stands for the password. */
  run(command: string): Promise<void>;
}

/** Creates a folder for the files of a test. @throws {Error} What a failed command printed. */
export async function openOpensslFolder(password = ""): Promise<OpensslFolder> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-openssl-" });
  return {
    path: (name) => join(folder, name),
    read: (name) => Deno.readTextFile(join(folder, name)),
    async run(command) {
      const args = command.split(" ").map((arg) => arg.replace("PASSWORD", password));
      const { success, stderr } = await new Deno.Command("openssl", { args, cwd: folder, stdin: "null" })
        .output();
      if (!success) throw new Error(`openssl ${command}: ${new TextDecoder().decode(stderr)}`);
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Returns an encrypted key in PEM, or a PFX file, with another iteration count of the key or the MAC. */
export function withIterations<T extends string | Uint8Array>(file: T, count: number): T;
export function withIterations(file: string | Uint8Array, count: number): string | Uint8Array {
  if (typeof file !== "string") return patch(file, count);
  const body = /-----BEGIN ENCRYPTED PRIVATE KEY-----([^-]+)/.exec(file)?.[1] ?? "";
  const der = Uint8Array.from(atob(body.replace(/\s/g, "")), (character) => character.charCodeAt(0));
  const changed = btoa(String.fromCharCode(...patch(der, count))).replace(/.{64}/g, "$&\n");
  return file.replace(body, `\n${changed}\n`);
}

function patch(der: Uint8Array, count: number): Uint8Array {
  const structure = forge.asn1.fromDer(forge.util.binary.raw.encode(der));
  const bytes = [24, 16, 8, 0].map((shift) => String.fromCharCode((count >>> shift) & 0xff)).join("");
  // DER wants as few bytes as the number needs, and one more if it would be negative.
  const digits = bytes.replace(/^\0+/, "");
  setIterations(structure, digits.charCodeAt(0) < 0x80 ? digits : `\0${digits}`);
  return Uint8Array.from(forge.asn1.toDer(structure).getBytes(), (character) => character.charCodeAt(0));
}

/** The count is the integer after the salt. */
function setIterations({ value }: Asn1, count: string): void {
  if (typeof value === "string") return;
  for (const [index, node] of value.entries()) {
    const isCount = node.type === forge.asn1.Type.INTEGER && index > 0 && typeof node.value === "string";
    if (isCount) node.value = count;
    setIterations(node, count);
  }
}
