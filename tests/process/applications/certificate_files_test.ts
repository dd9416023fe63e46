import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { join } from "@std/path/join";
import { decodeJwt, decodeProtectedHeader } from "jose";
import {
  hasNoOpenssl,
  openOpensslFolder,
  type OpensslFolder,
  withIterations,
} from "../../support/secrets/openssl.ts";
import type { ProgramOptions, ProgramResult } from "../../support/program/program.ts";
import { CONFIDENTIAL_APPLICATION, PUBLIC_APPLICATION } from "../../support/provider/directory.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

const { secret: _, ...APPLICATION } = CONFIDENTIAL_APPLICATION;
const AS_APPLICATION = ["--client-id", APPLICATION.clientId, "--flow", "client-credentials", "--force"];
/** In two, three and four bytes of UTF-8. */
const PASSWORD = "Grüße-€5-😀";
const WITH_PASSWORD = { env: { AZURE_CLIENT_CERTIFICATE_PASSWORD: PASSWORD } };

/** Opens a sandbox whose provider trusts a certificate of OpenSSL's: `key.pem` and `certificate.pem`. */
async function openOpensslSandbox() {
  const files = await openOpensslFolder(PASSWORD);
  await files.run(
    "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 30 -subj /CN=job",
  );
  const certificate = await files.read("certificate.pem");
  const sandbox = await openSandbox({ applications: [PUBLIC_APPLICATION, { ...APPLICATION, certificate }] });
  return {
    files,
    sandbox,
    /** Writes a file with the certificate and a key, or a PFX file. */
    async write(name: string, content: string | Uint8Array): Promise<string> {
      const path = join(sandbox.folder, name);
      await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
      return path;
    },
    get(path: string, options: Partial<ProgramOptions> = WITH_PASSWORD, args: readonly string[] = []) {
      return sandbox.run(["get-token", ...AS_APPLICATION, "--certificate", path, ...args], options);
    },
    async [Symbol.asyncDispose]() {
      await sandbox[Symbol.asyncDispose]();
      await files[Symbol.asyncDispose]();
    },
  };
}

/** Runs a command that writes `out`, and returns the content: PEM with the certificate, or PFX. */
async function make(files: OpensslFolder, command: string): Promise<string | Uint8Array> {
  await files.run(command.startsWith("pkcs12") ? `${command} ${PFX}` : command);
  if (command.startsWith("pkcs12")) return await Deno.readFile(files.path("out"));
  return await files.read("certificate.pem") + await files.read("out");
}

const PFX = "-export -inkey key.pem -in certificate.pem -passout pass:PASSWORD -out out";
const PKCS8 = "pkcs8 -topk8 -in key.pem -passout pass:PASSWORD -out out";
const PKCS1 = "rsa -traditional -in key.pem -passout pass:PASSWORD -out out";

function lastAssertion({ provider }: Sandbox): string {
  return provider.requestsTo("token").at(-1)?.form.client_assertion ?? "";
}

function assertRefused({ code, stdout, stderr }: ProgramResult, ...named: string[]): void {
  assertEquals([code, stdout], [2, ""], stderr);
  assertMatch(stderr, /\nHint: \S/);
  for (const text of named) assertStringIncludes(stderr, text);
  assert(!stderr.includes(PASSWORD) && !stderr.includes("-----BEGIN"), stderr);
}

/** Commands that write files with a password. */
const ENCRYPTED: Readonly<Record<string, string>> = {
  "PFX of OpenSSL 3": "pkcs12",
  "PFX of older programs, with RC2-40 and 3DES": "pkcs12 -legacy",
  "PFX with RC2-128": "pkcs12 -legacy -certpbe PBE-SHA1-RC2-128 -keypbe PBE-SHA1-RC2-128",
  "PFX with 3DES": "pkcs12 -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1",
  "PFX with AES-128, AES-192 and a MAC of SHA-512":
    "pkcs12 -certpbe AES-128-CBC -keypbe AES-192-CBC -macalg sha512",
  "PFX with PBES2 of 3DES": "pkcs12 -certpbe des-ede3-cbc -keypbe des-ede3-cbc -macalg sha384",
  "PFX without a MAC": "pkcs12 -nomac",
  "PFX with 100,000 iterations": "pkcs12 -iter 100000",
  "PKCS#8": PKCS8,
  "PKCS#8 with AES-128 and SHA-512": `${PKCS8} -v2 aes-128-cbc -v2prf hmacWithSHA512`,
  "PKCS#8 with SHA-1": `${PKCS8} -v2 aes-192-cbc -v2prf hmacWithSHA1`,
  "PKCS#8 with PBES2 of 3DES": `${PKCS8} -v2 des3`,
  "PKCS#8 with 3DES": `${PKCS8} -v1 PBE-SHA1-3DES`,
  "PKCS#1 with AES-256": `${PKCS1} -aes256`,
  "PKCS#1 with AES-128": `${PKCS1} -aes128`,
  "PKCS#1 with 3DES": `${PKCS1} -des3`,
};

