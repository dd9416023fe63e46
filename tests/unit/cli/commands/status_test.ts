import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { parse as parseYaml } from "@std/yaml/parse";
import { runStatus } from "../../../../src/cli/commands/status.ts";
import { CliError } from "../../../../src/errors.ts";
import type { StoreStatus } from "../../../../src/flows/tokens/store_status.ts";
import { MemoryContext, NOW, setStatus, WORK } from "../../../support/fixtures/command_fixture.ts";

const SIGNED_IN: StoreStatus = {
  key: { keyStore: "secret-service", place: "the Secret Service", isInUse: true, reason: null },
  signIns: [{
    session: {
      identity: null,
      profile: "work",
      authority: "https://login.example.org",
      tenant: "contoso",
      clientId: "client",
      account: { homeAccountId: "h", username: "ada@contoso.example\u001b[2J", objectId: "o", tenantId: "t" },
    },
    expiresAt: NOW + 60,
    isExpired: false,
  }],
};

Deno.test("runStatus() prints who is signed in and where the key is, without control characters", async () => {
  const context = new MemoryContext();
  setStatus(context, SIGNED_IN);
  await runStatus(undefined, context);
  const [signIn = "", key = ""] = context.terminal.data.split("\n");
  assertEquals(signIn.startsWith("Profile 'work': ada@contoso.example"), true, signIn);
  assertEquals(signIn.includes("\u001b"), false);
  assertEquals(
    key,
    "Encryption key: the Secret Service. " +
      "While your keyring is unlocked, every program in your session can use it.",
  );
});

Deno.test("runStatus() prints where the first key will be and why, and how a key file protects it", async () => {
  const context = new MemoryContext();
  setStatus(context, {
    key: { keyStore: "key-file", place: "the file /home/key", isInUse: false, reason: "no Secret Service" },
    signIns: [],
  });
  context.profiles.profiles.length = 0;
  await runStatus("text", context);
  assertEquals(
    context.terminal.data,
    "Nobody is signed in.\n" +
      "Encryption key: not created yet; it will be in the file /home/key (no Secret Service). " +
      "Anyone who can read your files can read the tokens.\n",
  );
});

Deno.test("runStatus() tells two sign-ins of one profile apart", async () => {
  const context = new MemoryContext();
  const [signIn] = SIGNED_IN.signIns;
  if (signIn === undefined) throw new Error("no sign-in");
  const other = { ...signIn, session: { ...signIn.session, tenant: "fabrikam", clientId: "other" } };
  setStatus(context, { ...SIGNED_IN, signIns: [signIn, other] });
  await runStatus("text", context);
  const [first = "", second = ""] = context.terminal.data.split("\n");
  assertEquals(first.endsWith(" (application client at https://login.example.org/contoso)"), true, first);
  assertEquals(second.endsWith(" (application other at https://login.example.org/fabrikam)"), true, second);
});

Deno.test("runStatus() prints JSON without a token, and refuses other formats", async () => {
  const context = new MemoryContext();
  setStatus(context, SIGNED_IN);
  await runStatus("json", context);
  const { key, sign_ins: [signIn] } = JSON.parse(context.terminal.data);
  assertEquals(key, { key_store: "secret-service", place: "the Secret Service", in_use: true, reason: null });
  assertEquals([signIn.profile, signIn.expired, signIn.expires_at], ["work", false, "2025-12-28T12:01:00Z"]);
  const printed = JSON.parse(context.terminal.data);
  context.terminal.data = "";
  await runStatus("yaml", context);
  assertEquals(parseYaml(context.terminal.data), printed);
  await assertRejects(
    () => runStatus("toml", context),
    CliError,
    `Invalid output format "toml": expected text, json, yaml`,
  );
});

Deno.test("runStatus() prints expired sign-ins, those without a token, and those of applications", async () => {
  const context = new MemoryContext();
  const [{ session } = { session: null }] = SIGNED_IN.signIns;
  if (session === null) throw new Error("nobody is signed in");
  const ada = {
    ...session,
    account: session.account && { ...session.account, username: "ada@contoso.example" },
  };
  context.profiles.profiles.push({ ...WORK, name: "old" }, { ...WORK, name: "app" });
  setStatus(context, {
    ...SIGNED_IN,
    signIns: [
      { session: ada, expiresAt: NOW + 60, isExpired: false },
      { session: { ...ada, profile: "old" }, expiresAt: NOW - 60, isExpired: true },
      { session: { ...ada, profile: "app", account: null }, expiresAt: null, isExpired: true },
    ],
  });
  await runStatus("text", context);
  const [app = "", old = "", work = ""] = context.terminal.data.split("\n");
  assertMatch(work, /^Profile 'work': ada@contoso\.example, expires \d/);
  assertMatch(old, /^Profile 'old': ada@contoso\.example, expired \d/);
  assertEquals(app, "Profile 'app': (application), no token");
});

Deno.test("runStatus() prints each field of a sign-in under its own name in JSON", async () => {
  const context = new MemoryContext();
  const [signIn] = SIGNED_IN.signIns;
  if (signIn === undefined) throw new Error("nobody is signed in");
  setStatus(context, {
    ...SIGNED_IN,
    signIns: [signIn, { session: { ...signIn.session, account: null }, expiresAt: null, isExpired: true }],
  });
  await runStatus("json", context);
  const fields = {
    profile: "work",
    tenant_id: "contoso",
    client_id: "client",
    authority: "https://login.example.org",
  };
  assertEquals(JSON.parse(context.terminal.data).sign_ins, [
    {
      ...fields,
      account: {
        username: "ada@contoso.example\u001b[2J",
        object_id: signIn.session.account?.objectId,
        tenant_id: signIn.session.account?.tenantId,
      },
      expires_at: "2025-12-28T12:01:00Z",
      expired: false,
    },
    { ...fields, account: null, expires_at: null, expired: true },
  ]);
});

Deno.test("runStatus() refuses an unknown format before it reads anything", async () => {
  const context = new MemoryContext();
  context.store.list = () => Promise.reject(new Error("the store was opened"));
  const error = await assertRejects(() => runStatus("xml", context), CliError);
  assertEquals(error.code, "usage");
});

Deno.test("runStatus() lists profiles that are not signed in, and sign-ins without a profile", async () => {
  const context = new MemoryContext();
  setStatus(context, SIGNED_IN);
  context.profiles.profiles.push({ ...WORK, name: "home" });
  await runStatus(undefined, context);
  assertMatch(
    context.terminal.data,
    /^Profile 'work': .*, expires \S+ \S+ \S+ \(in 1 minute\)\nProfile 'home': not signed in\nEncryption key/,
  );
  const other = new MemoryContext();
  setStatus(other, SIGNED_IN);
  other.profiles.profiles.length = 0;
  await runStatus(undefined, other);
  assertMatch(other.terminal.data, /^Profile 'work' \(not in profiles\.json\): ada/);

  context.terminal.data = "";
  await runStatus("json", context);
  assertEquals(JSON.parse(context.terminal.data).not_signed_in, ["home"]);
});
