import type { ClientAuthentication } from "../../flows/get_token/token_request.ts";
import type { CommandContext } from "../context.ts";

/** The flags about what an application proves itself with, as typed. None of them holds a secret. */
export interface ClientAuthenticationFlags {
  /** `--certificate`. */
  readonly certificate?: string | undefined;
  /** `--send-certificate-chain`. */
  readonly sendCertificateChain?: boolean | undefined;
  /** `--assertion-file`. */
  readonly assertionFile?: string | undefined;
  /** `--assertion-env`. */
  readonly assertionEnv?: string | undefined;
  /** False for `--no-interactive`. */
  readonly interactive?: boolean | undefined;
}

/** What the user says about the application's credential. What is secret is asked for, where there is a terminal to ask on. */
export function clientAuthentication(
  flags: ClientAuthenticationFlags,
  context: Pick<CommandContext, "terminal" | "signal">,
): ClientAuthentication {
  const { certificate, sendCertificateChain, assertionFile, assertionEnv, interactive = true } = flags;
  return {
    flags: { certificate, sendCertificateChain, assertionFile, assertionVariable: assertionEnv },
    async ask(question) {
      if (!interactive || !context.terminal.stdinIsTerminal) return null;
      const { askSecret } = await import("../terminal/prompt.ts");
      return await askSecret(context, question);
    },
  };
}
