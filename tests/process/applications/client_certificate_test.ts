import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { encryptKey, makeClientCertificate, makePfx } from "../../support/secrets/client_certificate.ts";
import { hasNoPseudoTerminal, plainScreen, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import type { ProgramOptions, ProgramResult } from "../../support/program/program.ts";
import { CONFIDENTIAL_APPLICATION, PUBLIC_APPLICATION } from "../../support/provider/directory.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

const { secret: _, ...APPLICATION } = CONFIDENTIAL_APPLICATION;
const AS_APPLICATION = ["--client-id", APPLICATION.clientId, "--flow", "client-credentials"];
const PASSWORD = "the password of the file";

const certificate = await makeClientCertificate();

/** Opens a sandbox whose provider trusts the certificate, and functions to write a file and to get a token with it. */
async function openCertificateSandbox() {
  const sandbox = await openSandbox({
    applications: [PUBLIC_APPLICATION, { ...APPLICATION, certificate: certificate.certificatePem }],
  });
  return {
    sandbox,
    async write(name: string, content: string | Uint8Array): Promise<string> {
      const path = join(sandbox.folder, name);
      await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
      return path;
    },
    async get(path: string, args: readonly string[] = [], options: Partial<ProgramOptions> = {}) {
      return await sandbox.run(
        ["get-token", ...AS_APPLICATION, "--force", "--certificate", path, ...args],
        options,
      );
    },
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}

function lastAssertion({ provider }: Sandbox): string {
  return provider.requestsTo("token").at(-1)?.form.client_assertion ?? "";
}

function assertRefused(result: ProgramResult, code: number, ...named: string[]): void {
  assertEquals([result.code, result.stdout], [code, ""], result.stderr);
  assertMatch(result.stderr, /\nHint: \S/);
  for (const text of named) assertStringIncludes(result.stderr, text);
  assert(!/-----BEGIN|the password of/.test(result.stderr), result.stderr);
}

Deno.test("a PEM or PFX certificate authenticates the application by a signed assertion with its SHA-256 thumbprint", async (test) => {
  await using at = await openCertificateSandbox();
  const { certificatePem, keyPem, pkcs1Pem } = certificate;
  const other = await makeClientCertificate({ key: 1 });
  const files: [name: string, content: string | Uint8Array, env?: Record<string, string>][] = [
    ["pkcs8.pem", keyPem + "\n" + certificatePem],
    ["pkcs1.pem", certificatePem + "\r\n" + pkcs1Pem],
    ["chain.pem", `${other.certificatePem}\n${certificatePem}\n${keyPem}`],
    [
      "encrypted.pem",
      certificatePem + "\n" + encryptKey(certificate, PASSWORD),
      { AZURE_CLIENT_CERTIFICATE_PASSWORD: PASSWORD },
    ],
    ["aes.pfx", makePfx(certificate, PASSWORD), { AZURE_CLIENT_CERTIFICATE_PASSWORD: PASSWORD }],
    ["3des.pfx", makePfx(certificate, PASSWORD, "3des"), { AZURE_CLIENT_CERTIFICATE_PASSWORD: PASSWORD }],
    ["no-password.pfx", makePfx(certificate, "")],
  ];
  const ids = new Set<unknown>();
  for (const [name, content, env = {}] of files) {
    await test.step(name, async () => {
      const path = await at.write(name, content);
      const result = await at.get(path, ["--verbose"], { env });
      assertEquals(result.code, 0, result.stderr);
      assertStringIncludes(result.stderr, `Credential: --certificate (${path})`);
      assertEquals(decodeJwt(result.stdout).azpacr, "2");
      const assertion = lastAssertion(at.sandbox);
      const { alg, x5c, ...header } = decodeProtectedHeader(assertion);
      assertEquals([alg, x5c], ["PS256", undefined]);
      assertEquals(String(header["x5t#S256"]).length, 43);
      ids.add(decodeJwt(assertion).jti);
    });
  }
  assertEquals(ids.size, files.length);
});

Deno.test("--send-certificate-chain or its variable sends the certificate chain", async () => {
  await using at = await openCertificateSandbox();
  const path = await at.write("chain.pem", `${certificate.certificatePem}\n${certificate.keyPem}`);
  const chain = [certificate.certificatePem.replaceAll(/-----[^-]+-----|\s/g, "")];
  for (
    const [args, env] of [
      [["--send-certificate-chain"], {}],
      [[], { AZURE_CLIENT_SEND_CERTIFICATE_CHAIN: "true" }],
    ] as const
  ) {
    const result = await at.get(path, args, { env });
    assertEquals(result.code, 0, result.stderr);
    assertEquals(decodeProtectedHeader(lastAssertion(at.sandbox)).x5c, chain);
  }
});

Deno.test("an unusable certificate file is a clear error before any request", async (test) => {
  await using at = await openCertificateSandbox();
  const { certificatePem, keyPem } = certificate;
  const other = await makeClientCertificate({ key: 1 });
  const expired = await makeClientCertificate({ daysLeft: -2 });
  const ec = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const ecKey = btoa(
    String.fromCharCode(...new Uint8Array(await crypto.subtle.exportKey("pkcs8", ec.privateKey))),
  );
  const cases: [name: string, content: string | Uint8Array, says: string, env?: Record<string, string>][] = [
    ["no-key.pem", certificatePem, "No private key in"],
    ["no-certificate.pem", keyPem, "No certificate in"],
    ["mismatch.pem", certificatePem + "\n" + other.keyPem, "does not belong to its certificate"],
    ["expired.pem", expired.certificatePem + "\n" + expired.keyPem, "expired on"],
    [
      "ec.pem",
      `${certificatePem}\n-----BEGIN PRIVATE KEY-----\n${ecKey}\n-----END PRIVATE KEY-----`,
      "expected an RSA key",
    ],
    ["encrypted.pem", certificatePem + "\n" + encryptKey(certificate, PASSWORD), "protected by a password"],
    ["locked.pfx", makePfx(certificate, PASSWORD), "protected by a password"],
    ["wrong.pfx", makePfx(certificate, PASSWORD), "The password does not open", {
      AZURE_CLIENT_CERTIFICATE_PASSWORD: "another",
    }],
    [
      "wrong.pem",
      certificatePem + "\n" + encryptKey(certificate, PASSWORD),
      "The password does not open",
      { AZURE_CLIENT_CERTIFICATE_PASSWORD: "another" },
    ],
    ["rubbish.bin", new Uint8Array(64).fill(7), "expected PEM or PFX"],
    ["damaged.pem", certificatePem.replace("M", "*") + "\n" + keyPem, "is damaged"],
  ];
  for (const [name, content, says, env = {}] of cases) {
    await test.step(name, async () => {
      const path = await at.write(name, content);
      assertRefused(await at.get(path, [], { env }), 2, says, path);
    });
  }
  assertRefused(await at.get("/nowhere.pem"), 2, "no such file", "Check --certificate");
  assertEquals(at.sandbox.provider.requestsTo("token").length, 0);
});

Deno.test("a certificate that is not registered is rejected with AADSTS700027", async () => {
  await using at = await openCertificateSandbox();
  const other = await makeClientCertificate({ key: 1 });
  const path = await at.write("other.pem", other.certificatePem + "\n" + other.keyPem);
  assertRefused(await at.get(path), 3, "AADSTS700027", "does not have this certificate");
});

Deno.test("a profile names its certificate, and AZURE_CLIENT_CERTIFICATE_PATH overrides it", async () => {
  await using at = await openCertificateSandbox();
  const { sandbox } = at;
  const path = await at.write("good.pem", certificate.certificatePem + "\n" + certificate.keyPem);
  const { tenantId, origin } = sandbox.provider;
  const ids = ["--tenant-id", tenantId, "--authority", origin, ...AS_APPLICATION];
  const created = await sandbox.run(["create-profile", "--name", "job", ...ids, "--certificate", path]);
  assertEquals(created.code, 0, created.stderr);
  const book = JSON.parse(await Deno.readTextFile(join(sandbox.home, "profiles.json")));
  assertEquals([book.profiles.job.certificate, book.profiles.job.scopes], [
    path,
    ["https://graph.microsoft.com/.default"],
  ]);
  const good = await sandbox.run(["get-token", "-p", "job"]);
  assertEquals(good.code, 0, good.stderr);
  const env = { AZURE_CLIENT_CERTIFICATE_PATH: "/nowhere.pem" };
  assertRefused(
    await sandbox.run(["refresh", "-p", "job"], { env }),
    2,
    "Check AZURE_CLIENT_CERTIFICATE_PATH",
  );
  const renewed = await sandbox.run(["refresh", "-p", "job"]);
  assertEquals(renewed.code, 0, renewed.stderr);
  const now = await sandbox.run(["get-token", "-p", "job"]);
  assertNotEquals(now.stdout, good.stdout);
});

Deno.test({
  name: "the password of a PFX is prompted for without echo",
  ignore: hasNoPseudoTerminal,
  async fn() {
    await using at = await openCertificateSandbox();
    const path = await at.write("locked.pfx", makePfx(certificate, PASSWORD));
    const args = ["get-token", ...AS_APPLICATION, "--certificate", path].join(" ");
    const shell = await startOnTerminal(at.sandbox, `entra-auth-cli ${args}`);
    await shell.stdoutMatch(/Password of /);
    await shell.type(`${PASSWORD}\r`);
    const { code, stdout } = await shell.ended;
    assertEquals(code, 0, stdout);
    assert(!stdout.includes(PASSWORD), stdout);
    assertStringIncludes(plainScreen(stdout), "✓ Authentication successful!");
  },
});

/** Opens a sandbox with an encrypted PFX file, and functions that run the program and expect success. */
async function openLockedSandbox() {
  const at = await openCertificateSandbox();
  const { sandbox } = at;
  const { tenantId, origin } = sandbox.provider;
  const path = await at.write("locked.pfx", makePfx(certificate, PASSWORD));
  return {
    ...at,
    path,
    create: ["create-profile", "--tenant-id", tenantId, "--authority", origin, ...AS_APPLICATION],
    async run(args: readonly string[], options: Partial<ProgramOptions> = {}): Promise<string> {
      const result = await sandbox.run(args, options);
      assertEquals(result.code, 0, result.stderr);
      assert(!(result.stdout + result.stderr).includes(PASSWORD));
      return result.stderr;
    },
  };
}

Deno.test("the password that create-profile stores decrypts the certificate, moves with the profile, and is deleted by --unset", async () => {
  await using at = await openLockedSandbox();
  const { sandbox, path, create, run } = at;
  const password = { stdin: `${PASSWORD}\n` };
  const said = await run([
    ...create,
    ...["--name", "job", "--certificate", path, "--certificate-password-stdin"],
  ], password);
  assertMatch(said, /^✓ Certificate password saved, encrypted\n/);
  for await (const { name, isFile } of Deno.readDir(sandbox.home)) {
    if (isFile) assert(!(await Deno.readTextFile(join(sandbox.home, name))).includes(PASSWORD), name);
  }
  const get = (name: string, env = {}) => sandbox.run(["get-token", "-p", name, "--force"], { env });
  assertEquals((await get("job")).code, 0);
  assertRefused(await get("job", { AZURE_CLIENT_CERTIFICATE_PASSWORD: "another" }), 2, "does not open");

  await run(["edit-profile", "--name", "job", "--rename", "nightly"]);
  const file = join(sandbox.folder, "exported.json");
  const sealed = ["--file", file, "--passphrase-stdin"];
  const passphrase = { stdin: "correct horse battery" };
  await run(["export-profile", "--name", "nightly", "--include-secrets", ...sealed], passphrase);
  const forgotten = await run(["edit-profile", "--name", "nightly", "--unset", "certificate-password"]);
  assertMatch(forgotten, /^✓ Certificate password deleted\n✓ Profile 'nightly' changed\n/);
  assertRefused(await get("nightly"), 2, "protected by a password", "--certificate-password-stdin");
  assertMatch(
    await run(["edit-profile", "--name", "nightly", "--unset", "certificate-password"]),
    /^Nothing was changed\n/,
  );
  await run(["import-profile", "--force", ...sealed], passphrase);
  assertEquals((await get("nightly")).code, 0);

  await run(["delete-profile", "--name", "nightly"]);
  await run([...create, "--name", "nightly", "--certificate", path]);
  assertRefused(await get("nightly"), 2, "protected by a password");
});

Deno.test("a profile stores a client secret and a certificate password, and each is deleted separately", async () => {
  await using at = await openLockedSandbox();
  const { sandbox, path, create, run } = at;
  const edit = ["edit-profile", "--name", "job"];
  await run([...create, "--name", "job", "--client-secret-stdin"], {
    stdin: "no secret of the application's",
  });
  const both = await sandbox.run([...edit, "--client-secret-stdin", "--certificate-password-stdin"]);
  assertRefused(both, 2, "--client-secret-stdin");
  const early = await sandbox.run([...edit, "--certificate-password-stdin"], { stdin: PASSWORD });
  assertRefused(early, 2, "no certificate", "--certificate FILE");
  await run([...edit, "--certificate", path, "--certificate-password-stdin"], { stdin: PASSWORD });
  const get = () => sandbox.run(["get-token", "-p", "job", "--force", "--verbose"]);
  assertRefused(await get(), 3, "Credential: the profile's secret\n", "AADSTS700");
  await run([...edit, "--unset", "client-secret"]);
  const good = await get();
  assertEquals(good.code, 0, good.stderr);
  assertStringIncludes(good.stderr, `Credential: the profile's certificate (${path})\n`);
  // The password is useless without its certificate.
  await run([...edit, "--unset", "certificate"]);
  await run([...edit, "--certificate", path]);
  assertRefused(await get(), 2, "protected by a password");
});

Deno.test({
  name: "create-profile and edit-profile prompt for a certificate password without echo",
  ignore: hasNoPseudoTerminal,
  async fn() {
    await using at = await openLockedSandbox();
    const { sandbox, path, create, run } = at;
    const type = async (args: readonly string[], label: string, text: string) => {
      const shell = await startOnTerminal(sandbox, `entra-auth-cli ${args.join(" ")}`);
      await shell.stdoutMatch(new RegExp(`Certificate Password \\(Enter: ${label}\\)`));
      await shell.type(`${text}\r`);
      const { code, stdout } = await shell.ended;
      assertEquals(code, 0, stdout);
      assert(!stdout.includes(PASSWORD), stdout);
      return plainScreen(stdout);
    };
    const wrong = await startOnTerminal(
      sandbox,
      `entra-auth-cli ${[...create, "--name", "x"].join(" ")} --certificate ${path}.no`,
    );
    const missing = await wrong.ended;
    assertEquals(missing.code, 2, missing.stdout);
    assert(!missing.stdout.includes("Password"), "a file is checked before its password is asked for");
    const none = await type([...create, "--name", "job", "--certificate", path], "none", "");
    assert(!none.includes("kept"), none);
    const edit = ["edit-profile", "--name", "job", "--certificate", path];
    const saved = await type(edit, "unchanged", `not it\r${PASSWORD}`);
    assertMatch(
      saved,
      /The password does not open the certificate[^]*✓ Certificate password saved, encrypted/,
    );
    assertStringIncludes(await type(edit, "unchanged", ""), "Nothing was changed");
    await run(["get-token", "-p", "job"]);
  },
});
