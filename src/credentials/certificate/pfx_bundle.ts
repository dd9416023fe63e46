// @ts-types="./node_forge.d.ts"
import forge, { type Asn1, type Bag, type Pfx } from "node-forge";
import { CliError } from "../../errors.ts";
import { type Bundle, notRsa, passwordMissing, passwordWrong, type TakePassword } from "./bundle.ts";

const { certBag, keyBag, pkcs8ShroudedKeyBag } = forge.pki.oids;

/** Reads a PFX file (PKCS#12, RFC 7292) with certificates and a key. @throws {CliError} `usage` */
export async function readPfxBundle(
  content: Uint8Array,
  path: string,
  password: TakePassword,
): Promise<Bundle> {
  const pfx = parseAsn1(content, path);
  // Many files have none, or an empty one.
  const opened = open(pfx, "") ?? await openWith(pfx, path, password);
  const bags = (type: string) => opened.getBags({ bagType: type })[type] ?? [];
  const keys = [...bags(pkcs8ShroudedKeyBag), ...bags(keyBag)];
  const [key] = keys.flatMap((bag) => bag.key ?? []);
  if (key === undefined && keys.length > 0) throw notRsa(path);
  return {
    certificates: bags(certBag).map((bag) => derOf(bag)),
    key: key ?? null,
  };
}

async function openWith(pfx: Asn1, path: string, password: TakePassword) {
  const secret = await password();
  if (secret === null) throw passwordMissing(path);
  const opened = open(pfx, secret.reveal());
  if (opened === null) throw passwordWrong(path);
  return opened;
}

/** The opened file, or null where the password is another: its check sum, or what it decrypts, tells. */
function open(pfx: Asn1, password: string): Pfx | null {
  try {
    return forge.pkcs12.pkcs12FromAsn1(pfx, password);
  } catch {
    return null;
  }
}

function parseAsn1(content: Uint8Array, path: string): Asn1 {
  try {
    return forge.asn1.fromDer(binaryString(content));
  } catch {
    throw new CliError("usage", `${path} is neither PEM nor PFX`, {
      hint: "Expected a PEM file with certificate and key, or a PFX (.pfx, .p12) file.",
    });
  }
}

function derOf({ cert, asn1 }: Bag): Uint8Array {
  // The library doesn't take apart what holds no RSA key, and keeps it whole.
  const whole = cert === undefined || cert === null ? asn1 : forge.pki.certificateToAsn1(cert);
  return Uint8Array.from(forge.asn1.toDer(whole).getBytes(), (character) => character.charCodeAt(0));
}

/** The library's form of bytes. */
function binaryString(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
