import { encodeBase64Url } from "@std/encoding/base64url";
import { CliError } from "../../../src/errors.ts";
import type { HttpRequest, HttpResponse } from "../../../src/system/network.ts";
import {
  goodDeviceCode,
  goodIdTokenClaims,
  goodMetadata,
  goodTokenResponse,
  jsonResponse,
  type MemoryNetwork,
  memoryNetwork,
  OBJECT_ID,
  shapedJwt,
  TENANT_ID,
} from "./entra_fixture.ts";

/** What the token endpoint answers to a grant, given the form that was posted to it. */
export type Answer = (form: URLSearchParams) => HttpResponse;

/** Just enough of an authority for one exchange: a discovery document, and an answer that each test chooses. */
export interface TinyAuthority {
  readonly network: MemoryNetwork;
  /** The forms that were posted, in order. */
  readonly forms: URLSearchParams[];
  /** Replaced by tests before a request. */
  answer: Answer;
  metadata: HttpResponse;
  deviceCode: HttpResponse;
}

export function tinyAuthority(answer: Answer): TinyAuthority {
  const forms: URLSearchParams[] = [];
  const authority: TinyAuthority = {
    forms,
    answer,
    metadata: jsonResponse(goodMetadata()),
    deviceCode: jsonResponse(goodDeviceCode()),
    network: memoryNetwork((request: HttpRequest) => {
      const { pathname } = new URL(request.url);
      if (pathname.endsWith("/.well-known/openid-configuration")) return authority.metadata;
      if (pathname.endsWith("/oauth2/v2.0/devicecode")) return authority.deviceCode;
      if (request.method !== "POST") {
        throw new CliError("network", `unexpected request to ${pathname}`);
      }
      const form = new URLSearchParams(request.body);
      forms.push(form);
      return authority.answer(form);
    }),
  };
  return authority;
}

/** What a {@linkcode tokens} answer is to say otherwise. */
export interface TokenChanges {
  readonly claims?: Record<string, unknown>;
  readonly body?: Record<string, unknown>;
  readonly uid?: string;
  readonly utid?: string;
}

/** A token response with everything that Entra's has. */
export function tokens(nonce: string | null, changes: TokenChanges = {}): HttpResponse {
  const { uid = OBJECT_ID, utid = TENANT_ID } = changes;
  const claims: Record<string, unknown> = { ...goodIdTokenClaims(), nonce, ...changes.claims };
  if (nonce === null) delete claims.nonce;
  return jsonResponse({
    ...goodTokenResponse(),
    id_token: shapedJwt(claims),
    client_info: encodeBase64Url(JSON.stringify({ uid, utid })),
    refresh_token: "refresh-token-1",
    ...changes.body,
  });
}
