import { Command } from "@cliffy/command";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import { type GetTokenFlags, runGetToken } from "./run_get_token.ts";
import { tokenOptions } from "../options/token_options.ts";
import { OUTPUT_FORMS } from "../output/token_output.ts";

/** Gives `command` all flags of `get-token`. */
export function getTokenOptions(command: AnyCommand): AnyCommand {
  const withOutput = command
    .option("-o, --output <form:string>", `${OUTPUT_FORMS.join(", ")}.`.replace("text", "text (default)"))
    .option("--file <path:string>", "Write the token to a file (mode 0600) instead of stdout.");
  return tokenOptions(withOutput);
}

/** The `get-token` command. */
export function getTokenCommand(context: CommandContext): AnyCommand {
  const command = new Command()
    .description("Get an access token: from the cache, by a silent refresh, or by signing in.");
  return getTokenOptions(command)
    .example("Sign in", "entra-auth-cli get-token --flow interactive")
    .example(
      "Use the token",
      'curl -H "$(entra-auth-cli get-token -o header)" https://graph.microsoft.com/v1.0/me',
    )
    .example("For other scopes", 'entra-auth-cli get-token --scope "User.Read Mail.Read"')
    .example("In a script", "entra-auth-cli get-token --output json | jq -r .access_token")
    .example("Without a browser here", "entra-auth-cli get-token --flow device-code")
    .action((flags: GetTokenFlags) => runGetToken(flags, context));
}
