import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import fc from "fast-check";
import { CliError } from "../../../../src/errors.ts";
import { sealText } from "../../../../src/profiles/exchange/passphrase_seal.ts";
import { formatPortable, type PortableProfile } from "../../../../src/profiles/exchange/portable_file.ts";
import { type ImportedProfile, readPortable } from "../../../../src/profiles/exchange/read_portable.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { withoutUndefined } from "../../../support/fixtures/without_undefined.ts";

const PASSPHRASE = new Secret("correct horse battery staple");
const PORTABLE: readonly PortableProfile[] = [{
  profile: {
    name: "work",
    tenantId: "contoso.onmicrosoft.com",
    clientId: "00000000-0000-4000-8000-00000000000a",
    flow: "interactive",
    scopes: ["User.Read", "Mail.Read"],
    authority: "https://login.microsoftonline.us",
    expectUser: "ada@contoso.example",
  },
}, {
  profile: {
    name: "job",
    tenantId: "contoso.onmicrosoft.com",
    clientId: "00000000-0000-4000-8000-00000000000b",
    flow: "client-credentials",
    scopes: [],
    certificate: "/home/me/job.pem",
  },
  clientSecret: new Secret("first secret"),
  certificatePassword: new Secret("second secret"),
}];

function read(text: string, newName?: string, passphrase = PASSPHRASE): Promise<ImportedProfile[]> {
  return readPortable(text, { path: "file.json", newName, askPassphrase: () => Promise.resolve(passphrase) });
}

/** Returns the profiles with their secrets revealed and without absent fields, for comparison. */
function revealed(profiles: readonly PortableProfile[]): unknown {
  return profiles.map(({ profile, clientSecret, certificatePassword }) => [
    withoutUndefined(profile),
    clientSecret?.reveal(),
    certificatePassword?.reveal(),
  ]);
}

async function refusal(text: string, newName?: string): Promise<CliError> {
  return await assertRejects(() => read(text, newName), CliError);
}

Deno.test("readPortable() reads what was written, plain or sealed, and with a byte order mark", async () => {
  const plain = formatPortable(PORTABLE);
  assertEquals(revealed(await read(plain)), revealed(PORTABLE));
  assertEquals(revealed(await read(`\uFEFF${plain}`)), revealed(PORTABLE));
  assertEquals(revealed(await read(await sealText(plain, PASSPHRASE))), revealed(PORTABLE));
});

Deno.test("readPortable() prompts for no passphrase if none is needed, and reads a bare profiles.json", async () => {
  const bare = JSON.stringify({
    version: 1,
    profiles: { work: { ...PORTABLE[0]?.profile, name: undefined } },
  });
  const askPassphrase = () => Promise.reject(new Error("asked"));
  const [work] = await readPortable(bare, { path: "profiles.json", newName: "home", askPassphrase });
  assertEquals(withoutUndefined(work?.profile ?? null), { ...PORTABLE[0]?.profile, name: "home" } as unknown);
});

Deno.test("sealText() hides everything, never returns the same text twice, and accepts a passphrase in any Unicode form", async () => {
  const plain = formatPortable(PORTABLE);
  const passphrase = new Secret("schöne Grüße");
  const [one, two] = [await sealText(plain, passphrase), await sealText(plain, passphrase)];
  for (const word of ["work", "secret", "contoso", "Grüße"]) assert(!one.includes(word), word);
  const fields = [one, two].map((text) => JSON.parse(text));
  assert(fields[0].salt !== fields[1].salt && fields[0].sealed !== fields[1].sealed);
  const decomposed = new Secret(passphrase.reveal().normalize("NFD"));
  assertEquals(revealed(await read(one, undefined, decomposed)), revealed(PORTABLE));
});

