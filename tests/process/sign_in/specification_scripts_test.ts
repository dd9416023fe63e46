import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { startGraph } from "../../support/network/graph.ts";
import type { ProgramResult } from "../../support/program/program.ts";
import { ADA, BOB } from "../../support/provider/directory.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { hasScriptTools, startShell } from "../../support/program/shell.ts";
import type { Visitor } from "../../support/browser/user_agent.ts";

/** The scripts that the specification prints. */
const SCRIPTS = fromFileUrl(new URL("../../fixtures/specification", import.meta.url));
const ME = { displayName: "Ada Lovelace", mail: ADA.username, jobTitle: "Analyst", id: ADA.objectId };

const ignore = !await hasScriptTools();

/** Runs bash to its end. Each visitor signs in when the browser opens. */
async function bash(
  sandbox: Sandbox,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  visitors: readonly Visitor[],
): Promise<ProgramResult> {
  const shell = await startShell(sandbox, ["bash", ...args], { env });
  for (const visitor of visitors) {
    const url = await Promise.race([sandbox.browser.next(), shell.ended]);
    if (typeof url !== "string") return url;
    await sandbox.userAgent.signIn(url, visitor);
  }
  return await shell.ended;
}

Deno.test({
  name: "the specification's script gets a token with get_user_token and calls Graph with curl and jq",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    await using graph = await startGraph(sandbox.folder, ME);
    const env = { CURL_HOME: graph.curlHome };
    const script = join(SCRIPTS, "in_scripts.sh");
    const first = await bash(sandbox, [script], env, [ADA]);
    assertEquals(first.code, 0, first.stderr);
    assertEquals(first.stderr, "Authenticating... Browser will open shortly.\n");
    const [line, ...json] = first.stdout.split("\n");
    assertEquals(line, "Getting your profile...");
    assertEquals(JSON.parse(json.join("\n")), {
      name: "Ada Lovelace",
      email: ADA.username,
      jobTitle: "Analyst",
    });
    const second = await bash(sandbox, [script], env, []);
    assertEquals([second.code, second.stdout], [0, first.stdout], second.stderr);
    assertEquals([sandbox.browser.count, graph.callers], [1, [ADA.objectId, ADA.objectId]]);
  },
});

Deno.test({
  name: "the specification's get_user_token reports a failure, prints no token and ends the script",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    await using graph = await startGraph(sandbox.folder, ME);
    const env = { CURL_HOME: graph.curlHome };
    const result = await bash(sandbox, [join(SCRIPTS, "in_scripts.sh")], env, [{
      ...ADA,
      consent: "cancel",
    }]);
    assertEquals([result.code, result.stdout], [1, "Getting your profile...\n"]);
    assertStringIncludes(result.stderr, "Authentication failed\n");
    assertEquals(graph.callers, []);
  },
});

Deno.test({
  name: "the specification's Graph call sends the token in its header and prints the profile",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    await using graph = await startGraph(sandbox.folder, ME);
    const env = { CURL_HOME: graph.curlHome };
    const result = await bash(sandbox, [join(SCRIPTS, "with_microsoft_graph.sh")], env, [ADA]);
    assertEquals([result.code, JSON.parse(result.stdout)], [0, ME], result.stderr);
    assertStringIncludes(result.stderr, "✓ Authentication successful!");
  },
});

Deno.test({
  name: "the specification's get_token_safe retries once after a refusal and then succeeds or fails",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    assertEquals((await sandbox.run(createProfileArgs("other one", sandbox.provider))).code, 0);
    const env = await withoutSleep(sandbox);
    const call = (
      profile: string,
    ) => ["-c", `. "$0" && get_token_safe ${profile}`, `${SCRIPTS}/error_handling.sh`];
    const safe = await bash(sandbox, call("'other one'"), env, [{ ...BOB, consent: "cancel" }, BOB]);
    assertEquals([safe.code, safe.stderr], [0, "Retrying authentication...\n"]);
    const cached = await sandbox.run(["get-token", "--profile", "other one"]);
    assertEquals(safe.stdout, cached.stdout, "stdout has only the token");

    const refused = [{ ...ADA, consent: "cancel" }, { ...ADA, consent: "cancel" }] as const;
    const failed = await bash(sandbox, call(""), env, refused);
    assertEquals([failed.code, failed.stdout], [1, ""]);
    assertEquals(failed.stderr, "Retrying authentication...\nAuthentication failed after 2 attempts\n");
  },
});

/** Returns the variables that replace `sleep`, so that the pause between two attempts takes no time. */
async function withoutSleep({ folder }: Sandbox): Promise<Record<string, string>> {
  const file = join(folder, "no_sleep.sh");
  await Deno.writeTextFile(file, "sleep() { :; }\n");
  return { BASH_ENV: file };
}
