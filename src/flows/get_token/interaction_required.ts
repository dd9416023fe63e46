import { encodeBase64Url } from "@std/encoding/base64url";
import { CliError } from "../../errors.ts";
import { mergeClaims } from "../../identity/claims.ts";
import { shellWord } from "../../text/shell_word.ts";
import type { TokenRequest } from "./token_request.ts";

/** What a command needs to sign in for one token. */
export interface SignInWords {
  /** Name of the profile. */
  readonly profile: string;
  /** Flags with their values, a word each. */
  readonly flags?: readonly string[] | undefined;
  /** Claims to request, as JSON text. */
  readonly claims?: string | undefined;
}

/**
 * Returns the command that signs in, ready to be pasted into a shell, maybe on another machine. Claims are base64url,
 * which every shell leaves as it is: Windows PowerShell drops the quotes in JSON, however it is quoted.
 */
export function signInCommand({ profile, flags = [], claims }: SignInWords): string {
  const words = ["entra-auth-cli", "get-token", "--profile", profile, ...flags];
  if (claims !== undefined) words.push("--claims", encodeBase64Url(claims));
  return words.map(shellWord).join(" ");
}

/** Returns the error for a request that needs a sign-in, if the user may not be prompted. */
export function interactionRequired(request: TokenRequest, demand: CliError | null): CliError {
  const { key, acceptCached, acceptRefresh } = request;
  const wantsRefresh = acceptRefresh && !acceptCached;
  if (!wantsRefresh) {
    return personNeeded(
      "Sign-in requires interaction, which --no-interactive forbids",
      `${reasonOf(demand)}Sign in where there is a browser.`,
      request,
      demand,
    );
  }
  // A cached token satisfies the command without claims, but not a user who wants a refresh.
  const force = mergeClaims(request.claims, demand?.claims) === undefined ? " --force" : "";
  const hint = `Sign in: ${commandFor(request, demand)}${force}`;
  return demand === null
    ? new CliError("no_token", `Profile '${key.profile}' has no token to refresh`, { hint })
    : demand.withHint(hint);
}

/** Returns the error of a sign-in that had no terminal, with the reason for it and the command to run elsewhere. */
export function noTerminalForSignIn(
  error: CliError,
  request: TokenRequest,
  demand: CliError | null,
): CliError {
  return personNeeded(error.message, `${reasonOf(demand)}${error.hint ?? ""}`, request, demand);
}

function personNeeded(
  message: string,
  hint: string,
  request: TokenRequest,
  demand: CliError | null,
): CliError {
  return new CliError("person_needed", message, {
    hint: `${commandFor(request, demand)}\n${hint}`,
    aadsts: demand?.aadsts,
    correlationId: demand?.correlationId,
    description: demand?.description,
    claims: mergeClaims(request.claims, demand?.claims),
  });
}

function reasonOf(demand: CliError | null): string {
  return demand === null ? "" : `${demand.message}. `;
}

/** Returns the command that signs in for this request, with the claims that the authority demanded. */
function commandFor(request: TokenRequest, demand: CliError | null): string {
  const claims = mergeClaims(request.claims, demand?.claims);
  return signInCommand({ profile: request.key.profile, flags: request.signInFlags?.(), claims });
}