Deno.test("readPortable() opens a sealed file only with the right passphrase, and rejects a newer or weaker one", async () => {
  const sealed = JSON.parse(await sealText(formatPortable(PORTABLE), PASSPHRASE));
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ ...sealed, version: 2 }, "newer than this program"],
    [{ ...sealed, version: 0 }, "Cannot decrypt file.json"],
    [{ ...sealed, format: "other" }, "expected exported profiles (unrecognized format)"],
    [{ ...sealed, iterations: 599_999 }, "Cannot decrypt file.json"],
    [{ ...sealed, iterations: 600_001 }, "Cannot decrypt file.json"],
    [{ ...sealed, iterations: 1e9 }, "Cannot decrypt file.json"],
    [{ ...sealed, keyDerivation: "MD5" }, "Cannot decrypt file.json"],
    [{ ...sealed, salt: encodeBase64(new Uint8Array(16)) }, "Cannot decrypt file.json"],
    [{ ...sealed, salt: "AAAA" }, "Cannot decrypt file.json"],
    [{ ...sealed, sealed: 17 }, "Cannot decrypt file.json"],
  ];
  for (const [file, message] of cases) {
    const error = await refusal(JSON.stringify(file));
    assertEquals(error.code, "invalid_profile");
    assertStringIncludes(error.message, message);
  }
  const wrong = await assertRejects(
    () => read(JSON.stringify(sealed), undefined, new Secret("wrong")),
    CliError,
  );
  assertStringIncludes(wrong.message, "wrong passphrase, or the file is damaged");
});

Deno.test("readPortable() of a damaged file is a clear error or returns the same profiles, in hundreds of variants", async () => {
  const files = [formatPortable(PORTABLE), formatPortable(PORTABLE.slice(0, 1))];
  const damage = fc.record({
    file: fc.constantFrom(...files),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const typed = fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom(...'{}[],:"\\\n0'));
  await fc.assert(
    fc.asyncProperty(damage, fc.nat(6), typed, async ({ file, at }, dropped, text) => {
      const place = Math.floor(at * file.length);
      const outcome = await read(file.slice(0, place) + text + file.slice(place + dropped)).catch((error) =>
        error
      );
      if (outcome instanceof CliError) {
        assert(["invalid_profile", "usage"].includes(outcome.code), outcome.message);
        assert(!outcome.message.includes('secret"'), "no secret is quoted");
      } else assert(Array.isArray(outcome), Deno.inspect(outcome));
    }),
    { numRuns: 500 },
  );
});

Deno.test("A damaged sealed file never opens as something else", async () => {
  const sealed = await sealText(formatPortable(PORTABLE), PASSPHRASE);
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.length - 1), fc.constantFrom(...'A9+/"{ '), async (place, typed) => {
      const outcome = await read(sealed.slice(0, place) + typed + sealed.slice(place + 1)).catch((error) =>
        error
      );
      if (outcome instanceof CliError) assertEquals(outcome.code, "invalid_profile");
      else assertEquals(revealed(outcome), revealed(PORTABLE));
    }),
    { numRuns: 40 },
  );
});

const OTHER = {
  name: "graph",
  tenantId: "contoso.onmicrosoft.com",
  clientId: "00000000-0000-4000-8000-00000000000C",
  scopes: ["User.Read"],
  authMethod: "ClientSecret",
  redirectUri: null,
  defaultFlow: "AuthorizationCode",
};

Deno.test("readPortable() maps flows, methods, resources and certificates of the .NET tool", async () => {
  const cases: readonly (readonly [Record<string, unknown>, Partial<PortableProfile["profile"]>])[] = [
    [{}, { flow: "authorization-code", clientId: OTHER.clientId.toLowerCase() }],
    [{ defaultFlow: "DeviceCode" }, { flow: "device-code" }],
    [{ defaultFlow: "InteractiveBrowser", certificatePath: "/c.pfx" }, { flow: "interactive" }],
    [{ defaultFlow: null }, { flow: "client-credentials" }],
    [{ defaultFlow: null, authMethod: "PasswordlessCertificate" }, { flow: "interactive" }],
    [{ defaultFlow: null, authMethod: "Certificate", certificatePath: "/c.pfx" }, {
      flow: "client-credentials",
      certificate: "/c.pfx",
    }],
    [{ scopes: [], resource: "https://vault.azure.net" }, { scopes: ["https://vault.azure.net/.default"] }],
    [{ scopes: ["User.Read, Mail.Read"] }, { scopes: ["User.Read", "Mail.Read"] }],
    [{ authority: "https://login.windows.net/common" }, { authority: "https://login.microsoftonline.com" }],
  ];
  for (const [changes, expected] of cases) {
    const [found] = await read(JSON.stringify([{ ...OTHER, ...changes }]));
    const { certificate, ...profile } = found?.profile ?? {};
    const picked = Object.fromEntries(
      Object.keys(expected).map((key) => [key, { certificate, ...profile }[key as keyof typeof expected]]),
    );
    assertEquals<unknown>(picked, expected, JSON.stringify(changes));
    assertEquals(certificate, expected.certificate);
  }
  // The form in its documentation.
  const documented = {
    profiles: [{ name: "x", tenant_id: "contoso.com", client_id: OTHER.clientId, scope: "A B" }],
  };
  const [found] = await read(JSON.stringify(documented));
  assertEquals([found?.profile.flow, found?.profile.scopes], ["interactive", ["A", "B"]]);
});

