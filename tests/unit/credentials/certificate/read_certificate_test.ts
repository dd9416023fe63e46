import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { encodeHex } from "@std/encoding/hex";
import type { TakePassword } from "../../../../src/credentials/certificate/bundle.ts";
import { readCertificate } from "../../../../src/credentials/certificate/read_certificate.ts";
import type { ClientCertificate } from "../../../../src/credentials/client_credential.ts";
import { CliError } from "../../../../src/errors.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { encryptKey, makeClientCertificate, makePfx } from "../../../support/secrets/client_certificate.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const PASSWORD = "the password of the file";
const NOW_MS = Date.now();

/** Valid from ten days ago until tomorrow. */
const certificate = await makeClientCertificate();
const other = await makeClientCertificate({ key: 1 });
const GOOD = `${certificate.certificatePem}\n${certificate.keyPem}`;

interface Reading {
  readonly password?: TakePassword;
  readonly sendChain?: boolean;
  readonly nowMs?: number;
}

async function read(
  content: string | Uint8Array,
  { password = () => Promise.reject(new Error("unexpected prompt")), sendChain = false, nowMs = NOW_MS }:
    Reading = {},
): Promise<ClientCertificate> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
  return await readCertificate(bytes, { path: "job.pem", sendChain, password, nowMs });
}

async function refusal(content: string | Uint8Array, reading: Reading = {}): Promise<CliError> {
  const error = await assertRejects(() => read(content, reading), CliError);
  assertEquals(error.code, "usage");
  assert(!/-----BEGIN|the password of/.test(`${error.message} ${error.hint} ${Deno.inspect(error.cause)}`));
  return error;
}

const give = (password: string | null): TakePassword => () =>
  Promise.resolve(password === null ? null : new Secret(password));

function pemBody(pem: string): string {
  return pem.replaceAll(/-----[^-]+-----|\s/g, "");
}

Deno.test("A certificate is read from PEM with a PKCS#8 or PKCS#1 key, and from PFX", async () => {
  const der = Uint8Array.from(
    atob(pemBody(certificate.certificatePem)),
    (character) => character.charCodeAt(0),
  );
  const thumbprint = encodeHex(await crypto.subtle.digest("SHA-256", der));
  const contents = [
    GOOD,
    `${certificate.keyPem}\n${certificate.certificatePem}`,
    `${certificate.certificatePem}\r\n${certificate.pkcs1Pem}`,
    makePfx(certificate, ""),
  ];
  for (const content of contents) {
    const { thumbprintSha256, privateKeyPem, chainPem } = await read(content);
    assertEquals([thumbprintSha256, chainPem], [thumbprint, null]);
    assertMatch(privateKeyPem.reveal(), /^-----BEGIN PRIVATE KEY-----/);
  }
});

Deno.test("The password of an encrypted file is requested once, and only for such a file", async () => {
  const contents = [
    `${certificate.certificatePem}\n${encryptKey(certificate, PASSWORD)}`,
    makePfx(certificate, PASSWORD),
    makePfx(certificate, PASSWORD, "3des"),
  ];
  for (const content of contents) {
    let requests = 0;
    await read(content, { password: () => Promise.resolve(new Secret(PASSWORD)).finally(() => requests++) });
    assertEquals(requests, 1);
    assertEquals(
      (await refusal(content, { password: give(null) })).message,
      "job.pem is protected by a password",
    );
    assertEquals(
      (await refusal(content, { password: give("wrong") })).message,
      "The password does not open job.pem",
    );
  }
});

Deno.test("The chain starts with the application's certificate, and is empty unless it is to be sent", async () => {
  const content = `${other.certificatePem}\n${GOOD}`;
  const { chainPem } = await read(content, { sendChain: true });
  const chain = (chainPem ?? "").split("-----END CERTIFICATE-----").map(pemBody).filter((body) =>
    body !== ""
  );
  assertEquals(chain, [certificate, other].map(({ certificatePem }) => pemBody(certificatePem)));
  assertEquals((await read(content)).chainPem, null);
});

Deno.test("A certificate that is not yet valid is refused with the day from which it is valid", async () => {
  const firstMs = Math.floor((NOW_MS - 10 * DAY_MS) / 1000) * 1000;
  const error = await refusal(GOOD, { nowMs: firstMs - DAY_MS });
  const day = new Date(firstMs).toISOString().slice(0, 10);
  assertEquals(error.message, `The certificate in job.pem is not valid before ${day}`);
  assertEquals(error.hint, "Check this machine's clock.");
  await read(GOOD, { nowMs: firstMs + 60_000 });
});

Deno.test("An expired certificate is refused with the day on which it expired", async () => {
  const error = await refusal(GOOD, { nowMs: NOW_MS + 3 * DAY_MS });
  assertMatch(error.message, /^The certificate in job\.pem expired on \d{4}-\d\d-\d\d$/);
  assertStringIncludes(error.hint ?? "", "make a new certificate");
});

Deno.test("A file that cannot be used is refused with the reason", async () => {
  const ec = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const ecKey = encodeBase64(await crypto.subtle.exportKey("pkcs8", ec.privateKey));
  const cases: [content: string | Uint8Array, message: string][] = [
    [certificate.certificatePem, "No private key in job.pem"],
    [certificate.keyPem, "No certificate in job.pem"],
    [
      `${certificate.certificatePem}\n${other.keyPem}`,
      "The private key in job.pem does not belong to its certificate",
    ],
    [
      `${certificate.certificatePem}\n-----BEGIN PRIVATE KEY-----\n${ecKey}\n-----END PRIVATE KEY-----`,
      "Unsupported key in job.pem: expected an RSA key",
    ],
    [
      `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${certificate.keyPem}`,
      "Unsupported key in job.pem: expected an RSA key",
    ],
    [
      `${certificate.certificatePem.replace("M", "*")}\n${certificate.keyPem}`,
      "A certificate in job.pem is damaged",
    ],
    [new Uint8Array(64).fill(7), "Unrecognized format of job.pem: expected PEM or PFX"],
    ["", "Unrecognized format of job.pem: expected PEM or PFX"],
  ];
  for (const [content, message] of cases) assertEquals((await refusal(content)).message, message);
});
