import { CliError } from "../../errors.ts";
import { signInCommand } from "../../flows/get_token/sign_in_command.ts";
import type { Token } from "../../identity/token.ts";
import { jsonText } from "./document_format.ts";
import { utcTime } from "./time.ts";

const GROUP = "client.authentication.k8s.io";
const VERSIONS = ["v1", "v1beta1"].map((version) => `${GROUP}/${version}`);

/** What a Kubernetes client says to the plugin that it gets its credentials from. */
export interface ExecInfo {
  /** The version that it wants its answer in. */
  readonly apiVersion: string;
  /** Whether somebody is there who can be asked. */
  readonly isInteractive: boolean;
}

/**
 * Reads the variable `KUBERNETES_EXEC_INFO`, an `ExecCredential` of the group `client.authentication.k8s.io` without its
 * status. Where there is none, whoever runs the command is a person or a script, and gets `v1`.
 *
 * @throws {CliError} `usage` for something else, or a version that isn't known.
 */
export function parseExecInfo(text: string | undefined): ExecInfo {
  if (text === undefined) return { apiVersion: `${GROUP}/v1`, isInteractive: true };
  const { apiVersion, kind, spec } = fieldsOf(parseJson(text));
  if (kind !== "ExecCredential" || typeof apiVersion !== "string") throw unknownInfo();
  if (!VERSIONS.includes(apiVersion)) {
    throw new CliError("usage", `Kubernetes asks for credentials in ${JSON.stringify(apiVersion)}`, {
      hint: `Set the apiVersion of the exec section in the kubeconfig to ${VERSIONS.join(" or ")}.`,
    });
  }
  // A client of before v1.20 doesn't say.
  return { apiVersion, isInteractive: fieldsOf(spec ?? {}).interactive !== false };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unknownInfo();
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw unknownInfo();
  return { ...value };
}

function unknownInfo(): CliError {
  return new CliError("usage", "$KUBERNETES_EXEC_INFO is not what a Kubernetes client sets it to", {
    hint: "Unset it, or run this command by the exec section of a kubeconfig.",
  });
}

/** The credentials for a Kubernetes client: an `ExecCredential` with its status. */
export function formatExecCredential(token: Token, apiVersion: string): string {
  return jsonText({
    apiVersion,
    kind: "ExecCredential",
    status: {
      expirationTimestamp: utcTime(token.expiresAt),
      token: token.accessToken.reveal(),
    },
  });
}

/** The error for a Kubernetes client, which nobody typed `--no-interactive` for. */
export function forKubernetes(error: unknown, profile: string, flags: readonly string[]): unknown {
  if (!(error instanceof CliError) || error.code !== "person_needed") return error;
  return new CliError(
    "person_needed",
    "Signing in needs a person, and this Kubernetes client can't ask one",
    {
      hint: `Sign in first: ${signInCommand({ profile, flags, claims: error.claims })}\n` +
        "Or let the client ask, with interactiveMode: IfAvailable in the kubeconfig, on a terminal.",
      cause: error,
    },
  );
}
