import { CliError } from "../../errors.ts";
import type { Token } from "../../identity/token.ts";
import { isJsonObject, parseJsonObject } from "../../text/json.ts";
import { formatJson } from "./document_format.ts";
import { utcTime } from "./time.ts";

const GROUP = "client.authentication.k8s.io";
const VERSIONS = ["v1", "v1beta1"].map((version) => `${GROUP}/${version}`);

/** What a Kubernetes client tells the credential plugin that it runs. */
export interface ExecInfo {
  /** The API version of the response that the client expects. */
  readonly apiVersion: string;
  /** Whether the plugin may prompt the user. */
  readonly isInteractive: boolean;
}

/**
 * Parses the variable `KUBERNETES_EXEC_INFO`: an `ExecCredential` of the group `client.authentication.k8s.io` without a
 * status. Without the variable, a user or a script runs the command, which gets `v1`.
 *
 * @throws {CliError} `usage` for anything else, or an unknown version.
 */
export function parseExecInfo(text: string | undefined): ExecInfo {
  if (text === undefined) return { apiVersion: `${GROUP}/v1`, isInteractive: true };
  const { apiVersion, kind, spec = {} } = parseJsonObject(text) ?? {};
  if (kind !== "ExecCredential" || typeof apiVersion !== "string" || !isJsonObject(spec)) {
    throw new CliError("usage", "Invalid $KUBERNETES_EXEC_INFO: expected an ExecCredential in JSON", {
      hint: "Unset it, or run this command from the exec section of a kubeconfig.",
    });
  }
  if (!VERSIONS.includes(apiVersion)) {
    throw new CliError(
      "usage",
      `Invalid apiVersion ${JSON.stringify(apiVersion)} in $KUBERNETES_EXEC_INFO: expected ${
        VERSIONS.join(" or ")
      }`,
      { hint: "Change the apiVersion in the exec section of the kubeconfig." },
    );
  }
  // Clients before v1.20 do not set it.
  return { apiVersion, isInteractive: spec.interactive !== false };
}

/** Formats an `ExecCredential` with a status, for a Kubernetes client. */
export function formatExecCredential(token: Token, apiVersion: string): string {
  return formatJson({
    apiVersion,
    kind: "ExecCredential",
    status: {
      expirationTimestamp: utcTime(token.expiresAt),
      token: token.accessToken.reveal(),
    },
  });
}

/** Rewords `person_needed` for a Kubernetes client, where the user did not type `--no-interactive`. */
export async function kubernetesError(
  error: unknown,
  profile: string,
  flags: readonly string[],
): Promise<unknown> {
  if (!(error instanceof CliError) || error.code !== "person_needed") return error;
  const { signInCommand } = await import("../../flows/get_token/interaction_required.ts");
  return new CliError(
    "person_needed",
    "This sign-in needs a user, and this Kubernetes client cannot prompt",
    {
      hint: `Sign in first: ${signInCommand({ profile, flags, claims: error.claims })}\n` +
        "Or set interactiveMode: IfAvailable in the kubeconfig, and run the client on a terminal.",
      cause: error,
    },
  );
}
