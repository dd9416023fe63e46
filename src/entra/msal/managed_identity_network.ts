import { CliError } from "../../errors.ts";
import { type JsonObject, parseJsonObject } from "../../text/json.ts";
import type { HttpResponse } from "../../system/network/network.ts";
import type { MsalRequest, MsalResponse } from "./send_to_authority.ts";
import type { ManagedIdentityOptions } from "./managed_identity.ts";
import { type TokenResponse, validateTokenResponse } from "../token_response.ts";

/** Azure's instance metadata service, at the same address on every machine. */
const IMDS = "http://169.254.169.254";
/** The agent of Azure Arc, where no variable names it. */
const ARC = ["http://localhost:40342", "http://127.0.0.1:40342"];
/** The variables by which Azure names the endpoint of other services. */
const ENDPOINTS = ["IDENTITY_ENDPOINT", "MSI_ENDPOINT", "IMDS_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST"];

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 256 * 1024;

/** MSAL's way to the endpoint of a managed identity (an `INetworkModule`), and what passed through it. */
export interface ManagedIdentityNetwork {
  /** Asks for a token. */
  sendGetRequestAsync<T>(url: string, request?: MsalRequest): Promise<MsalResponse<T>>;
  /** Asks for a token, on services that want it so. */
  sendPostRequestAsync<T>(url: string, request?: MsalRequest): Promise<MsalResponse<T>>;
  /** The last good answer. */
  readonly tokenResponse: TokenResponse | null;
  /** The last answer, where it was a refusal. */
  readonly refusal: Refusal | null;
  /** Why there was no answer, or none that can be used. */
  readonly failure: unknown;
}

/** How an endpoint refused. */
export interface Refusal {
  /** The status code. */
  readonly status: number;
  /** The endpoint's words, or nothing. */
  readonly words: string;
}

/** A network module for MSAL that talks to the addresses of managed identities and to no other. */
export function managedIdentityNetwork(
  { network, env, clock, signal }: ManagedIdentityOptions,
): ManagedIdentityNetwork {
  let tokenResponse: TokenResponse | null = null;
  let refusal: Refusal | null = null;
  let failure: unknown = null;

  async function exchange<T>(
    url: string,
    method: "GET" | "POST",
    { headers = {}, body }: MsalRequest = {},
  ): Promise<MsalResponse<T>> {
    try {
      const named = ENDPOINTS.map((name) => env.get(name)).filter((endpoint) => endpoint !== undefined);
      assertMachineAddress(url, named);
      const response = await network.send({
        url,
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_BYTES,
        signal,
      });
      const answer = parseAnswer(response);
      refusal = response.status === 200 ? null : { status: response.status, words: wordsOf(answer) };
      if (refusal === null) tokenResponse = validateTokenResponse(withLife(answer, clock.now()));
      // MSAL's own generic: a good answer was judged above, and a refusal is for MSAL to try again or to report.
      return { status: response.status, headers: { ...response.headers }, body: answer as T };
    } catch (error) {
      failure = error;
      throw error;
    }
  }

  return {
    get tokenResponse() {
      return tokenResponse;
    },
    get refusal() {
      return refusal;
    },
    get failure() {
      return failure;
    },
    sendGetRequestAsync: (url, request) => exchange(url, "GET", request),
    sendPostRequestAsync: (url, request) => exchange(url, "POST", request),
  };
}

/** Lets pass only addresses that Azure named, by a variable or for every machine. */
function assertMachineAddress(url: string, named: readonly string[]): void {
  const origins = [IMDS, ...ARC, ...named].map((address) => URL.parse(address)?.origin);
  const origin = URL.parse(url)?.origin;
  if (origin !== undefined && origins.includes(origin)) return;
  throw new CliError(
    "invalid_response",
    "The managed identity is asked for at an address that is not its own",
    {
      hint: `Check the variables ${ENDPOINTS.join(", ")}.`,
    },
  );
}

function parseAnswer({ status, body }: HttpResponse): JsonObject {
  const answer = parseJsonObject(new TextDecoder().decode(body));
  if (answer !== null) return answer;
  // The text of a refusal is not shown.
  if (status !== 200) return {};
  throw new CliError("invalid_response", "The managed identity's endpoint answered with no JSON object", {
    hint: "Check the variables IDENTITY_ENDPOINT and IDENTITY_HEADER.",
  });
}

/** These endpoints say when a token ends, in seconds since 1970 or as a date, where others say how long it lives. */
function withLife(answer: JsonObject, nowMs: number): JsonObject {
  const end = answer.expires_on;
  const endMs = typeof end === "string" && !/^\d+$/.test(end) ? Date.parse(end) : Number(end) * 1000;
  return {
    token_type: "Bearer",
    ...answer,
    scope: undefined,
    expires_in: Math.floor((endMs - nowMs) / 1000),
  };
}

function wordsOf({ error, error_description, message }: JsonObject): string {
  const found = [error_description, message, error].find((words) => typeof words === "string");
  return typeof found === "string" ? found : "";
}
