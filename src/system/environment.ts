import { permittedSync } from "./permission.ts";

/** Reads environment variables. An unset or empty variable is `undefined`. */
export interface Environment {
  /** Value of the variable `name`. */
  get(name: string): string | undefined;
}

/** The environment of this process. Reading a variable that Deno wasn't allowed to read is a `permission` error. */
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
