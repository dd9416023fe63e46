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
    [await sign({ iss: undefined }), "The issuer is undefined"],
    [await sign({ tid: "contoso.example" }), "names no tenant"],
    [await sign({ tid: `${TENANT}/../x` }), "names no tenant"],
    [await sign({ tid: undefined }), "names no tenant"],
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
