import { assertEquals, assertStringIncludes } from "@std/assert";
import { type AccountEntry, entryNamed, readAccounts } from "../../support/corpus/corpus.ts";
import { printReplayed } from "../../support/service/print_replayed.ts";
import { CLIENT_ID } from "../../support/service/service.ts";
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

Deno.test("an alias of an authority is replaced in a variable, a handwritten profile, an import and an export", async () => {
  await using sandbox = await openServiceSandbox();
  const { service } = sandbox;
  service.account = entryNamed(await readAccounts(), "work");
  const authority = "https://login.microsoftonline.com";
  const alias = "https://login.windows.net";
  const tenant = service.account.tenant_id ?? "";
  const ok = async (args: readonly string[], home: string) => {
    const result = await sandbox.run(args, { home });
    assertEquals(result.code, 0, result.stderr);
    return result.stdout;
  };
  const signIn = async (home: string, env: Record<string, string> = {}) => {
    const result = await sandbox.signIn(["get-token", "--scope", "User.Read"], { home, env });
    assertEquals(result.code, 0, result.stderr);
  };
  const variables = { AZURE_AUTHORITY_HOST: alias, AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: CLIENT_ID };
  await signIn(`${sandbox.home}-variable`, variables);

  await ok(["create-profile", "--name", "default", ...flagsOf(service.account)], sandbox.home);
  const file = `${sandbox.home}/profiles.json`;
  const written = await Deno.readTextFile(file);
  assertStringIncludes(written, authority);
  await Deno.writeTextFile(file, written.replaceAll(authority, alias));
  const exported = await ok(["export-profile", "--name", "default"], sandbox.home);
  assertStringIncludes(exported, authority);
  await signIn(sandbox.home);

  const portable = `${sandbox.home}/portable.json`;
  await Deno.writeTextFile(portable, exported.replaceAll(authority, alias));
  const imported = `${sandbox.home}-import`;
  await ok(["import-profile", "--file", portable], imported);
  assertStringIncludes(await Deno.readTextFile(`${imported}/profiles.json`), authority);
  await signIn(imported);
  assertEquals(service.requests.filter(({ host }) => ALIASES.test(host)), []);
});