Deno.test({
  name:
    "every kind of encrypted file that OpenSSL writes is opened with a password beyond ASCII, and with no other",
  ignore: hasNoOpenssl,
  async fn(test) {
    await using at = await openOpensslSandbox();
    for (const [kind, command] of Object.entries(ENCRYPTED)) {
      await test.step(kind, async () => {
        const path = await at.write("file", await make(at.files, command));
        const result = await at.get(path);
        assertEquals(result.code, 0, result.stderr);
        assertEquals(decodeJwt(result.stdout).azpacr, "2");
        const other = { env: { AZURE_CLIENT_CERTIFICATE_PASSWORD: "Grusse" } };
        assertRefused(await at.get(path, other), `The password does not open ${path}`);
      });
    }
  },
});

Deno.test({
  name: "files without a password are opened, a PFX in Base64 too",
  ignore: hasNoOpenssl,
  async fn(test) {
    await using at = await openOpensslSandbox();
    const { files } = at;
    await files.run("pkcs12 -export -inkey key.pem -in certificate.pem -passout pass: -out empty.pfx");
    const pfx = await Deno.readFile(files.path("empty.pfx"));
    const contents: Readonly<Record<string, string | Uint8Array>> = {
      "PKCS#8": await make(files, "pkcs8 -topk8 -nocrypt -in key.pem -out out"),
      "PKCS#1": await make(files, "rsa -traditional -in key.pem -out out"),
      "PFX with an empty password": pfx,
      "PFX with nothing encrypted": await make(files, "pkcs12 -certpbe NONE -keypbe NONE -nomac"),
      "Base64 as Azure Key Vault exports it": encodeBase64(pfx),
      "Base64 in lines": encodeBase64(pfx).replace(/.{64}/g, "$&\r\n") + "\r\n",
    };
    for (const [kind, content] of Object.entries(contents)) {
      await test.step(kind, async () => {
        const result = await at.get(await at.write("file", content), { env: {} });
        assertEquals(result.code, 0, result.stderr);
      });
    }
  },
});

/** Commands that write files which cannot be opened, with the algorithm. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  [`${PKCS8} -scrypt`]: "scrypt",
  [`${PKCS8} -v2 camellia-256-cbc`]: "1.2.392.200011.61.1.1.1.4",
  [`${PKCS8} -v2 aes-256-cbc -v2prf hmacWithSHA224`]: "hmacWithSHA224",
  [`${PKCS8} -v1 PBE-SHA1-2DES`]: "pbeWithSHAAnd2-KeyTripleDES-CBC",
  [`${PKCS8} -v1 PBE-MD5-DES -provider legacy -provider default`]: "pbeWithMD5AndDES-CBC",
  [`${PKCS1} -camellia256`]: "CAMELLIA-256-CBC",
  "pkcs12 -certpbe PBE-SHA1-RC4-128 -legacy": "pbeWithSHAAnd128BitRC4",
  "pkcs12 -macalg sha224": "sha224",
};

Deno.test({
  name: "an encryption that is not supported is named, and no password is blamed",
  ignore: hasNoOpenssl,
  async fn(test) {
    await using at = await openOpensslSandbox();
    for (const [command, algorithm] of Object.entries(UNSUPPORTED)) {
      await test.step(algorithm, async () => {
        const path = await at.write("file", await make(at.files, command));
        const refused = await at.get(path);
        assertRefused(refused, `Unsupported encryption in ${path}: ${algorithm}\n`, "Hint: openssl ");
      });
    }
    assertEquals(at.sandbox.provider.requestsTo("token").length, 0);
  },
});

Deno.test({
  name: "a key of 1024 bits and an encrypted key that is not RSA are refused before any request",
  ignore: hasNoOpenssl,
  async fn() {
    await using at = await openOpensslSandbox();
    const { files } = at;
    await files.run(
      "req -x509 -newkey rsa:1024 -nodes -keyout short.pem -out short-certificate.pem -subj /CN=job",
    );
    const short = await at.write(
      "short",
      await files.read("short-certificate.pem") + await files.read("short.pem"),
    );
    assertRefused(await at.get(short), `The RSA key in ${short} has 1024 bits: expected at least 2048\n`);
    for (
      const command of [
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:PASSWORD -out out",
        "ec -in out -passin pass:PASSWORD -aes256 -passout pass:PASSWORD -out out2",
      ]
    ) await files.run(command);
    for (const name of ["out", "out2"]) {
      const path = await at.write(name, await files.read("certificate.pem") + await files.read(name));
      assertRefused(await at.get(path), `Unsupported key in ${path}: expected an RSA key\n`);
    }
    assertEquals(at.sandbox.provider.requestsTo("token").length, 0);
  },
});

/** Of PBKDF2, of the MAC of a PFX, and of the key derivation of PKCS#12. */
const ITERATED = [`${PKCS8} -v2prf hmacWithSHA512`, "pkcs12", `${PKCS8} -v1 PBE-SHA1-3DES`];

