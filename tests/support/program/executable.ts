/** Whether the tests run the program as an executable, whose permissions are fixed. */
export const isExecutable = Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined;

/** Whether the program may start only the programs listed in its executable. */
export const startsOnlyNamed = isExecutable && Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE_STARTS") !== "any";
