import { encodeBase64Url } from "@std/encoding/base64url";
import { type CryptoKey, SignJWT } from "jose";
import {
  type AccountEntry,
  entryNamed,
  type Fields,
  readAccounts,
  readDiscovery,
  readTokenResponses,
  type TokenResponseEntry,
} from "../corpus/corpus.ts";
import { startProxy } from "../network/proxy.ts";
import { makeServerCertificate } from "../provider/certificate.ts";
import { type SecretKind, SecretsOnTheWire } from "../provider/secrets_on_the_wire.ts";
import { signingKey } from "../provider/signing_key.ts";

/** The application that every account of the corpus signs in to. */
export const CLIENT_ID = "33333333-3333-4333-8333-333333333333";

/** The hosts that the service answers for. Aliases are among them, so that a request to one is noticed. */
const HOSTS = [
  "login.microsoftonline.com",
  "login.windows.net",
  "login.microsoft.com",
  "sts.windows.net",
  "login.microsoftonline.us",
  "login.usgovcloudapi.net",
  "login.partner.microsoftonline.cn",
  "login.chinacloudapi.cn",
  "contoso.b2clogin.com",
  "contoso.ciamlogin.com",
  "login.contoso.example",
];

/** A request that the service received. */
export interface ServiceRequest {
  readonly host: string;
  readonly path: string;
  readonly form: Readonly<Record<string, string>>;
}

/** A response of the service, written as it is. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Fields | string;
}

/** Entra under its real host names, as the corpus has it, behind a proxy on this machine. */
export interface Service extends AsyncDisposable {
  /** The value for `HTTPS_PROXY`. */
  readonly proxyUrl: string;
  /** The root certificate to trust, PEM. */
  readonly caPem: string;
  /** The hosts with ports, for permissions. */
  readonly hosts: readonly string[];
  readonly requests: readonly ServiceRequest[];
  readonly secrets: ReadonlyMap<string, SecretKind>;
  /** The account that signs in next. */
  account: AccountEntry;
  /** The token response that the service sends. Default: the one of the account. */
  tokenResponse: TokenResponseEntry | null;
  /** The device authorization response. */
  deviceCode: Fields;
  /** Replies to the next posts to the token endpoint in place of tokens. */
  readonly replies: Reply[];
  /** Replies to every request for a device code, if it is not null. */
  deviceReply: Reply | null;
  /** Returns the parameters of the authorization response to a URL that the browser was opened with. */
  authorize(url: string): { readonly redirectUri: string; readonly params: Record<string, string> };
}

/** What an authorization request or a refresh token stands for. */
interface Grant {
  readonly account: AccountEntry;
  readonly scope: string;
  readonly nonce: string | null;
  readonly challenge: string | null;
}

/** Headers of Entra's responses. */
const HEADERS = {
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store, no-cache",
  "pragma": "no-cache",
  "p3p": 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
  "x-ms-request-id": "99999999-3333-4333-8333-333333333333",
  "x-ms-ests-server": "2.1.0 - WEULR1 ProdSlices",
  "x-ms-clitelem": "1,0,0,,",
  "set-cookie": "fpc=x; path=/; secure; HttpOnly; SameSite=None",
};