Deno.test({
  name: "more iterations than anyone needs are refused, and fewer end with --timeout or a signal",
  ignore: hasNoOpenssl || Deno.build.os === "windows",
  async fn(test) {
    await using at = await openOpensslSandbox();
    for (const command of ITERATED) {
      await test.step(command, async () => {
        const content = await make(at.files, command);
        const endless = await at.write("endless", withIterations(content, 2 ** 31));
        const limit = "2147483648, expected 1 to 10000000\n";
        assertRefused(
          await at.get(endless),
          `Too many iterations of the key derivation in ${endless}: ${limit}`,
        );
        const none = await at.write("none", withIterations(content, 0));
        assertRefused(
          await at.get(none),
          `Too many iterations of the key derivation in ${none}: 0, expected 1`,
        );

        const slow = withIterations(content, 10_000_000);
        const path = await at.write("slow", slow);
        const late = await at.get(path, WITH_PASSWORD, ["--timeout", "1s"]);
        assertEquals([late.code, late.stdout], [5, ""], late.stderr);
        assertStringIncludes(late.stderr, `Timeout decrypting ${path}: its key was not derived within 1 s\n`);

        const pipe = join(at.sandbox.folder, "pipe");
        assertEquals((await new Deno.Command("mkfifo", { args: [pipe] }).output()).code, 0);
        const program = at.sandbox.start(
          ["get-token", ...AS_APPLICATION, "--certificate", pipe],
          WITH_PASSWORD,
        );
        // The program has read the file when this returns.
        await Deno.writeFile(pipe, typeof slow === "string" ? new TextEncoder().encode(slow) : slow);
        program.kill("SIGINT");
        const interrupted = await program.ended;
        await Deno.remove(pipe);
        assertEquals([interrupted.code, interrupted.stdout], [130, ""], interrupted.stderr);
        assertMatch(interrupted.stderr, /Interrupted/);
      });
    }
    assertEquals(at.sandbox.provider.requestsTo("token").length, 0);
  },
});

/** Issues `NAME.pem` for `NAME.key` by the certificate of `issuer`. */
async function issue(files: OpensslFolder, name: string, issuer: string, key: string): Promise<void> {
  await files.run(`req -new -key ${key} -subj /CN=${name} -out ${name}.csr`);
  const signer = `-CA ${issuer}.pem -CAkey ${issuer}.key -CAcreateserial`;
  await files.run(`x509 -req -in ${name}.csr ${signer} -days 30 -out ${name}.pem`);
}

Deno.test({
  name:
    "--send-certificate-chain sends each certificate before its issuer, whatever their order, and no other",
  ignore: hasNoOpenssl,
  async fn() {
    await using files = await openOpensslFolder();
    const root = "req -x509 -newkey rsa:2048 -nodes -days 30 -subj";
    await files.run(`${root} /CN=root -keyout root.key -out root.pem`);
    await files.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out middle.key");
    await issue(files, "middle", "root", "middle.key");
    await files.run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out leaf.key");
    await issue(files, "leaf", "middle", "leaf.key");
    await files.run(`${root} /CN=middle -keyout namesake.key -out namesake.pem`);
    await files.run(`${root} /CN=stranger -keyout stranger.key -out stranger.pem`);
    const pems = await Promise.all(
      ["stranger", "root", "namesake", "middle", "leaf"].map((name) => files.read(`${name}.pem`)),
    );
    const [, rootPem = "", , middlePem = "", leafPem = ""] = pems;
    await Deno.writeTextFile(files.path("others.pem"), pems.slice(0, 4).join(""));
    await files.run(
      "pkcs12 -export -inkey leaf.key -in leaf.pem -certfile others.pem -passout pass: -out leaf.pfx",
    );
    await Deno.writeTextFile(files.path("leaf-last.pem"), pems.join("") + await files.read("leaf.key"));

    await using sandbox = await openSandbox({
      applications: [PUBLIC_APPLICATION, { ...APPLICATION, certificate: leafPem }],
    });
    const expected = [leafPem, middlePem, rootPem].map((pem) => pem.replaceAll(/-----[^-]+-----|\s/g, ""));
    for (const name of ["leaf-last.pem", "leaf.pfx"]) {
      const args = ["--certificate", files.path(name), "--send-certificate-chain"];
      const result = await sandbox.run(["get-token", ...AS_APPLICATION, ...args]);
      assertEquals(result.code, 0, result.stderr);
      assertEquals(decodeProtectedHeader(lastAssertion(sandbox)).x5c, expected);
    }
  },
});
