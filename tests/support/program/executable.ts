/** Whether the program is run as an executable, which has its permissions inside. */
export const isExecutable = Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined;

/** Whether the program may start no others than those that are named inside its executable. */
export const startsOnlyNamed = isExecutable && Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE_STARTS") !== "any";
