import type { Environment } from "../../../src/system/environment.ts";

/** An environment with just these variables. */
export function environment(variables: Record<string, string>): Environment {
  return { get: (name) => variables[name] || undefined };
}

/** A sign-in address with ten `&` and most of what a shell would stumble over. */
export const SIGN_IN_URL =
  "https://login.example/t/oauth2/v2.0/authorize?client_id=a&response_type=code&scope=x%20y&a=%24(b)" +
  "&c='d'&e=%25PATH%25&f=*!;g&h=~i&j=k+l&state=m-_.&nonce=n#o";
