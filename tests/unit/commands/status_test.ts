import { assertEquals, assertRejects } from "@std/assert";
import { runStatus } from "../../../src/commands/status.ts";
import { CliError } from "../../../src/errors.ts";
import type { StoreStatus } from "../../../src/flows/store_status.ts";
import { MemoryContext, NOW } from "./command_fixture.ts";

const SIGNED_IN: StoreStatus = {
  key: { guardian: "secret-service", place: "the Secret Service", isInUse: true, reason: null },
  signIns: [{
    session: {
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

Deno.test("runStatus() says who is signed in and who keeps the key, and obeys no control characters", async () => {
  const context = new MemoryContext();
  context.status = SIGNED_IN;
  await runStatus(undefined, context);
  const [signIn = "", key = ""] = context.terminal.data.split("\n");
  assertEquals(signIn.startsWith("Profile 'work': ada@contoso.example"), true, signIn);
  assertEquals(signIn.includes("\u001b"), false);
  assertEquals(
    key,
    "The key of the tokens is kept in the Secret Service. " +
      "It opens while your keyring is unlocked, also for other programs in your session.",
  );
});

Deno.test("runStatus() says where the first key would be and why, and calls a key file no more than it is", async () => {
  const context = new MemoryContext();
  context.status = {
    key: { guardian: "key-file", place: "the file /home/key", isInUse: false, reason: "no Secret Service" },
    signIns: [],
  };
  await runStatus("text", context);
  assertEquals(
    context.terminal.data,
    "Nobody is signed in.\n" +
      "The key of the tokens would be kept in the file /home/key (no Secret Service). " +
      "Whoever can read your files can read the tokens.\n",
  );
});

Deno.test("runStatus() prints JSON with no token, and refuses other forms", async () => {
  const context = new MemoryContext();
  context.status = SIGNED_IN;
  await runStatus("json", context);
  const { key, sign_ins: [signIn] } = JSON.parse(context.terminal.data);
  assertEquals(key, { guardian: "secret-service", place: "the Secret Service", in_use: true, reason: null });
  assertEquals([signIn.profile, signIn.expired, signIn.expires_at], ["work", false, "2025-12-28T12:01:00Z"]);
  await assertRejects(() => runStatus("toml", context), CliError, "Unknown output form");
});