/** Starts the service and its proxy on free ports of 127.0.0.1. */
export async function startService(): Promise<Service> {
  const [certificate, { privateKey, jwk }, accounts, discovery, responses] = await Promise.all([
    makeServerCertificate({ names: HOSTS }),
    signingKey(),
    readAccounts(),
    readDiscovery(),
    readTokenResponses(),
  ]);
  const requests: ServiceRequest[] = [];
  const wire = new SecretsOnTheWire();
  const grants = new Map<string, Grant>();
  const replies: Reply[] = [];

  async function respond(request: Request): Promise<Response> {
    const { hostname: host, pathname } = new URL(request.url);
    const form = Object.fromEntries(new URLSearchParams(await request.text()));
    requests.push({ host, path: pathname, form });
    wire.noteForm(form);
    const [, tenant = "", endpoint] = ENDPOINT.exec(pathname) ?? [];
    switch (endpoint) {
      case "v2.0/.well-known/openid-configuration":
        return json(discoveryDocument(host, tenant) ?? unknownTenant(tenant));
      case "discovery/v2.0/keys": {
        const { kty, kid, n, e } = jwk;
        return json({ status: 200, body: { keys: [{ kty, use: "sig", kid, n, e }] } });
      }
      case "oauth2/v2.0/devicecode":
        wire.noteResponse({ ...service.deviceCode });
        return json(service.deviceReply ?? { status: 200, body: service.deviceCode });
      case "oauth2/v2.0/token":
        return json(replies.shift() ?? await redeem(form));
      default:
        return new Response("Not found", { status: 404 });
    }
  }

  function discoveryDocument(host: string, tenant: string): Reply | null {
    const found = discovery.find((entry) => entry.host === host && entry.tenants.includes(tenant));
    if (found === undefined) return null;
    const base = `https://${host}/${found.endpoints_under.replace("{tenant}", tenant)}`;
    const body = {
      token_endpoint: `${base}/oauth2/v2.0/token`,
      token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
      jwks_uri: `${base}/discovery/v2.0/keys`,
      response_modes_supported: ["query", "fragment", "form_post"],
      subject_types_supported: ["pairwise"],
      id_token_signing_alg_values_supported: ["RS256"],
      response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
      scopes_supported: ["openid", "profile", "email", "offline_access"],
      issuer: found.issuer,
      request_uri_parameter_supported: false,
      userinfo_endpoint: "https://graph.microsoft.com/oidc/userinfo",
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
      http_logout_supported: true,
      frontchannel_logout_supported: true,
      end_session_endpoint: `${base}/oauth2/v2.0/logout`,
      kerberos_endpoint: `${base}/kerberos`,
      tenant_region_scope: found.tenant_region_scope ?? null,
      cloud_instance_name: "microsoftonline.com",
      cloud_graph_host_name: "graph.windows.net",
      msgraph_host: "graph.microsoft.com",
      rbac_url: "https://pas.windows.net",
    };
    return { status: 200, body };
  }

  async function redeem(form: Readonly<Record<string, string>>): Promise<Reply> {
    const { grant_type: type, code, refresh_token: refreshToken, device_code: deviceCode } = form;
    if (type === "client_credentials") return await issue(newGrant(form.scope ?? ""));
    if (deviceCode !== undefined) return await issue(newGrant(form.scope ?? ""));
    const key = type === "refresh_token" ? refreshToken : code;
    const grant = grants.get(key ?? "");
    if (grant === undefined) return refused(70000, "invalid_grant", "The grant is not known.");
    if (type === "refresh_token") {
      return await issue({ ...grant, scope: form.scope ?? grant.scope, nonce: null });
    }
    grants.delete(key ?? "");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(form.code_verifier));
    if (encodeBase64Url(digest) === grant.challenge) return await issue(grant);
    return refused(501481, "invalid_grant", "The verifier does not match.");
  }

  function newGrant(scope: string): Grant {
    return { account: service.account, scope, nonce: null, challenge: null };
  }

  async function issue(grant: Grant): Promise<Reply> {
    const { account } = grant;
    const entry = service.tokenResponse ?? entryNamed(responses, account.token_response);
    const refreshToken = account.token_response === "personal"
      ? `M.C555_BAY.0.U.-Cabc!def*ghi$${crypto.randomUUID()}*$$`
      : `1.AAAA-${crypto.randomUUID()}`;
    const scopes = grant.scope.split(" ").filter((scope) => scope !== "" && scope !== "offline_access");
    const made: Record<string, unknown> = {
      access_token: entry.body.access_token === "JWT"
        ? await accessToken(account, scopes, privateKey, jwk.kid)
        : `EwB4A8l6BAAU${btoa(crypto.randomUUID().repeat(12)).replace(/=+$/, "")}+/Ag==`,
      refresh_token: refreshToken,
      id_token: await idToken(account, grant.nonce, privateKey, jwk.kid),
      client_info: clientInfo(account),
      scope: entry.scope.split(" ").every((scope) => scopes.includes(scope))
        ? entry.body.scope
        : scopes.join(" "),
      not_before: seconds(),
      expires_on: seconds() + 3600,
    };
    const body: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(entry.body)) {
      const given = name in made ? made[name] : value;
      if (given !== undefined) body[name] = typeof value === "string" ? String(given) : given;
    }
    wire.noteResponse(body);
    if ("refresh_token" in body) grants.set(refreshToken, grant);
    return { status: 200, body };
  }

  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: certificate.certificatePem,
    key: certificate.privateKeyPem,
    onListen: () => {},
  }, respond);
  const proxy = startProxy({
    route: (target) => HOSTS.some((host) => target === `${host}:443`) ? server.addr.port : null,
  });
  const service: Service = {
    proxyUrl: proxy.url,
    caPem: certificate.caPem,
    hosts: HOSTS.map((host) => `${host}:443`),
    requests,
    secrets: wire.found,
    account: entryNamed(accounts, "work"),
    tokenResponse: null,
    deviceCode: {},
    replies,
    deviceReply: null,
    authorize(url) {
      const query = new URL(url).searchParams;
      const code = `1.AAAA${crypto.randomUUID()}`;
      grants.set(code, {
        account: service.account,
        scope: query.get("scope") ?? "",
        nonce: query.get("nonce"),
        challenge: query.get("code_challenge"),
      });
      const info = clientInfo(service.account);
      return {
        redirectUri: query.get("redirect_uri") ?? "",
        params: {
          code,
          ...(info === undefined ? {} : { client_info: info }),
          state: query.get("state") ?? "",
          session_state: crypto.randomUUID(),
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await server.shutdown();
    },
  };
  return service;
}

/** `/TENANT/ENDPOINT`, where the tenant of B2C is `TENANT/POLICY`, possibly after `tfp`. */
const ENDPOINT =
  /^\/((?:tfp\/)?[^/]+(?:\/b2c_1[^/]*)?)\/(v2\.0\/\.well-known\/openid-configuration|discovery\/v2\.0\/keys|oauth2\/v2\.0\/\w+)$/;

function json({ status, headers, body }: Reply): Response {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new Response(text, { status, headers: { ...HEADERS, ...headers } });
}

/** Entra's response for an unknown tenant. */
function unknownTenant(tenant: string): Reply {
  return refused(90002, "invalid_tenant", `Tenant '${tenant}' not found. Check the tenant ID.`);
}

function refused(number: number, error: string, words: string): Reply {
  const trace = "aaaaaaaa-1111-4111-8111-000000000001";
  const correlation = "bbbbbbbb-2222-4222-8222-000000000002";
  const description = `AADSTS${number}: ${words}\r\nTrace ID: ${trace}\r\nCorrelation ID: ${correlation}` +
    "\r\nTimestamp: 2026-11-28 12:34:56Z";
  return { status: 400, body: { error, error_description: description, error_codes: [number] } };
}

async function idToken(
  account: AccountEntry,
  nonce: string | null,
  key: CryptoKey,
  kid: string,
): Promise<string> {
  const now = seconds();
  const claims: Record<string, unknown> = { ...account.claims, aud: CLIENT_ID };
  const life = typeof claims.exp === "number" ? claims.exp : 3600;
  for (const name of ["iat", "nbf", "auth_time"]) if (name in claims) claims[name] = now;
  claims.exp = now + life;
  delete claims.nonce;
  if (nonce !== null) claims.nonce = nonce;
  return await new SignJWT(claims).setProtectedHeader({ typ: "JWT", alg: "RS256", kid }).sign(key);
}

/** Returns an access token of version 1.0 for Graph, whose header has a nonce, or of B2C. */
async function accessToken(
  { claims, expect }: AccountEntry,
  scopes: readonly string[],
  key: CryptoKey,
  kid: string,
): Promise<string> {
  const now = seconds();
  const permissions = scopes.filter((scope) => !["openid", "profile", "email"].includes(scope))
    .map((scope) => scope.slice(scope.lastIndexOf("/") + 1));
  const own = typeof claims.tfp === "string" || typeof claims.acr === "string"
    ? { ...claims, aud: CLIENT_ID, azp: CLIENT_ID, auth_time: now }
    : {
      aud: "00000003-0000-0000-c000-000000000000",
      iss: `https://sts.windows.net/${expect.tenant_id}/`,
      appid: CLIENT_ID,
      oid: expect.object_id,
      tid: expect.tenant_id,
      upn: expect.username,
      ver: "1.0",
      xms_ftd: "x",
      xms_idrel: "1 2",
      xms_st: { sub: "x" },
      xms_tcdt: 1544574363,
    };
  const nonce = "ver" in own && own.ver === "1.0" && "appid" in own ? { nonce: "graph-nonce" } : {};
  return await new SignJWT({ ...own, iat: now, nbf: now, exp: now + 3600, scp: permissions.join(" ") })
    .setProtectedHeader({ typ: "JWT", alg: "RS256", kid, ...nonce })
    .sign(key);
}

function clientInfo({ client_info: info }: AccountEntry): string | undefined {
  return info === null ? undefined : encodeBase64Url(JSON.stringify(info));
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