Deno.test("readPortable() names the invalid profile and field in a file of the .NET tool", async () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [[OTHER, { ...OTHER, name: "b", clientId: "" }], "profile 2: "],
    [[{ ...OTHER, tenantId: undefined }], "tenantId is missing"],
    [[{ ...OTHER, tenantId: 17 }], "tenantid is not a string"],
    [[{ ...OTHER, defaultFlow: "Password" }], "Invalid flow"],
    [[{ ...OTHER, scopes: [17] }], "a scope is not a string"],
    [[OTHER, OTHER], "duplicate profile 'graph'"],
    [[17], "profile 1 is not an object"],
    [[], "it contains no profile"],
  ];
  for (const [value, message] of cases) {
    const error = await refusal(JSON.stringify(value));
    assertEquals(error.code, "invalid_profile");
    assertStringIncludes(error.message, message);
  }
  assertEquals((await refusal(JSON.stringify([OTHER, { ...OTHER, name: "b" }]), "x")).code, "usage");
});

Deno.test("readPortable() opens an export of the .NET tool, including secrets", async () => {
  const exported = {
    Profile: OTHER,
    ClientSecret: "its secret",
    CertificatePassword: null,
    ExportedAt: "2025",
  };
  const text = await exportLikeOtherTool(JSON.stringify(exported), PASSPHRASE.reveal());
  const [found] = await read(text, "renamed");
  assertEquals([found?.profile.name, found?.clientSecret?.reveal(), found?.notes], [
    "renamed",
    "its secret",
    [],
  ]);
  const wrong = await assertRejects(() => read(text, undefined, new Secret("wrong")), CliError);
  assertStringIncludes(wrong.message, "wrong passphrase");
  const bare = await exportLikeOtherTool(
    JSON.stringify({ Profile: OTHER, ClientSecret: null }),
    PASSPHRASE.reveal(),
  );
  assertStringIncludes((await read(bare))[0]?.notes.join() ?? "", "client secret of profile 'graph'");
});

/** Encrypts like the .NET tool: PBKDF2 with 100,000 rounds and AES-256-CBC; salt, IV and ciphertext as base64. */
async function exportLikeOtherTool(text: string, passphrase: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const material = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(passphrase),
    "PBKDF2",
    false,
    [
      "deriveBits",
    ],
  );
  const derivation = { name: "PBKDF2", hash: "SHA-256", salt, iterations: 100_000 };
  const bits = await crypto.subtle.deriveBits(derivation, material, 256);
  const key = await crypto.subtle.importKey("raw", bits, "AES-CBC", false, ["encrypt"]);
  const encrypted = await crypto.subtle.encrypt({ name: "AES-CBC", iv }, key, new TextEncoder().encode(text));
  return encodeBase64(new Uint8Array([...salt, ...iv, ...new Uint8Array(encrypted)]));
}

Deno.test("readPortable() refuses JSON nested 10,000 levels deep", async () => {
  const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
  for (const text of [deep, `{"version":1,"profiles":{"work":${deep}}}`, `[{"name":${deep}}]`]) {
    const error = await assertRejects(() => read(text), CliError);
    assertEquals(error.code, "invalid_profile");
  }
});
