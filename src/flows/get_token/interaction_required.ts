import { mergeClaims } from "../../identity/claims.ts";
import { CliError, type CliErrorOptions } from "../../errors.ts";
import type { TokenRequest } from "./token_request.ts";
import { signInCommand } from "./sign_in_command.ts";

/** The error for a request that only the user could fulfil, where the user may not be asked. */
export function interactionRequired(request: TokenRequest, demand: CliError | null): CliError {
  const { key, acceptCached, acceptRefresh } = request;
  const wantsRefresh = acceptRefresh && !acceptCached;
  if (!wantsRefresh) {
    return personNeeded(
      "Signing in needs a person, and --no-interactive forbids asking",
      `${reasonOf(demand)}Sign in where there is a browser:`,
      request,
      demand,
    );
  }
  // What is cached would do for the command without claims, but not for whoever wants a refresh.
  const force = mergeClaims(request.claims, demand?.claims) === undefined ? " --force" : "";
  const hint = `Sign in: ${commandFor(request, demand)}${force}`;
  return demand === null
    ? new CliError("no_token", `Profile '${key.profile}' has no token to refresh`, { hint })
    : demand.withHint(hint);
}

/** The error of a sign-in that found nobody to ask, with why it was needed and the command that makes up for it. */
export function noTerminalForSignIn(
  error: CliError,
  request: TokenRequest,
  demand: CliError | null,
): CliError {
  const ways = error.hint === undefined ? "" : `${error.hint}\n`;
  return personNeeded(error.message, `${reasonOf(demand)}${ways}The command:`, request, demand);
}

function personNeeded(
  message: string,
  hint: string,
  request: TokenRequest,
  demand: CliError | null,
): CliError {
  return new CliError("person_needed", message, {
    ...referenceOf(request, demand),
    hint: `${hint}\n${commandFor(request, demand)}`,
  });
}

function reasonOf(demand: CliError | null): string {
  return demand === null ? "" : `${demand.message}. `;
}

/** The command that signs in for this request, and carries what the authority demanded. */
function commandFor(request: TokenRequest, demand: CliError | null): string {
  const claims = mergeClaims(request.claims, demand?.claims);
  return signInCommand({ profile: request.key.profile, flags: request.signInFlags, claims });
}

/** What the support asks for, and what the next sign-in has to carry. */
function referenceOf(request: TokenRequest, demand: CliError | null): CliErrorOptions {
  const { aadsts, correlationId } = demand ?? {};
  const claims = mergeClaims(request.claims, demand?.claims);
  return {
    ...(aadsts === undefined ? {} : { aadsts }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(claims === undefined ? {} : { claims }),
  };
}
