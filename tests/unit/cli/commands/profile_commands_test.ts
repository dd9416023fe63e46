import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { runCreateProfile } from "../../../../src/cli/commands/create_profile.ts";
import type { CreateProfileFlags } from "../../../../src/cli/options/profile_options.ts";
import { runDeleteProfile } from "../../../../src/cli/commands/delete_profile.ts";
import { runListProfiles } from "../../../../src/cli/commands/list_profiles.ts";
import { CliError } from "../../../../src/errors.ts";
import { MemoryContext, WORK } from "../../../support/fixtures/command_fixture.ts";

const TENANT = "99999999-2222-4333-8444-555555555555";
const CLIENT = "bbbbbbbb-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const NEW: CreateProfileFlags = { name: "new", tenantId: TENANT, clientId: CLIENT };

async function created(
  flags: CreateProfileFlags,
): Promise<MemoryContext["profiles"]["profiles"][number] | undefined> {
  const context = new MemoryContext();
  await runCreateProfile(flags, context);
  return context.profiles.profiles.at(-1);
}

Deno.test("create-profile takes the values from the flags, and does not prompt", async () => {
  const expected = {
    name: "new",
    tenantId: TENANT,
    clientId: CLIENT,
    flow: "interactive",
    scopes: ["User.Read"],
  };
  assertEquals<unknown>(await created(NEW), expected);
  assertEquals<unknown>(await created({ ...NEW, scope: ["a/x a/y", "a/z"], flow: "interactive" }), {
    ...expected,
    scopes: ["a/x", "a/y", "a/z"],
  });
});

Deno.test("create-profile reads the tenant from the authority's path, and saves the base", async () => {
  const profile = await created({
    ...NEW,
    tenantId: undefined,
    authority: `https://login.example:8443/${TENANT}`,
  });
  assertEquals([profile?.tenantId, profile?.authority], [TENANT, "https://login.example:8443"]);
});

Deno.test("create-profile names every missing flag if it cannot prompt", async () => {
  const context = new MemoryContext();
  const error = await assertRejects(() => runCreateProfile({}, context), CliError);
  assertEquals(error.code, "person_needed");
  for (const flag of ["--name", "--tenant-id", "--client-id"]) assertStringIncludes(error.message, flag);
  const one = await assertRejects(() => runCreateProfile({ ...NEW, clientId: undefined }, context), CliError);
  assertEquals(one.message.includes("--tenant-id"), false);
});

Deno.test("create-profile refuses an existing name and invalid values, and adds nothing", async () => {
  const wrong: CreateProfileFlags[] = [
    { ...NEW, name: "work" },
    { ...NEW, name: "../x" },
    { ...NEW, name: "" },
    { ...NEW, tenantId: "a b" },
    { ...NEW, clientId: "not-a-guid" },
    { ...NEW, flow: "password" },
    { ...NEW, authority: "http://login.example" },
    { ...NEW, scope: ['a"b'] },
  ];
  for (const flags of wrong) {
    const context = new MemoryContext();
    const error = await assertRejects(() => runCreateProfile(flags, context), CliError);
    assertEquals(error.code, "usage", JSON.stringify(flags));
    assertEquals(context.profiles.profiles, [WORK]);
  }
});

Deno.test("list-profiles prints data to stdout, or a message to stderr if there are no profiles", async () => {
  const context = new MemoryContext();
  await runListProfiles("json", context);
  const [{ name, tenant_id, client_id, flow, scopes, account }] = JSON.parse(context.terminal.data);
  assertEquals([name, tenant_id, client_id, flow, scopes, account], [
    "work",
    WORK.tenantId,
    WORK.clientId,
    "interactive",
    ["Mail.Read"],
    null,
  ]);
  const table = new MemoryContext();
  await runListProfiles(undefined, table);
  assertStringIncludes(table.terminal.data, "work");
  const empty = new MemoryContext();
  empty.profiles.profiles.length = 0;
  await runListProfiles(undefined, empty);
  assertEquals(empty.terminal.data, "");
  assertStringIncludes(empty.terminal.said.join("\n"), "create-profile");
  assertEquals(
    (await assertRejects(() => runListProfiles("xml", new MemoryContext()), CliError)).code,
    "usage",
  );
});

Deno.test("delete-profile deletes the tokens and the profile, and fails without a profile", async () => {
  const context = new MemoryContext();
  await runDeleteProfile({ name: "work" }, context);
  assertEquals([context.profiles.profiles, context.terminal.said], [[], ["✓ Profile 'work' deleted"]]);
  const error = await assertRejects(() => runDeleteProfile({ name: "work" }, context), CliError);
  assertEquals(error.code, "no_profile");
});

Deno.test("delete-profile keeps the profile if its tokens cannot be deleted", async () => {
  const context = new MemoryContext();
  context.store.drop = () => Promise.reject(new CliError("store", "locked"));
  await assertRejects(() => runDeleteProfile({ name: "work" }, context), CliError, "locked");
  assertEquals(context.profiles.profiles, [WORK]);
});
