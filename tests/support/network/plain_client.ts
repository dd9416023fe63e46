import { encodeBase64Url } from "@std/encoding/base64url";
import type { Provider } from "../provider/provider.ts";

export interface PlainResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
}

/** An OAuth client without a library, which sends exactly the parameters that a test sets. */
export class PlainClient implements Disposable {
  static readonly REDIRECT_URI = "http://localhost:49999/";
  static readonly VERIFIER = "a-code-verifier-that-is-long-enough-to-be-one";
  #http: Deno.HttpClient;

  constructor(private readonly provider: Pick<Provider, "origin" | "tenantId" | "clientId" | "caPem">) {
    this.#http = Deno.createHttpClient({ caCerts: [provider.caPem] });
  }

  /** Returns a valid authorization URL with `changes` applied. An undefined value removes the parameter. */
  async authorizationUrl(changes: Record<string, string | undefined> = {}): Promise<string> {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(PlainClient.VERIFIER));
    const parameters = {
      client_id: this.provider.clientId,
      response_type: "code",
      redirect_uri: PlainClient.REDIRECT_URI,
      response_mode: "form_post",
      scope: "User.Read openid profile offline_access",
      state: "a state",
      nonce: "a nonce",
      code_challenge: encodeBase64Url(digest),
      code_challenge_method: "S256",
      client_info: "1",
      ...changes,
    };
    return `${this.#at("authorize")}?${encode(parameters)}`;
  }

  redeem(code: string | undefined, changes: Record<string, string | undefined> = {}): Promise<PlainResponse> {
    return this.token({
      grant_type: "authorization_code",
      code,
      redirect_uri: PlainClient.REDIRECT_URI,
      code_verifier: PlainClient.VERIFIER,
      ...changes,
    });
  }

  refresh(refreshToken: unknown, scope?: string): Promise<PlainResponse> {
    return this.token({ grant_type: "refresh_token", refresh_token: String(refreshToken), scope });
  }

  token(parameters: Record<string, string | undefined>): Promise<PlainResponse> {
    return this.post("token", { client_id: this.provider.clientId, ...parameters });
  }

  post(endpoint: string, parameters: Record<string, string | undefined>): Promise<PlainResponse> {
    return this.#answer(this.#at(endpoint), { method: "POST", body: encode(parameters) });
  }

  get(path: string): Promise<PlainResponse> {
    return this.#answer(`${this.provider.origin}${path}`, {});
  }

  [Symbol.dispose](): void {
    this.#http.close();
  }

  async #answer(url: string, init: RequestInit): Promise<PlainResponse> {
    const response = await fetch(url, { ...init, client: this.#http });
    return { status: response.status, headers: response.headers, json: await response.json() };
  }

  #at(endpoint: string): string {
    return `${this.provider.origin}/${this.provider.tenantId}/oauth2/v2.0/${endpoint}`;
  }
}

function encode(parameters: Record<string, string | undefined>): URLSearchParams {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] =>
    entry[1] !== undefined
  );
  return new URLSearchParams(given);
}
