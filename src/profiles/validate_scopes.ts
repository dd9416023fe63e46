import { CliError } from "../errors.ts";
import { isDefaultScope, scopesByResource } from "../identity/scopes.ts";
import { shellWord } from "../text/shell_word.ts";

/**
 * Refuses scopes that Entra can't put into one token, before anybody is asked to sign in: an access token is for one
 * resource (AADSTS28000), and `.default` stands alone (AADSTS70011).
 *
 * @param profile Its name, for the commands that do it.
 * @throws {CliError} `usage` with one command for each token.
 */
export function assertOneToken(scopes: readonly string[], authority: string, profile: string): void {
  if (scopes.length < 2) return;
  const groups = scopesByResource(scopes, authority);
  if (groups.size > 1) {
    throw new CliError(
      "usage",
      `One token can't be for ${groups.size} resources: ${[...groups.keys()].join(", ")}`,
      {
        hint: ["Get a token for each:", ...[...groups.values()].map((group) => command(group, profile))].join(
          "\n",
        ),
      },
    );
  }
  const [group = []] = groups.values();
  const byDefault = group.filter(isDefaultScope);
  const named = group.filter((scope) => !isDefaultScope(scope));
  if (byDefault.length === 0 || named.length === 0) return;
  throw new CliError("usage", `${byDefault[0]} can't be asked for together with ${named.join(" ")}`, {
    hint: ["Choose one of the two:", command(named, profile), command(byDefault, profile)].join("\n"),
  });
}

function command(scopes: readonly string[], profile: string): string {
  return `entra-auth-cli get-token --profile ${shellWord(profile)} --scope ${shellWord(scopes.join(" "))}`;
}
