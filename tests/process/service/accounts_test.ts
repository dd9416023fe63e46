import { assertEquals, assertStringIncludes } from "@std/assert";
import { type AccountEntry, readAccounts } from "../../support/corpus/corpus.ts";
import { printReplayed } from "../../support/service/print_replayed.ts";
import { flagsOf, openServiceSandbox, type ServiceSandbox } from "../../support/service/service_sandbox.ts";

const ALIASES = /^(login\.windows\.net|login\.microsoft\.com|sts\.windows\.net|login\.(usgov|china)cloudapi)/;

/** Runs the commands of a user with one account, from the sign-in to the end. */
async function replay(sandbox: ServiceSandbox, account: AccountEntry, home: string): Promise<void> {
  const { service } = sandbox;
  const { username, object_id: objectId, tenant_id: tenantId } = account.expect;
  const ok = async (args: readonly string[]) => {
    const result = await sandbox.run(args, { home });
    assertEquals(result.code, 0, `${args.join(" ")}: ${result.stderr}`);
    return result.stdout;
  };
  service.account = account;
  await ok(["create-profile", "--name", "default", ...flagsOf(account), "--scope", account.scope]);
  const signedIn = await sandbox.signIn(["get-token", "--output", "json"], { home });
  assertEquals(signedIn.code, 0, signedIn.stderr);
  const shown = JSON.parse(signedIn.stdout).account;
  assertEquals([shown.username, shown.object_id, shown.tenant_id], [username, objectId, tenantId]);

  const sent = service.requests.length;
  assertEquals((await ok(["get-token"])).trim(), JSON.parse(signedIn.stdout).access_token);
  assertEquals(service.requests.length, sent, "a cached token needs no request");
  await ok(["refresh"]);

  const [inspected, report, status, profiles] = await Promise.all([
    ok(["inspect", "--output", "json"]),
    ok(["inspect"]),
    ok(["status"]),
    ok(["list-profiles", "--output", "json"]),
  ]);
  assertEquals(JSON.parse(inspected).inspection.account.username, username);
  assertStringIncludes(report, username);
  assertStringIncludes(status, `Profile 'default': ${username}, expires`);
  assertEquals(JSON.parse(profiles)[0].account.username, username);
  await ok(["clear-cache"]);
  assertEquals((await sandbox.run(["inspect"], { home })).code, 6);
  assertEquals(service.requests.filter(({ host }) => ALIASES.test(host)), [], "an alias receives no request");
}

Deno.test("every account of the corpus signs in, is refreshed, and is shown by its name in all commands", async (t) => {
  await using sandbox = await openServiceSandbox();
  const accounts = await readAccounts();
  let passed = 0;
  for (const [index, account] of accounts.entries()) {
    passed += Number(await t.step(account.id, () => replay(sandbox, account, `${sandbox.home}-${index}`)));
  }
  await printReplayed("accounts", accounts.length, passed);
});
