import { CliError } from "../../errors.ts";
import { parseJsonObject } from "../../text/json.ts";
import type { Secret } from "../../text/secret.ts";
import type { CredentialDependencies } from "../find_credential.ts";
import { checkAssertion } from "./check_assertion.ts";

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 256 * 1024;

/** A request to a CI system for its token. */
export interface AssertionRequest {
  /** Name of the system, to begin messages with. */
  readonly system: string;
  /** The request method. */
  readonly method: "GET" | "POST";
  /** Where to ask. */
  readonly url: URL;
  /** What lets this job ask. */
  readonly bearer: Secret;
  /** Name of the answer's field with the token. */
  readonly field: string;
  /** Headers that the system wants besides. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Asks a CI system for a token of this job.
 *
 * @throws {CliError} `network`, `permission`, or `sign_in_failed` for an answer without a token, of which nothing is shown.
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
  const token = status === 200 ? fieldOf(body, field) : undefined;
  if (token === undefined) {
    throw new CliError("sign_in_failed", `${system} gave no token (status ${status} from ${url.host})`, {
      hint:
        `Check that this job is allowed to ask for one, and that the ${system} variables are this job's own.`,
    });
  }
  return checkAssertion(token, `What ${system} answered`);
}

/** The URL in the variable `name`. @throws {CliError} `usage` where it isn't https: a secret is sent there. */
export function checkHttps(text: string, name: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "https:" && url.username === "" && url.password === "") return url;
  throw new CliError("usage", `$${name} is not an https URL`, {
    hint: "It is set by the CI system; nothing else has to set it.",
  });
}

function fieldOf(body: Uint8Array, field: string): string | undefined {
  const token = parseJsonObject(body)?.[field];
  return typeof token === "string" ? token : undefined;
}
