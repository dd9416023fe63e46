import { CliError } from "../errors.ts";
import { permittedSync } from "./permission.ts";

/** Reads environment variables. An unset or empty variable is `undefined`. */
export interface Environment {
  get(name: string): string | undefined;
  /** Returns whether a variable is set to the empty string. Absent if the source does not distinguish that from unset. */
  isEmpty?(name: string): boolean;
}

/** The environment of this process. Throws a `permission` error for a variable that Deno may not read. */
export const systemEnvironment: Environment = {
  get: (name) => read(name) || undefined,
  isEmpty: (name) => read(name) === "",
};

function read(name: string): string | undefined {
  return permittedSync(
    [{ name: "env", variable: name }],
    `Reading the environment variable ${name}`,
    () => {
      try {
        return Deno.env.get(name);
      } catch (error) {
        if (!(error instanceof Deno.errors.InvalidData)) throw error;
        throw new CliError("usage", `Invalid ${name}: expected UTF-8 text`, {
          hint: `Set ${name} again, or unset it.`,
          cause: error,
        });
      }
    },
  );
}
