import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { parse } from "@std/yaml/parse";
import { createRequire } from "node:module";
import { DEV_FOLDER, makeFolderOnce, unpackFromNpm } from "../../scripts/offline/npm_package.ts";
import { hasCommand } from "../support/program/shell.ts";

const FOLDER = new URL("../../.github/workflows/", import.meta.url);

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> };
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

async function readWorkflows(): Promise<{ name: string; text: string; workflow: Workflow }[]> {
  return await Array.fromAsync(Deno.readDir(FOLDER), async ({ name }) => {
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    return { name, text, workflow: parse(text) as Workflow };
  });
}

async function readWorkflow(name: string): Promise<Workflow> {
  return parse(await Deno.readTextFile(new URL(name, FOLDER))) as Workflow;
}

Deno.test("workflows name every action by its commit, with the version beside it", async () => {
  for (const { name, text } of await readWorkflows()) {
    for (const [line] of text.matchAll(/^ *(?:- )?uses: .*$/gm)) {
      assertMatch(line, /uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, name);
    }
  }
});

Deno.test("workflows may write nothing but what a job names, and leave no credentials behind", async () => {
  for (const { name, workflow } of await readWorkflows()) {
    assertEquals(Object.values(workflow.permissions).filter((right) => right !== "read"), [], name);
    for (const { steps } of Object.values(workflow.jobs)) {
      const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
      for (const checkout of checkouts) assertEquals(checkout.with?.["persist-credentials"], false, name);
    }
  }
});

Deno.test("a release is made on two runners, compared, and published from a protected environment", async () => {
  const { make, publish } = (await readWorkflow("release.yml")).jobs;
  assertEquals(make?.strategy?.matrix, { copy: ["first", "second"] });
  assertEquals(make?.permissions, { contents: "read" });
  const made = make?.steps.map(({ run = "" }) => run) ?? [];
  assert(made.some((run) => run.includes("deno task release --target all --official")));
  assert(made.some((run) => run.includes("sha256sum --check --strict") && run.includes("deno.sha256")));
  assertEquals(make?.steps.some(({ uses = "" }) => /cache/.test(uses)), false);

  assertEquals(publish?.environment, "release");
  const steps = publish?.steps ?? [];
  const downloads = steps.flatMap((step) => step.with?.name ?? []);
  assertEquals(downloads, ["release-first", "release-second"]);
  const compared = steps.findIndex(({ run = "" }) => run.includes("diff --recursive dist second"));
  const attested = steps.findIndex(({ uses = "" }) => uses.startsWith("actions/attest-build-provenance@"));
  assert(compared !== -1 && compared < attested, "compared before it is attested");
});

Deno.test("only the publishing job of a release gets an ID token or may write contents", async () => {
  for (const { name, workflow } of await readWorkflows()) {
    for (const [job, { permissions = {} }] of Object.entries(workflow.jobs)) {
      const isPublishing = name === "release.yml" && job === "publish";
      const strong = ["contents", "id-token", "attestations"].filter((right) =>
        permissions[right] === "write"
      );
      assertEquals(strong.length > 0, isPublishing, `${name}: ${job}`);
    }
  }
});

Deno.test("the Deno of a release is the one of scripts/dev.sh", async () => {
  const script = await Deno.readTextFile(new URL("../../scripts/dev.sh", import.meta.url));
  const [, version] = /^DENO_VERSION=(\S+)$/m.exec(script) ?? [];
  const runs = (await readWorkflow("release.yml")).jobs.make?.steps.map(({ run = "" }) => run).join("\n") ??
    "";
  assert(runs.includes(`@deno/linux-x64-glibc@${version}`), version);
  const downloads = await Deno.readTextFile(new URL("../../scripts/build/downloads.sha256", import.meta.url));
  assert(downloads.includes(`Deno ${version} `), "the pinned downloads are of another Deno");
});

const VALIDATOR = {
  name: "@action-validator/core",
  version: "0.6.0",
  integrity:
    "sha512-tPglwCr8Mm8SWzwnVewwFmqRx91F0WvMsM0BRAqH4CLalyGndm53Xvp+UcUSzswpk1wkjIDYI7RyEhWMLyPkig==",
};

/** The problems that the validator finds. */
type Validate = (
  text: string,
) => { readonly errors: readonly { readonly code: string; readonly path: string }[] };

Deno.test({
  name: "the action and the workflows keep to the published schemas of GitHub's actions and workflows",
  ignore: !hasCommand("npm"),
  async fn() {
    const folder = new URL("action_validator/", DEV_FOLDER);
    await makeFolderOnce(
      folder,
      JSON.stringify(VALIDATOR),
      (draft) => unpackFromNpm(VALIDATOR, draft, "package"),
    );
    const { validateAction, validateWorkflow }: Record<"validateAction" | "validateWorkflow", Validate> =
      createRequire(import.meta.url)(fromFileUrl(new URL("package/action_validator.js", folder)));
    const action = await Deno.readTextFile(
      new URL("../actions/setup-entra-auth-cli/action.yml", FOLDER),
    );
    assertEquals(validateAction(action).errors, []);
    assertEquals(validateAction(action.replace(/^description:.*$/m, "")).errors.map(({ path }) => path), [
      "/description",
    ]);
    for (const { name, text } of await readWorkflows()) {
      // This right is newer than the schema.
      const known = text.replace(/^ *attestations: write\n/m, "");
      assertEquals(validateWorkflow(known).errors, [], name);
      assert(validateWorkflow(known.replace("runs-on", "runs")).errors.length > 0, name);
    }
  },
});
