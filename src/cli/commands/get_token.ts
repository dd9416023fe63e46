import { Command } from "@cliffy/command";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { GET_TOKEN_OPTIONS, type GetTokenFlags } from "../options/token_options.ts";
import { runGetToken } from "./run_get_token.ts";

export function getTokenCommand(context: CommandContext): AnyCommand {
  const command = new Command()
    .description("Get an access token: from the cache, by a silent refresh, or by signing in.");
  return addOptions(command, GET_TOKEN_OPTIONS)
    .example("Sign in", "entra-auth-cli get-token --flow interactive")
    .example(
      "Use the token",
      'curl -H "$(entra-auth-cli get-token -o header)" https://graph.microsoft.com/v1.0/me',
    )
    .example("Request other scopes", 'entra-auth-cli get-token --scope "User.Read Mail.Read"')
    .example("In a script", "entra-auth-cli get-token --output json | jq -r .access_token")
    .example("On a machine without a browser", "entra-auth-cli get-token --flow device-code")
    .action((flags: GetTokenFlags) => runGetToken(flags, context));
}
