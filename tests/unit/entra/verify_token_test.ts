import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { verifyToken } from "../../../src/entra/verify_token.ts";
import { CliError } from "../../../src/errors.ts";
import type { HttpRequest, Network } from "../../../src/system/network/network.ts";

const TENANT = "11111111-2222-4333-8444-555555555555";
const HOST = "login.microsoftonline.com";
const ISSUER = `https://${HOST}/${TENANT}/v2.0`;

const { privateKey, publicKey } = await generateKeyPair("RS256", { modulusLength: 2048 });
const stranger = await generateKeyPair("RS256", { modulusLength: 2048 });
const KEYS = { keys: [{ ...await exportJWK(publicKey), kid: "the-key", use: "sig", alg: "RS256" }] };

const WEAK_KEY = { kty: "RSA", kid: "the-key", n: "AQAB", e: "AQAB" };

const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `https://${HOST}/${TENANT}/oauth2/v2.0/authorize`,
  token_endpoint: `https://${HOST}/${TENANT}/oauth2/v2.0/token`,
  jwks_uri: `https://${HOST}/${TENANT}/discovery/v2.0/keys`,
};

function sign(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key = privateKey) {
  return new SignJWT({ iss: ISSUER, tid: TENANT, aud: "api://payroll", ...claims })
    .setProtectedHeader({ alg: "RS256", kid: "the-key", ...header })
    .sign(key);
}

/** An authority that sends these documents and records the requests. */
function authority(metadata: unknown = METADATA, keys: unknown = KEYS, status = 200) {
  const asked: HttpRequest[] = [];
  const network: Network = {
    send(request) {
      asked.push(request);
      const body = request.url.endsWith("/openid-configuration") ? metadata : keys;
      return Promise.resolve({ status, headers: {}, body: new TextEncoder().encode(JSON.stringify(body)) });
    },
  };
  return { asked, options: { authority: `https://${HOST}`, network, signal: new AbortController().signal } };
}

async function reasonFor(token: string, ...documents: Parameters<typeof authority>) {
  const { options, asked } = authority(...documents);
  const signature = await verifyToken(token, options);
  return {
    kind: signature.kind,
    reason: signature.kind === "valid" ? "" : signature.reason,
    asked: asked.length,
  };
}

Deno.test("verifyToken() accepts a signature by the tenant's key, fetched from the authority within limits", async () => {
  const { options, asked } = authority();
  assertEquals(await verifyToken(await sign(), options), { kind: "valid" });
  assertEquals(asked.map(({ method, url }) => `${method} ${url}`), [
    `GET https://${HOST}/${TENANT}/v2.0/.well-known/openid-configuration`,
    `GET ${METADATA.jwks_uri}`,
  ]);
  for (const { maxBytes, timeoutMs, body } of asked) {
    assertEquals([maxBytes <= 1024 * 1024, timeoutMs <= 30_000, body], [true, true, undefined]);
  }
});

Deno.test("verifyToken() accepts a version 1.0 token from its former issuer", async () => {
  const former = await sign({ iss: `https://sts.windows.net/${TENANT}/` });
  assertEquals((await reasonFor(former)).kind, "valid");
  const elsewhere = { ...authority().options, authority: "https://login.example.org" };
  await assertRejects(() => verifyToken(former, elsewhere), CliError, "is not https on login.example.org");
});

Deno.test("verifyToken() verifies a token of AD FS with the keys of the authority, whichever of its names it has", async () => {
  const base = "https://fs.contoso.example";
  const metadata = {
    issuer: `${base}/adfs`,
    access_token_issuer: "http://fs.contoso.example/adfs/services/trust",
    authorization_endpoint: `${base}/adfs/oauth2/authorize/`,
    token_endpoint: `${base}/adfs/oauth2/token/`,
    jwks_uri: `${base}/adfs/discovery/keys`,
  };
  const verify = async (iss: string) => {
    const { options, asked } = authority(metadata);
    const signature = await verifyToken(await sign({ iss, tid: undefined }), { ...options, authority: base });
    return [signature.kind, ...asked.map(({ url }) => url)];
  };
  const requests = [`${base}/adfs/.well-known/openid-configuration`, metadata.jwks_uri];
  for (const iss of [metadata.issuer, metadata.access_token_issuer]) {
    assertEquals(await verify(iss), ["valid", ...requests]);
  }
  assertEquals(await verify(`${base}/adfs/other`), ["wrong", requests[0]]);
  assertEquals(await verify("https://evil.example/adfs"), ["wrong"]);
});

