import { permittedSync } from "./permission.ts";

/** Reads environment variables. An unset or empty variable is `undefined`. */
export interface Environment {
  get(name: string): string | undefined;
}

/** The environment of this process. Throws a `permission` error for a variable that Deno may not read. */
export const systemEnvironment: Environment = {
  get(name) {
    const value = permittedSync(
      [{ name: "env", variable: name }],
      `Reading the environment variable ${name}`,
      () => Deno.env.get(name),
    );
    return value === "" ? undefined : value;
  },
};
