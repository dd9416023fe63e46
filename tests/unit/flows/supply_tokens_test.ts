import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { supplyTokens } from "../../../src/flows/supply_tokens.ts";
import { NOW, NOW_MS, tokenResult } from "../../support/fixtures/command_fixture.ts";
import { FakeClock } from "../../support/machine/fake_clock.ts";

const AUTHORITY = "https://login.microsoftonline.com";
const VAULT = "https://vault.azure.net";

/** Makes a supply whose tokens live for an hour. */
function supply(scopes: readonly string[], resources?: readonly string[]) {
  const clock = new FakeClock(NOW_MS);
  const acquired: string[] = [];
  const next: { refreshAt?: number; error?: CliError } = {};
  const made = supplyTokens({
    authority: AUTHORITY,
    scopes,
    resources,
    clock,
    acquire(wanted, tenant) {
      acquired.push([...wanted, ...tenant === undefined ? [] : [tenant]].join(" "));
      if (next.error !== undefined) return Promise.reject(next.error);
      const { refreshAt } = next;
      const expiresAt = Math.floor(clock.now() / 1000) + 3600;
      return Promise.resolve({ ...tokenResult().token, expiresAt, ...refreshAt ? { refreshAt } : {} });
    },
  });
  return { made, clock, acquired, next };
}

Deno.test("supplyTokens() allows the resources of the scopes by all their names, and no others", async () => {
  const { made, acquired } = supply(["User.Read", `${VAULT}/user_impersonation`, "openid"]);
  assertEquals(made.firstScopes, ["User.Read"]);
  await made.forResource("https://graph.microsoft.com/");
  await made.forResource("00000003-0000-0000-c000-000000000000");
  await made.forScopes(["https://graph.microsoft.com/.default"], undefined);
  await made.forScopes(["Mail.Read"], undefined);
  await made.forResource(VAULT);
  assertEquals(acquired, ["User.Read", "Mail.Read", `${VAULT}/user_impersonation`]);
  for (
    const resource of ["https://management.azure.com", `${VAULT}.evil.example`, "https://vault.azure.ne"]
  ) {
    const error = await assertRejects(() => made.forResource(resource), CliError);
    assertEquals(error.code, "usage", resource);
    await assertRejects(() => made.forScopes(["User.Read", `${resource}/.default`], undefined), CliError);
  }
  assertEquals(acquired.length, 3);
});

Deno.test("supplyTokens() allows the named resources only, and refuses to start without any", async () => {
  const { made, acquired } = supply(["User.Read"], [`${VAULT}/`]);
  await made.forResource(VAULT);
  await made.forScopes([`${VAULT}/.default`], "other-tenant");
  await assertRejects(() => made.forResource("https://graph.microsoft.com"), CliError);
  assertEquals([acquired, made.firstScopes], [
    [`${VAULT}/.default`, `${VAULT}/.default other-tenant`],
    [`${VAULT}//.default`],
  ]);
  assertThrows(() => supply(["openid"]), CliError, "no scope of a resource");
});

Deno.test("supplyTokens() gets one token for concurrent requests, and the next one before it expires", async () => {
  const { made, clock, acquired, next } = supply(["User.Read"]);
  const graph = "https://graph.microsoft.com";
  const ask = () => Promise.all([1, 2, 3].map(() => made.forResource(graph)));
  await ask();
  await ask();
  assertEquals(acquired.length, 1);
  clock.move(3600 - 300 - 1);
  await ask();
  assertEquals(acquired.length, 1);
  clock.move(2);
  next.refreshAt = NOW + 4000;
  await ask();
  assertEquals(acquired.length, 2);
  clock.move(800);
  await ask();
  assertEquals(acquired.length, 3, "the authority wants it refreshed");
  clock.move(7200);
  next.error = new CliError("network", "no network");
  await assertRejects(() => made.forResource(graph), CliError, "no network");
  delete next.error;
  await made.forResource(graph);
  assertEquals(acquired.length, 5, "a failure is not kept");
});

Deno.test("supplyTokens() gives out the token of the sign-in until it expires", async () => {
  const { made, clock, acquired } = supply(["User.Read"]);
  made.holdFirst(tokenResult().token);
  assertEquals(await made.forResource("https://graph.microsoft.com"), tokenResult().token);
  assertEquals(acquired, []);
  clock.move(3600);
  await made.forResource("https://graph.microsoft.com");
  assertEquals(acquired, ["User.Read"]);
});
