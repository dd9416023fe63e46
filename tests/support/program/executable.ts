/** Whether the tests run the program as an executable, whose permissions are fixed. */
export const isExecutable = Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined;
