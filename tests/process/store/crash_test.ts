import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import {
  canMountFuse,
  type DiskContent,
  type DiskOperation,
  ERRNO,
  FaultDisk,
  type OperationKind,
} from "../../support/machine/fault_disk/fault_disk.ts";
import { killAtStep, stepsOf } from "../../support/machine/fault_disk/kill_at_step.ts";
import { type Machine, openMachine } from "../../support/machine/machine.ts";
import { ADA } from "../../support/provider/directory.ts";
import type { Json } from "../../support/provider/failures.ts";
import { createProfileArgs } from "../../support/program/sandbox.ts";
import { printFigures } from "../../support/program/print_figures.ts";

const ignore = !await canMountFuse();

/** Asserts that the disk is accessible to the user alone, and has no token in plain text. */
function assertPrivate(content: DiskContent, tokens: readonly string[]): void {
  for (const [path, { data, mode }] of content) {
    assertEquals(mode, data === null ? 0o700 : 0o600, path);
    const text = new TextDecoder("latin1").decode(data ?? new Uint8Array());
    for (const token of tokens) assert(!text.includes(token.slice(0, 24)), path);
  }
}

/** Returns the numbers of the steps that change or sync something: a close changes nothing. */
function telling(steps: readonly DiskOperation[]): number[] {
  return [...steps.keys()].filter((step) => steps[step]?.kind !== "close");
}

function drafts(content: DiskContent): string[] {
  return [...content.keys()].filter((path) => path.endsWith(".tmp"));
}

/** Makes the token endpoint repeat its response to the next request for every later one. */
async function repeatNextAnswer(machine: Machine, times: number): Promise<Json> {
  const { provider } = machine.sandbox;
  let answer: Json = {};
  provider.failNext("token", { kind: "rewrite", rewrite: (genuine) => answer = genuine });
  await machine.output("refresh");
  const body = JSON.stringify(answer);
  for (let time = 0; time < times; time++) {
    provider.failNext("token", {
      kind: "response",
      status: 200,
      headers: { "content-type": "application/json" },
      body,
    });
  }
  return answer;
}

Deno.test({
  name:
    "refresh, killed at any step, leaves the old token or the new one, and no blocking lock or temporary file",
  ignore,
  async fn() {
    await using disk = await FaultDisk.mount();
    await using machine = await openMachine(join(disk.path, "home"));
    const { provider } = machine.sandbox;
    const oldToken = (await machine.signIn("get-token")).stdout.trim();
    const old = disk.content();
    const answer = await repeatNextAnswer(machine, 200);
    const newToken = String(answer.access_token);
    const secrets = [oldToken, newToken, String(answer.refresh_token)];
    assert(newToken !== oldToken);
    disk.restore(old);
    const steps = await stepsOf(disk, () => machine.start("refresh"));

    const found: string[] = [];
    for (const step of telling(steps)) {
      disk.restore(old);
      await killAtStep(disk, step, () => machine.start("refresh"));
      assertPrivate(disk.content(), secrets);
      const asked = provider.requestsTo("token").length;
      const token = (await machine.output("get-token", "--no-interactive")).trim();
      assertEquals(provider.requestsTo("token").length, asked, "it comes from the cache");
      found.push(token === oldToken ? "old" : token === newToken ? "new" : "neither");
      if (drafts(disk.content()).length > 0) {
        await machine.output("refresh");
        assertEquals(drafts(disk.content()), []);
      }
    }
    assertMatch(found.join(" "), /^old( old)+( new)+$/);
    assertEquals(disk.faults, []);
    await printFigures("kills", found.length);
  },
});

Deno.test({
  name: "clear-cache, killed at any step, keeps the tokens of other profiles",
  ignore,
  async fn() {
    await using disk = await FaultDisk.mount();
    await using machine = await openMachine(join(disk.path, "home"));
    const { provider } = machine.sandbox;
    await machine.output(...createProfileArgs("other", provider));
    const token = (await machine.signIn("get-token")).stdout;
    const otherToken = (await machine.signIn("get-token", "--profile", "other")).stdout;
    const old = disk.content();
    const steps = await stepsOf(disk, () => machine.start("clear-cache"));
    const found: string[] = [];
    for (const step of telling(steps)) {
      disk.restore(old);
      await killAtStep(disk, step, () => machine.start("clear-cache"));
      assertPrivate(disk.content(), [token, otherToken]);
      assertEquals(await machine.output("get-token", "--profile", "other", "--no-interactive"), otherToken);
      const result = await machine.run("get-token", "--no-interactive");
      found.push(result.stdout === token ? "old" : `${result.code}`);
    }
    assertMatch(found.join(" "), /^old( old)+( 9)+$/);
  },
});

