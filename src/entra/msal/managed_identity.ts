import { ManagedIdentityApplication } from "@azure/msal-node";
import { abortable } from "@std/async/abortable";
import { CliError } from "../../errors.ts";
import { plainText, withoutTokens } from "../../text/plain_text.ts";
import type { ManagedIdentity } from "../../profiles/managed_identity.ts";
import { Secret } from "../../text/secret.ts";
import type { Clock } from "../../system/clock.ts";
import type { Environment } from "../../system/environment.ts";
import type { Network } from "../../system/network/network.ts";
import {
  type ManagedIdentityNetwork,
  managedIdentityNetwork,
  type Refusal,
} from "./managed_identity_network.ts";
import type { IssuedTokens } from "../token_client.ts";

/** Which identity is used, and what is used for it. */
export interface ManagedIdentityOptions {
  /** The machine's own identity, or one that was assigned to it. */
  readonly identity: ManagedIdentity;
  /** The way to the machine's endpoint, which no proxy may be on. */
  readonly network: Network;
  /** Where Azure says which endpoint it is. */
  readonly env: Environment;
  /** Tells when tokens end. */
  readonly clock: Clock;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  /** Longest that all of it may take, in milliseconds. Default: 30 seconds. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;

/**
 * Gets a token for the identity that Azure gave this machine.
 *
 * @throws {CliError} `sign_in_failed` where the machine has no such identity, `network` where it has no endpoint at all or
 *   none that gives a token in time, `invalid_response` or `permission`.
 */
export async function acquireManagedIdentityToken(
  options: ManagedIdentityOptions,
  scopes: readonly string[],
): Promise<IssuedTokens> {
  const { identity, clock, timeoutMs = TIMEOUT_MS } = options;
  // MSAL tries some refusals again for minutes.
  using deadline = clock.deadline(timeoutMs);
  const signal = AbortSignal.any([options.signal, deadline.signal]);
  const network = managedIdentityNetwork({ ...options, signal });
  const [resource = ""] = scopes;
  try {
    const app = new ManagedIdentityApplication({
      ...msalId(identity),
      system: { networkClient: network },
    });
    // MSAL pauses between its attempts and hears of no signal.
    const result = await abortable(app.acquireToken({ resource, forceRefresh: true }), signal);
    const { tokenResponse } = network;
    if (tokenResponse === null) {
      throw new CliError("invalid_response", "The machine's endpoint gave no token");
    }
    return {
      token: {
        accessToken: new Secret(result.accessToken),
        tokenType: "Bearer",
        scopes,
        expiresAt: Math.floor(clock.now() / 1000) + tokenResponse.expiresInSeconds,
        account: null,
      },
      cache: new Secret(""),
    };
  } catch (error) {
    options.signal.throwIfAborted();
    if (deadline.signal.aborted) throw tooLate(network, timeoutMs);
    throw managedIdentityError(error, network, identity);
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

/** The error for an endpoint that gave no token in time, with what it answered meanwhile. */
function tooLate({ refusal }: ManagedIdentityNetwork, timeoutMs: number): CliError {
  const answered = refusal === null ? "" : `: ${answerOf(refusal)}`;
  return new CliError(
    "network",
    `The managed identity's endpoint gave no token within ${timeoutMs / 1000} seconds${answered}`,
    {
      hint:
        `Try again, or give it longer, as in --timeout 2m. An identity that was assigned just now takes some minutes. ${WHERE}`,
    },
  );
}

/** What an endpoint answered, for people. */
function answerOf({ status, words }: Refusal): string {
  return `status ${status}${words === "" ? "" : `, ${plainText(withoutTokens(words))}`}`;
}

const WHERE =
  "There is one on machines and services of Azure that were given one, and on servers joined by Azure Arc.";
const ELSEWHERE = "Elsewhere use --flow client-credentials.";

/** The error that MSAL's stands for: what the endpoint answered, or why it can't be asked. */
function managedIdentityError(
  error: unknown,
  { failure, refusal }: ManagedIdentityNetwork,
  identity: ManagedIdentity,
): CliError {
  if (failure instanceof CliError && failure.code === "network") {
    return new CliError("network", `This machine has no managed identity: ${failure.message}`, {
      hint: `${WHERE} ${ELSEWHERE}`,
      cause: failure,
    });
  }
  if (failure instanceof CliError) return failure;
  if (refusal !== null) {
    const which = identity.kind === "system"
      ? "This machine's own managed identity"
      : `The managed identity with the ${identity.kind} ${identity.id}`;
    return new CliError(
      "sign_in_failed",
      `${which} gave no token (${answerOf(refusal)})`,
      {
        hint: `Check which identities are assigned to this machine, and name one with --client-id. ${WHERE}`,
      },
    );
  }
  if (error instanceof CliError) return error;
  const code = error instanceof Error && "errorCode" in error ? String(error.errorCode) : "unknown";
  return new CliError("sign_in_failed", `The managed identity can't be used (${code})`, {
    hint: `Check the variables IDENTITY_ENDPOINT and IDENTITY_HEADER. ${WHERE}`,
  });
}
