import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { encodeHex } from "@std/encoding/hex";
import type { TakePassword } from "../../../../src/credentials/certificate/certificate_file.ts";
import { readCertificate } from "../../../../src/credentials/certificate/read_certificate.ts";
import type { ClientCertificate } from "../../../../src/credentials/client_credential.ts";
import { CliError } from "../../../../src/errors.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { encryptKey, makeClientCertificate, makePfx } from "../../../support/secrets/client_certificate.ts";
import { withIterations } from "../../../support/secrets/openssl.ts";

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
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

async function read(
  content: string | Uint8Array,
  {
    password = () => Promise.reject(new Error("unexpected prompt")),
    sendChain = false,
    nowMs = NOW_MS,
    signal = new AbortController().signal,
    timeoutMs,
  }: Reading = {},
): Promise<ClientCertificate> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
  return await readCertificate(bytes, { path: "job.pem", sendChain, password, nowMs, signal, timeoutMs });
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

Deno.test("The chain has each certificate before its issuer and no other, and is empty unless it is to be sent", async () => {
  const root = await makeClientCertificate({ key: 2, name: "root" });
  const middle = await makeClientCertificate({ key: 1, name: "middle", issuer: { name: "root", key: 2 } });
  const namesake = await makeClientCertificate({ key: 3, name: "middle", issuer: { name: "root", key: 2 } });
  const leaf = await makeClientCertificate({ issuer: { name: "middle", key: 1 } });
  const file = [namesake, other, root, middle, leaf, root].map((made) => made.certificatePem).join("\n");
  const { chainPem } = await read(`${file}\n${leaf.keyPem}`, { sendChain: true });
  const chain = (chainPem ?? "").split("-----END CERTIFICATE-----").map(pemBody).filter((body) =>
    body !== ""
  );
  assertEquals(chain, [leaf, middle, root].map(({ certificatePem }) => pemBody(certificatePem)));
  assertEquals((await read(`${file}\n${leaf.keyPem}`)).chainPem, null);
  // Its name is that of a self-signed certificate.
  const alone = await read(`${other.certificatePem}\n${GOOD}`, { sendChain: true });
  assertEquals(pemBody(alone.chainPem ?? ""), pemBody(certificate.certificatePem));
});

Deno.test("A key of less than 2048 bits is refused", async () => {
  const short = await makeClientCertificate({ key: 4, bits: 1024 });
  const error = await refusal(`${short.certificatePem}\n${short.keyPem}`);
  assertEquals(error.message, "The RSA key in job.pem has 1024 bits: expected at least 2048");
});

/** A key whose derivation takes an iteration count: PBKDF2, and the key derivation of PKCS#12. */
const ITERATED: readonly ((count: number) => string | Uint8Array)[] = [
  (count) => `${certificate.certificatePem}\n${withIterations(encryptKey(certificate, PASSWORD), count)}`,
  (count) => withIterations(makePfx(certificate, PASSWORD), count),
];

Deno.test("An iteration count that takes hours, or is not positive, is refused", async () => {
  for (const make of ITERATED) {
    for (const count of [0, 10_000_001, 2 ** 31]) {
      const { message } = await refusal(make(count), { password: give(PASSWORD) });
      assertEquals(
        message,
        `Too many iterations of the key derivation in job.pem: ${count}, expected 1 to 10000000`,
      );
    }
  }
});

Deno.test({
  name: "The derivation of a key ends with the signal and the time limit",
  // WebCrypto cannot cancel a derivation: it goes on when the wait for it has ended.
  sanitizeOps: false,
  async fn() {
    for (const make of ITERATED) {
      const interrupted = new CliError("interrupted", "Interrupted");
      const controller = new AbortController();
      setTimeout(() => controller.abort(interrupted));
      const reading = read(make(1_000_000), { signal: controller.signal, password: give(PASSWORD) });
      assertEquals(await assertRejects(() => reading), interrupted);
      const late = await assertRejects(
        () => read(make(1_000_000), { password: give(PASSWORD), timeoutMs: 20 }),
        CliError,
      );
      assertEquals(late.code, "timeout");
    }
  },
});

Deno.test("A PFX whose MAC does not match its content is refused", async () => {
  const pfx = makePfx(certificate, PASSWORD);
  // The file ends with the salt of the MAC and the iteration count, of two bytes.
  const saltEnd = pfx.length - 5;
  const changed = pfx.with(saltEnd, (pfx[saltEnd] ?? 0) ^ 1);
  const error = await refusal(changed, { password: give(PASSWORD) });
  assertEquals(error.message, "The password does not open job.pem");
  await read(pfx, { password: give(PASSWORD) });
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
      "A certificate in job.pem is damaged",
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
