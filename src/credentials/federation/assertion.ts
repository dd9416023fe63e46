import { CliError } from "../../errors.ts";
import { parseJsonObject } from "../../text/json.ts";
import { Secret } from "../../text/secret.ts";
import type { CredentialDependencies } from "../client_credential.ts";

/** A signed JWT in compact form (RFC 7515 section 7.1). */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Returns the assertion in `text`. Entra validates its issuer, subject and audience.
 *
 * @param where The origin of the text, to begin a message with.
 * @throws {CliError} `usage` if it is not a JWT. The message does not quote the text.
 */
export function parseAssertion(text: string, where: string): Secret {
  const token = text.trim();
  if (JWT.test(token)) return new Secret(token);
  throw new CliError("usage", `${where} ${token === "" ? "is empty" : "does not contain a JWT"}`, {
    hint: "It must contain the token of the issuer that the application trusts, and nothing else.",
  });
}

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 256 * 1024;

/** A request to a CI system for the token of a job. */
export interface AssertionRequest {
  /** The name of the system, to begin messages with. */
  readonly system: string;
  readonly method: "GET" | "POST";
  readonly url: URL;
  /** The job's own token, which authorizes the request. */
  readonly bearer: Secret;
  /** The member of the response that holds the token. */
  readonly field: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Requests the token of a job from a CI system.
 *
 * @throws {CliError} `network`, `permission`, or `sign_in_failed` for a response without a token, which is not quoted.
 */
export async function fetchAssertion(
  { system, method, url, bearer, field, headers }: AssertionRequest,
  { network, signal }: Pick<CredentialDependencies, "network" | "signal">,
): Promise<Secret> {
  const { status, body } = await network.send({
    url: url.href,
    method,
    headers: {
      ...headers,
      accept: "application/json",
      "content-type": "application/json",
      authorization: `Bearer ${bearer.reveal()}`,
    },
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    signal,
  });
  const token = status === 200 ? parseJsonObject(body)?.[field] : undefined;
  if (typeof token !== "string") {
    throw new CliError("sign_in_failed", `${system} returned no token (status ${status} from ${url.host})`, {
      hint: `Check that this job may request a token, and that the ${system} variables belong to this job.`,
    });
  }
  return parseAssertion(token, `The response of ${system}`);
}
