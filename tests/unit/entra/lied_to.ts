import { encodeBase64Url } from "@std/encoding/base64url";
import { acquireForApplication } from "../../../src/entra/client_credentials_grant.ts";
import type { TokenClientOptions } from "../../../src/entra/msal_app.ts";
import { createTokenClient } from "../../../src/entra/msal_token_client.ts";
import type { DeviceCode } from "../../../src/entra/token_client.ts";
import {
  getToken,
  type TokenDependencies,
  type TokenRequest,
  type TokenResult,
} from "../../../src/flows/get_token.ts";
import { Secret } from "../../../src/secret.ts";
import type { Session } from "../../../src/store/session.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryStore } from "../flows/memory_store.ts";
import {
  BASE,
  CLIENT_ID,
  goodDeviceCode,
  goodIdTokenClaims,
  goodMetadata,
  goodTokenResponse,
  NOW_MS,
  OBJECT_ID,
  TENANT_ID,
  textResponse,
} from "./entra_fixture.ts";
import { tinyAuthority } from "./tiny_authority.ts";

/** The ways to a token. */
export type Grant = "authorization code" | "refresh" | "device code" | "client credentials";

/** What the authority may lie in. */
export type Document =
  | "discovery document"
  | "device authorization"
  | "token response"
  | "ID token"
  | "client info";

/** Gives the JSON of a document, given what it would be in truth. */
export type Teller = (document: Document, truth: Readonly<Record<string, unknown>>) => string;

/** Tells the truth. */
export function honest(_document: Document, truth: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(truth);
}

/** What came of asking an authority for a token. */
export interface Outcome {
  /** The result, or what was thrown. */
  readonly result: { readonly token: TokenResult } | { readonly error: unknown };
  /** All that the store holds afterwards. */
  readonly sessions: readonly Session[];
  /** The hosts that were asked, and the ones that the browser was sent to. */
  readonly hosts: readonly string[];
  /** The forms that were posted to the token endpoint. */
  readonly forms: readonly URLSearchParams[];
  /** What the person was shown. */
  readonly codes: readonly DeviceCode[];
  /** Every document as it was sent. */
  readonly sent: ReadonlyMap<Document, string>;
  /** The nonce of the request, or null where there is none. */
  readonly nonce: string | null;
}

const REQUESTS: Readonly<Record<Grant, Pick<TokenRequest, "flow" | "acceptRefresh" | "mayAskUser">>> = {
  "authorization code": { flow: "interactive", acceptRefresh: false, mayAskUser: true },
  "refresh": { flow: "interactive", acceptRefresh: true, mayAskUser: false },
  "device code": { flow: "device-code", acceptRefresh: false, mayAskUser: true },
  "client credentials": { flow: "client-credentials", acceptRefresh: true, mayAskUser: false },
};

function requestFor(grant: Grant): TokenRequest {
  return {
    ...REQUESTS[grant],
    key: {
      profile: "default",
      authority: BASE,
      tenant: TENANT_ID,
      clientId: CLIENT_ID,
      ...(grant === "client credentials" ? { owner: "application" } : {}),
    },
    hasProfile: true,
    scopes: ["User.Read"],
    expect: {},
    acceptCached: false,
    useStore: true,
  };
}

/**
 * Gets a token as the program does, with MSAL and with what judges the answers, from an authority that tells what
 * `teller` makes of the truth.
 *
 * @param before What the store holds at first.
 */
export async function ask(grant: Grant, teller: Teller, before: readonly Session[] = []): Promise<Outcome> {
  const sent = new Map<Document, string>();
  const codes: DeviceCode[] = [];
  let nonce: string | null = null;
  const says: Teller = (document, truth) => {
    const text = teller(document, truth);
    sent.set(document, text);
    return text;
  };
  const authority = tinyAuthority(() => textResponse(says("token response", trueTokens(grant, nonce, says))));
  authority.metadata = textResponse(says("discovery document", goodMetadata()));
  authority.deviceCode = textResponse(says("device authorization", goodDeviceCode()));
  const store = new MemoryStore();
  store.sessions = [...before];
  const clock = new FakeClock(NOW_MS);
  const { signal } = new AbortController();
  const options: TokenClientOptions = {
    profile: "default",
    authority: BASE,
    tenant: TENANT_ID,
    clientId: CLIENT_ID,
    network: authority.network,
    clock,
    signal,
  };
  const hosts: string[] = [];
  const cache = { clock, store, progress: () => {} };
  const dependencies: TokenDependencies = {
    ...cache,
    signal,
    profileExists: () => Promise.resolve(true),
    prepareCredential: () => Promise.resolve(),
    takeSignInTurn: () =>
      Promise.resolve({
        meanwhile: null,
        begin: () => Promise.resolve(),
        conclude: () => Promise.resolve(),
        [Symbol.dispose]: () => {},
      }),
    loadTokenClient: () => Promise.resolve(createTokenClient(options)),
    acquireForApplication: (request) =>
      acquireForApplication({
        ...options,
        credential: { kind: "secret", secret: new Secret("client-secret-1") },
      }, request),
    async signIn(tokens, request) {
      if (grant === "device code") {
        return await tokens.signInWithDeviceCode(request, (code) => codes.push(code), signal);
      }
      const transaction = await tokens.beginSignIn(request);
      const url = new URL(await transaction.authorizationUrl("http://localhost:50000"));
      hosts.push(url.host);
      nonce = url.searchParams.get("nonce");
      return await transaction.redeem(new Secret("the-code"));
    },
  };
  const result = await getToken(requestFor(grant), cache, () => Promise.resolve(dependencies)).then(
    (token) => ({ token }),
    (error: unknown) => ({ error }),
  );
  hosts.push(...authority.network.requests.map(({ url }) => new URL(url).host));
  return { result, sessions: store.sessions, hosts, forms: authority.forms, codes, sent, nonce };
}

function trueTokens(grant: Grant, nonce: string | null, says: Teller): Record<string, unknown> {
  if (grant === "client credentials") return goodTokenResponse();
  const { nonce: _, ...claims } = goodIdTokenClaims();
  const idToken = says("ID token", nonce === null ? claims : { ...claims, nonce });
  return {
    ...goodTokenResponse(),
    id_token: [`{"alg":"RS256","typ":"JWT"}`, idToken, "signature"].map((part) => encodeBase64Url(part)).join(
      ".",
    ),
    client_info: encodeBase64Url(says("client info", { uid: OBJECT_ID, utid: TENANT_ID })),
    refresh_token: "refresh-token-1",
  };
}