Deno.test({
  name: "create-profile, killed at any step, leaves the profiles unchanged or with the new one",
  ignore,
  async fn() {
    await using disk = await FaultDisk.mount();
    await using machine = await openMachine(join(disk.path, "home"));
    const { provider } = machine.sandbox;
    const old = disk.content();
    const start = () => machine.start(...createProfileArgs("new", provider));
    const steps = await stepsOf(disk, start);
    const names = async () =>
      JSON.parse(await machine.output("list-profiles", "--output", "json")).map((entry: Json) => entry.name);
    const found: string[] = [];
    for (const step of telling(steps)) {
      disk.restore(old);
      await killAtStep(disk, step, start);
      assertPrivate(disk.content(), []);
      found.push((await names()).join("+"));
      if (drafts(disk.content()).length === 0) continue;
      await machine.output(...createProfileArgs("next", provider));
      assertEquals([await names(), drafts(disk.content())], [["default", "next"], []]);
    }
    assertMatch(found.join(" "), /^default( default)+( default\+new)+$/);
  },
});

/** The steps at which a first sign-in is killed: the first of each kind after the code was redeemed, and the last. */
const SIGN_IN_STEPS: readonly OperationKind[] = ["create", "write", "sync", "rename", "sync folder"];

Deno.test({
  name: "A sign-in killed after the code was redeemed is saved or not, never partially",
  ignore,
  async fn() {
    await using disk = await FaultDisk.mount();
    await using machine = await openMachine(join(disk.path, "home"));
    const { sandbox } = machine;
    const nobody = disk.content();
    for (const path of ["home/key", "home/tokens.enc"]) {
      for (const kind of SIGN_IN_STEPS) {
        disk.restore(nobody);
        const isThere = path === "home/tokens.enc" && kind === "sync folder";
        await killSignIn(disk, machine, kind, path);
        assertPrivate(disk.content(), []);
        const opened = sandbox.browser.count;
        const next = await machine.run("get-token", "--no-interactive");
        assertEquals(next.code, isThere ? 0 : 9, `${kind} ${path}: ${next.stderr}`);
        if (!isThere) {
          assertEquals([(await machine.run("inspect")).code, next.stdout], [6, ""]);
          assertEquals((await machine.signIn("get-token")).code, 0);
          assertEquals(sandbox.browser.count, opened + 1, "the user was prompted");
        }
        assertEquals(drafts(disk.content()), []);
      }
    }
  },
});

/** Kills a sign-in at the first step of this kind on this file, its temporary file, or the folder after its rename. */
async function killSignIn(
  disk: FaultDisk,
  { sandbox, start }: Machine,
  kind: OperationKind,
  path: string,
): Promise<void> {
  const name = path.slice("home/".length);
  let isRenamed = false;
  let isDead = false;
  disk.intercept = (operation) => {
    const isAbout = operation.path === path || operation.path.startsWith(`home/.${name}.`) ||
      (operation.kind === "sync folder" && isRenamed);
    if (!isDead && isAbout && operation.kind === kind) {
      isDead = true;
      program.kill("SIGKILL");
    }
    isRenamed ||= operation.kind === "rename" && operation.path === path;
    return isDead && operation.kind !== "look" ? ERRNO.EINTR : undefined;
  };
  const redeemed = sandbox.provider.requestsTo("token").length;
  const program = start("get-token");
  await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
  await program.ended;
  assertEquals([isDead, sandbox.provider.requestsTo("token").length], [true, redeemed + 1]);
  disk.intercept = () => undefined;
}

Deno.test({
  name: "A refresh killed after the provider rotated the token requires a new sign-in and nothing else",
  ignore,
  async fn() {
    await using disk = await FaultDisk.mount();
    await using machine = await openMachine(join(disk.path, "home"));
    const { provider } = machine.sandbox;
    const token = (await machine.signIn("get-token")).stdout;
    const steps = await stepsOf(disk, () => machine.start("refresh"));
    // The file reserves its space ahead of the request. The tokens are written to it after the request.
    const written = steps.findLastIndex(({ path }) => path.startsWith("home/.tokens.enc."));
    await killAtStep(disk, written, () => machine.start("refresh"));
    assertEquals(provider.requestsTo("token").length, 3, "it had the new token");

    const refused = await machine.run("refresh");
    assertEquals([refused.code, refused.stdout], [3, ""], refused.stderr);
    assertStringIncludes(refused.stderr, "Sign in: entra-auth-cli get-token");
    assert(!/\n\s+at /.test(refused.stderr), refused.stderr);
    assert(
      (await machine.output("get-token", "--no-interactive")) !== token,
      "the cached token is still valid",
    );
    assertEquals((await machine.signIn("get-token", "--force")).code, 0);
    await machine.output("refresh");
  },
});
