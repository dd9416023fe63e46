import denoJson from "../../deno.json" with { type: "json" };

/** Stands for the build: `scripts/build/bundle.ts` puts its commit here, after `dev` if it is not made from JSR. */
const BUILD = "{BUILD}";

/** Name and version of the program, and of a build its commit: `entra-auth-cli 0.1.0 (1a2b3c4d5e6f)`. */
export const PROGRAM_VERSION: string = `entra-auth-cli ${denoJson.version}` +
  (BUILD.startsWith("{") ? "" : ` (${BUILD})`);

/** Stands for OWNER/NAME of the repository on GitHub: a release is built with `--repository`, which puts it here. */
const REPOSITORY = "{REPOSITORY}";

/** The URLs of the documentation and of the issues; null in a build that is not a release. */
export const LINKS: ProgramLinks | null = REPOSITORY.startsWith("{") ? null : {
  documentation: `https://github.com/${REPOSITORY}/tree/v${denoJson.version}/docs`,
  issues: `https://github.com/${REPOSITORY}/issues`,
};

export interface ProgramLinks {
  readonly documentation: string;
  readonly issues: string;
}