Deno.test("verifyToken() detects a forged token", async () => {
  const good = await sign();
  const [header = "", , signature = ""] = good.split(".");
  const other = (await sign({ scp: "Everything" })).split(".")[1];
  const table: [string, string][] = [
    [`${header}.${other}.${signature}`, "does not match"],
    [await sign({}, {}, stranger.privateKey), "does not match"],
    [`${header}.${good.split(".")[1]}.`, "does not match"],
    [`${header}.${good.split(".")[1]}.?`, "does not match"],
    [await sign({}, { kid: "another" }), "not made with a key"],
    [await sign({ iss: `https://${HOST}/${TENANT}/v2.0/` }), "The issuer is"],
    [await sign({ iss: "https://evil.example/\u001b[2J" }), "https://evil.example/ [2J, expected"],
    [await sign({ iss: undefined }), "The issuer is not a string"],
    [await sign({ iss: [ISSUER] }), "The issuer is not a string"],
    [await sign({ tid: "contoso.example" }), "names no tenant"],
    [await sign({ tid: `${TENANT}/../x` }), "names no tenant"],
    [await sign({ tid: undefined }), "names no tenant"],
    [await sign({ tid: undefined, acr: "1" }), "names no tenant"],
    [await sign({ tid: undefined, tfp: "../B2C_1_signin" }), "names no tenant"],
    [await sign({ tid: [TENANT] }), "names no tenant"],
  ];
  for (const [token, words] of table) {
    const { kind, reason } = await reasonFor(token);
    assertEquals(kind, "wrong", words);
    assertStringIncludes(reason, words);
  }
  const unknown = await reasonFor(good, { error: "invalid_tenant" }, KEYS, 400);
  assertEquals([unknown.kind, unknown.reason], ["wrong", `${HOST} has no tenant ${TENANT}`]);
});

Deno.test("verifyToken() rejects every algorithm but Entra's without a request", async () => {
  const unsecured = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${(await sign()).split(".")[1]}.`;
  const secret = new Uint8Array(32);
  const shared = await new SignJWT({ iss: ISSUER, tid: TENANT }).setProtectedHeader({ alg: "HS256" }).sign(
    secret,
  );
  for (const token of [unsecured, shared]) {
    const { kind, asked } = await reasonFor(token);
    assertEquals([kind, asked], ["wrong", 0]);
  }
  const nested = `${btoa(`{"alg":${"[".repeat(9999)}${"]".repeat(9999)}}`).replaceAll("=", "")}.e30.`;
  const { kind, asked } = await reasonFor(nested);
  assertEquals([kind, asked], ["unverifiable", 0]);
});

Deno.test("verifyToken() reports a token that only its audience can check without a request", async () => {
  const forGraph = await reasonFor(await sign({}, { nonce: "abc" }));
  assertEquals([forGraph.kind, forGraph.asked], ["unverifiable", 0]);
  assertStringIncludes(forGraph.reason, "Microsoft Graph");
  assertEquals((await reasonFor("opaque")).kind, "unverifiable");
});

Deno.test("verifyToken() rejects keys from another host and invalid keys", async () => {
  const token = await sign();
  const elsewhere = [
    { ...METADATA, jwks_uri: "https://evil.example/keys" },
    { ...METADATA, jwks_uri: `http://${HOST}/keys` },
    { ...METADATA, jwks_uri: undefined },
    { ...METADATA, jwks_uri: [METADATA.jwks_uri] },
    { ...METADATA, issuer: "https://evil.example/v2.0" },
  ];
  for (const metadata of elsewhere) {
    const { options, asked } = authority(metadata);
    const error = await assertRejects(() => verifyToken(token, options), CliError);
    assertEquals([error.code, asked.length], ["invalid_response", 1]);
  }
  for (
    const keys of [{}, { keys: "x" }, { keys: [5] }, { keys: [WEAK_KEY] }, { keys: [{ ...WEAK_KEY, n: 5 }] }]
  ) {
    const { options } = authority(METADATA, keys);
    const error = await assertRejects(() => verifyToken(token, options), CliError);
    assertEquals(error.code, "invalid_response");
  }
  assertEquals((await reasonFor(token, METADATA, { keys: [] })).kind, "wrong");
  const [key] = KEYS.keys;
  const two = { keys: [key, { ...key, kid: "another" }] };
  assertEquals((await reasonFor(await sign({}, { kid: undefined }), METADATA, two)).kind, "wrong");
});

Deno.test("verifyToken() accepts a key only for the tokens of its own issuer", async () => {
  const [key] = KEYS.keys;
  const keysOf = (issuer: unknown) => ({ keys: [{ ...key, issuer }] });
  const own = [ISSUER, `https://${HOST}/{tenantid}/v2.0`, `https://sts.windows.net/{tenantid}/`];
  for (const issuer of own) {
    for (const iss of [ISSUER, `https://sts.windows.net/${TENANT}/`]) {
      const { kind, reason } = await reasonFor(await sign({ iss }), METADATA, keysOf(issuer));
      assertEquals([kind, reason], ["valid", ""], issuer);
    }
  }
  const others = [
    `https://${HOST}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0`,
    `https://evil.example/${TENANT}/v2.0`,
    [ISSUER],
    null,
    "",
  ];
  for (const issuer of others) {
    const { kind, reason } = await reasonFor(await sign(), METADATA, keysOf(issuer));
    assertEquals(kind, "wrong", String(issuer));
    assertStringIncludes(reason, "not made with a key of the tenant");
  }
  const both = { keys: [...keysOf(others[0]).keys, key] };
  assertEquals((await reasonFor(await sign(), METADATA, both)).kind, "valid");
});

