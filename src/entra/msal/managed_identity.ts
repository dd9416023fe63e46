import { ManagedIdentityApplication } from "@azure/msal-node";
import { abortable } from "@std/async/abortable";
import { CliError } from "../../errors.ts";
import type { ManagedIdentity } from "../../profiles/managed_identity.ts";
import type { Clock } from "../../system/clock.ts";
import type { Environment } from "../../system/environment.ts";
import type { HttpResponse, Network } from "../../system/network/network.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "../../text/json.ts";
import { plainText, withoutTokens } from "../../text/plain_text.ts";
import type { IssuedTokens } from "../token_client.ts";
import { parseReportedError, type ReportedError } from "../errors/reported_error.ts";
import { validateTokenResponse } from "../token_response.ts";
import { applicationTokens } from "./issued_tokens.ts";
import { msalCode } from "./msal_app.ts";
import { createMsalNetworkModule, type MsalNetworkModule, type Observed } from "./msal_network_module.ts";

/** The identity to use, and what using it needs. */
export interface ManagedIdentityOptions {
  readonly identity: ManagedIdentity;
  /** Values for the hints. */
  readonly profile: string;
  readonly tenant: string;
  /** Must bypass proxies: the endpoint is on this machine or its host. */
  readonly network: Network;
  /** Names the endpoint, on the services that use a variable for that. */
  readonly env: Environment;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The time limit of the whole operation. Default: 30 seconds. */
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 30_000;

/**
 * Gets a token for the managed identity of this machine.
 *
 * @throws {CliError} `sign_in_failed` if the machine has no such identity, `network` if it has no endpoint or the endpoint
 *   returns no token in time, `invalid_response` or `permission`.
 */
export async function acquireManagedIdentityToken(
  options: ManagedIdentityOptions,
  scopes: readonly string[],
): Promise<IssuedTokens> {
  const { identity, clock, timeoutMs = TIMEOUT_MS } = options;
  // MSAL retries some refusals for minutes.
  using deadline = clock.deadline(timeoutMs);
  const signal = AbortSignal.any([options.signal, deadline.signal]);
  const network = managedIdentityNetworkModule({ ...options, signal });
  const [resource = ""] = scopes;
  try {
    const app = new ManagedIdentityApplication({
      ...msalId(identity),
      system: { networkClient: network },
    });
    // MSAL waits between its attempts and takes no signal.
    await abortable(app.acquireToken({ resource, forceRefresh: true }), signal);
    return applicationTokens(network.tokenResponse, scopes, clock.now());
  } catch (error) {
    options.signal.throwIfAborted();
    if (deadline.signal.aborted) throw tooLate(network, timeoutMs);
    throw await managedIdentityError(error, network, options, scopes);
  }
}

function msalId(identity: ManagedIdentity) {
  switch (identity.kind) {
    case "system":
      return {};
    case "client-id":
      return { managedIdentityIdParams: { userAssignedClientId: identity.id } };
    case "object-id":
      return { managedIdentityIdParams: { userAssignedObjectId: identity.id } };
    case "resource-id":
      return { managedIdentityIdParams: { userAssignedResourceId: identity.id } };
  }
}

/** Azure's instance metadata service, at the same address on every machine. */
const IMDS = "http://169.254.169.254";
/** The agent of Azure Arc, unless a variable names it. */
const ARC = ["http://localhost:40342", "http://127.0.0.1:40342"];
/** The variables in which Azure names the endpoints of other services. */
const ENDPOINTS = ["IDENTITY_ENDPOINT", "MSI_ENDPOINT", "IMDS_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST"];

const REQUEST_TIMEOUT_MS = 10_000;
const MAX_BYTES = 256 * 1024;

/** A network module for the endpoint of a managed identity. */
export interface ManagedIdentityNetworkModule extends MsalNetworkModule, Readonly<Observed> {
  /** The last response, if it was a refusal. */
  readonly refusal: Refusal | null;
}

/** A refusal of the endpoint. */
export interface Refusal {
  readonly status: number;
  /** The endpoint's description, or an empty string. */
  readonly words: string;
  /** The error of Entra, if the endpoint relays one. */
  readonly reported: ReportedError | null;
}

/** Makes a network module that contacts only the addresses of managed identities. */
export function managedIdentityNetworkModule(
  { network, env, clock, signal }: Omit<ManagedIdentityOptions, "identity" | "profile" | "tenant">,
): ManagedIdentityNetworkModule {
  const observed: Observed & { refusal: Refusal | null } = {
    tokenResponse: null,
    failure: null,
    refusal: null,
  };
  return createMsalNetworkModule(observed, async (url, method, { headers = {}, body }) => {
    const named = ENDPOINTS.map((name) => env.get(name)).filter((endpoint) => endpoint !== undefined);
    assertEndpoint(url, named);
    const response = await network.send({
      url,
      method,
      headers,
      body,
      timeoutMs: REQUEST_TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      signal,
    });
    const { status } = response;
    const fields = parseFields(response);
    observed.refusal = status === 200 ? null : refusalOf(status, fields);
    if (status === 200) observed.tokenResponse = validateTokenResponse(withLifetime(fields, clock.now()));
    // MSAL retries or reports a refusal.
    return { status, headers: { ...response.headers }, body: fields };
  });
}

/**
 * Allows only addresses that Azure named: in a variable, or the same for every machine. For Azure Arc, MSAL replaces
 * `localhost` in the variable by 127.0.0.1.
 */
function assertEndpoint(url: string, named: readonly string[]): void {
  const origins = [IMDS, ...ARC, ...named].map((address) => URL.parse(address)?.origin)
    .flatMap((known) => [known, known?.replace(/(?<=^http:\/\/)localhost(?=:|$)/, "127.0.0.1")]);
  const origin = URL.parse(url)?.origin;
  if (origin !== undefined && origins.includes(origin)) return;
  throw new CliError("invalid_response", "The address is not the managed identity's endpoint", {
    hint: `Check the variables ${ENDPOINTS.join(", ")}.`,
  });
}

function parseFields({ status, body }: HttpResponse): JsonObject {
  const fields = parseJsonObject(new TextDecoder().decode(body));
  if (fields !== null) return fields;
  // A refusal in another form is reported by its status alone.
  if (status !== 200) return {};
  throw new CliError(
    "invalid_response",
    "The managed identity's endpoint responded with something that is not a JSON object",
    { hint: "Check the variables IDENTITY_ENDPOINT and IDENTITY_HEADER." },
  );
}

/** Most of these endpoints state when a token expires, in seconds since 1970 or as a date, and some only its lifetime. */
function withLifetime(fields: JsonObject, nowMs: number): JsonObject {
  const end = fields.expires_on;
  if (end === undefined) return { token_type: "Bearer", ...fields, scope: undefined };
  const endMs = typeof end === "string" && !/^\d+$/.test(end) ? Date.parse(end) : Number(end) * 1000;
  return {
    token_type: "Bearer",
    ...fields,
    scope: undefined,
    expires_in: Math.floor((endMs - nowMs) / 1000),
  };
}

function refusalOf(status: number, fields: JsonObject): Refusal {
  const { error, error_description: description, message } = fields;
  // Some endpoints nest code and message.
  const nested = isJsonObject(error) ? error : {};
  const words = [description, message, nested.message, nested.code, error]
    .find((found) => typeof found === "string");
  const text = typeof words === "string" ? words : "";
  const code = typeof error === "string" ? error : nested.code ?? "invalid_request";
  const reported = parseReportedError({ ...fields, error: code, error_description: text });
  return { status, words: text, reported: reported?.aadsts === undefined ? null : reported };
}

function describe({ status, words, reported }: Refusal): string {
  if (reported !== null) return `status ${status}`;
  return `status ${status}${words === "" ? "" : `, ${plainText(withoutTokens(words))}`}`;
}

const WHERE = "Machines and services of Azure can have a managed identity, and servers with Azure Arc.";
const ELSEWHERE = "Elsewhere use --flow client-credentials.";

function tooLate({ refusal }: ManagedIdentityNetworkModule, timeoutMs: number): CliError {
  const response = refusal === null ? "" : `: ${describe(refusal)}`;
  return new CliError(
    "network",
    `The managed identity's endpoint returned no token within ${timeoutMs / 1000} seconds${response}`,
    {
      hint:
        `Try again, or allow more time, as in --timeout 2m. A newly assigned identity takes some minutes. ${WHERE}`,
    },
  );
}

const FOREIGN_KEY = {
  message: "Azure Arc's agent names a key file outside of its own folder, which is not read",
  hint: "Check the variables IDENTITY_ENDPOINT and IMDS_ENDPOINT: another program may answer there.",
};

/** Errors for a challenge of Azure Arc's agent, by MSAL's error code. Only some users can read the key file. */
const ARC_CHALLENGES: Readonly<Record<string, { readonly message: string; readonly hint: string }>> = {
  unable_to_read_secret_file: {
    message: "The key file of Azure Arc's agent cannot be read",
    hint: 'sudo usermod -aG himds "$USER"\n' +
      "Only members of this group (on Windows: Hybrid agent extension applications) may use the machine's identity. " +
      "Sign in to the machine again afterwards.",
  },
  invalid_file_path: FOREIGN_KEY,
  invalid_file_extension: FOREIGN_KEY,
};

/** Returns the error to show for MSAL's: the endpoint's refusal, or why the endpoint cannot be contacted. */
async function managedIdentityError(
  error: unknown,
  { failure, refusal }: ManagedIdentityNetworkModule,
  { identity, profile, tenant }: ManagedIdentityOptions,
  [resource]: readonly string[],
): Promise<CliError> {
  if (failure instanceof CliError && failure.code === "network") {
    return new CliError("network", `This machine has no managed identity: ${failure.message}`, {
      hint: [failure.hint, `${WHERE} ${ELSEWHERE}`].filter((line) => line !== undefined).join("\n"),
      cause: failure,
    });
  }
  if (failure instanceof CliError) return failure;
  if (refusal !== null && refusal.status >= 500) {
    return new CliError("network", `The managed identity's endpoint failed (${describe(refusal)})`, {
      hint: "Try again in a minute.",
      aadsts: refusal.reported?.aadsts,
      correlationId: refusal.reported?.correlationId,
    });
  }
  if (refusal !== null && refusal.reported !== null) {
    const clientId = identity.kind === "system" ? "(system-assigned)" : identity.id;
    const { entraError } = await import("../errors/entra_error.ts");
    return entraError(refusal.reported, { clientId, tenant, profile, resource }, false);
  }
  const challenge = ARC_CHALLENGES[msalCode(error)];
  if (challenge !== undefined) {
    return new CliError("sign_in_failed", challenge.message, { hint: challenge.hint });
  }
  if (refusal !== null) {
    const which = identity.kind === "system"
      ? "this machine's own managed identity"
      : `the managed identity with the ${identity.kind} ${identity.id}`;
    return new CliError("sign_in_failed", `Azure refused a token for ${which} (${describe(refusal)})`, {
      hint: `Check which identities are assigned to this machine, and name one with --client-id. ${WHERE}`,
    });
  }
  if (error instanceof CliError) return error;
  return new CliError("sign_in_failed", `The managed identity cannot be used (${msalCode(error)})`, {
    hint: `Check the variables IDENTITY_ENDPOINT and IDENTITY_HEADER. ${WHERE}`,
  });
}
