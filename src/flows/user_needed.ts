import { mergeClaims } from "../claims.ts";
import { CliError, type CliErrorOptions } from "../errors.ts";
import { shellWord } from "../shell_word.ts";
import type { TokenRequest } from "./get_token.ts";

/** The error for a request that only the user could fulfil, where the user may not be asked. */
export function userNeeded(request: TokenRequest, demand: CliError | null): CliError {
  const { key, acceptCached, acceptRefresh } = request;
  const reason = demand === null ? "" : `${demand.message}. `;
  const wantsRefresh = acceptRefresh && !acceptCached;
  if (!wantsRefresh) {
    return new CliError("person_needed", "Signing in needs a person, and --no-interactive forbids asking", {
      ...referenceOf(demand),
      hint: `${reason}Sign in where there is a browser:\n${signInCommand(request, demand)}`,
    });
  }
  // What is cached would do for the command without claims, but not for whoever wants a refresh.
  const force = mergeClaims(request.claims, demand?.claims) === undefined ? " --force" : "";
  const hint = `Sign in: ${signInCommand(request, demand)}${force}`;
  return demand === null
    ? new CliError("no_token", `Profile '${key.profile}' has no token to refresh`, { hint })
    : demand.withHint(hint);
}

/** The command that signs in for this request, and carries what the authority demanded, ready to be copied. */
export function signInCommand(request: TokenRequest, demand: CliError | null): string {
  const claims = mergeClaims(request.claims, demand?.claims);
  const words = [
    ...["entra-auth-cli", "get-token", "--profile", request.key.profile],
    ...(request.signInFlags ?? []),
    ...(claims === undefined ? [] : ["--claims", claims]),
  ];
  return words.map(shellWord).join(" ");
}

/** What the support asks for, and what the next sign-in has to carry. */
function referenceOf(demand: CliError | null): CliErrorOptions {
  const { aadsts, correlationId, claims } = demand ?? {};
  return {
    ...(aadsts === undefined ? {} : { aadsts }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(claims === undefined ? {} : { claims }),
  };
}