Deno.test("verifyToken() rejects a token whose header requires an extension, without a request", async () => {
  const [, payload, signature] = (await sign()).split(".");
  for (const crit of [["example"], ["b64"], [], "exp", null]) {
    const header = btoa(JSON.stringify({ alg: "RS256", kid: "the-key", crit, b64: true, example: 1 }));
    const { kind, reason, asked } = await reasonFor(`${header.replaceAll("=", "")}.${payload}.${signature}`);
    assertEquals([kind, asked], ["wrong", 0]);
    assertStringIncludes(reason, "crit");
  }
});

const B2C = "contoso.b2clogin.com";
const B2C_ISSUER = `https://${B2C}/${TENANT}/v2.0/`;
const POLICY_PATH = `https://${B2C}/${TENANT}/b2c_1_signin`;

function b2cAuthority(issuer = B2C_ISSUER, status = 200) {
  const metadata = {
    issuer,
    authorization_endpoint: `${POLICY_PATH}/oauth2/v2.0/authorize`,
    token_endpoint: `${POLICY_PATH}/oauth2/v2.0/token`,
    jwks_uri: `${POLICY_PATH}/discovery/v2.0/keys`,
  };
  const { asked, options } = authority(metadata, KEYS, status);
  return { asked, options: { ...options, authority: `https://${B2C}` } };
}

Deno.test("verifyToken() accepts a B2C token, with or without tid, by the keys of its policy", async () => {
  const withPolicy = `https://${B2C}/tfp/${TENANT}/b2c_1_signin/v2.0/`;
  const table: [claims: Record<string, unknown>, issuer: string][] = [
    [{ tid: undefined, tfp: "B2C_1_signin" }, B2C_ISSUER],
    [{ tid: undefined, acr: "b2c_1_signin" }, B2C_ISSUER],
    [{ tid: TENANT, tfp: "B2C_1_signin" }, B2C_ISSUER],
    [{ tid: undefined, tfp: "B2C_1_signin" }, withPolicy],
  ];
  for (const [claims, issuer] of table) {
    const { asked, options } = b2cAuthority(issuer);
    assertEquals(await verifyToken(await sign({ iss: issuer, ...claims }), options), { kind: "valid" });
    assertEquals(asked.map(({ url }) => url), [
      `${POLICY_PATH}/v2.0/.well-known/openid-configuration`,
      `${POLICY_PATH}/discovery/v2.0/keys`,
    ]);
  }
});

Deno.test("verifyToken() detects a forged B2C token", async () => {
  const claims = { iss: B2C_ISSUER, tid: undefined, tfp: "B2C_1_signin" };
  const other = "99999999-2222-4333-8444-555555555555";
  const table: [string, string][] = [
    [await sign(claims, {}, stranger.privateKey), "does not match"],
    [await sign({ ...claims, tid: other }), "tid is not the one in the issuer"],
    [await sign({ ...claims, iss: `https://${B2C}/${other}/v2.0/` }), "The issuer is"],
    [await sign({ ...claims, iss: `https://evil.example/${TENANT}/v2.0/` }), "The issuer is"],
    [await sign({ ...claims, iss: [B2C_ISSUER] }), "names no tenant"],
    [await sign({ ...claims, iss: `https://${B2C}/v2.0/` }), "names no tenant"],
    [await sign({ ...claims, tfp: "B2C_1_x/../../y" }), "names no tenant"],
  ];
  for (const [token, words] of table) {
    const signature = await verifyToken(token, b2cAuthority().options);
    assertEquals(signature.kind, "wrong", words);
    assertStringIncludes(signature.kind === "wrong" ? signature.reason : "", words);
  }
  const unknown = await verifyToken(await sign(claims), b2cAuthority(B2C_ISSUER, 404).options);
  assertEquals(unknown, { kind: "wrong", reason: `${B2C} has no tenant ${TENANT}/b2c_1_signin` });
});

Deno.test("verifyToken() accepts no former issuer from the keys of a B2C policy", async () => {
  const path = `https://${HOST}/${TENANT}/b2c_1_signin`;
  const metadata = { ...METADATA, jwks_uri: `${path}/discovery/v2.0/keys` };
  for (const former of [TENANT, `${TENANT}/b2c_1_signin`]) {
    const token = await sign({ iss: `https://sts.windows.net/${former}/`, tfp: "B2C_1_signin" });
    assertStringIncludes((await reasonFor(token, metadata)).reason, "The issuer is");
  }
});
