import denoJson from "../../deno.json" with { type: "json" };

/** Stands for the commit that an executable is made from: `scripts/build/bundle.ts` puts it here. */
const COMMIT = "{COMMIT}";

/** Name and version of the program; with the commit, where one was put in: `entra-auth-cli 0.1.0 (1a2b3c4)`. */
export const PROGRAM_VERSION: string = `entra-auth-cli ${denoJson.version}` +
  (COMMIT.startsWith("{") ? "" : ` (${COMMIT})`);
