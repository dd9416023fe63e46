import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { forgetTokens } from "../../../../src/flows/tokens/forget_tokens.ts";
import type { TokenStore } from "../../../../src/store/token_store.ts";
import { sampleSession } from "../../../support/fixtures/store_fixture.ts";
import { MemoryStore } from "../../../support/fixtures/memory_store.ts";

const { signal } = new AbortController();

function storeThatForgets(forget: () => Promise<number>, movedTo: string | null): TokenStore {
  const unused = () => Promise.reject(new Error("not part of this"));
  return {
    forget,
    moveAside: () => Promise.resolve(movedTo),
    readSecrets: () => Promise.reject(new Error("not part of it")),
    saveSecrets: () => Promise.reject(new Error("not part of it")),
    read: unused,
    save: unused,
    list: unused,
    drop: unused,
    rename: unused,
    exclusively: unused,
    keyPlace: unused,
  };
}

Deno.test("forgetTokens() gives the number of sign-ins that were dropped", async () => {
  const store = storeThatForgets(() => Promise.resolve(2), "/nowhere");
  assertEquals(await forgetTokens("work", { store, signal }), { kind: "forgotten", sessions: 2 });
});

Deno.test("forgetTokens() moves aside what can't be read", async () => {
  const unreadable = new CliError("unreadable_store", "damaged");
  const store = storeThatForgets(() => Promise.reject(unreadable), "/home/me/aside");
  assertEquals(await forgetTokens("work", { store, signal }), {
    kind: "moved-aside",
    path: "/home/me/aside",
  });
});

Deno.test("forgetTokens() leaves the file alone when the store fails for another reason", async () => {
  const store = storeThatForgets(
    () => Promise.reject(new CliError("store", "the disk is full")),
    "/home/me/aside",
  );
  await assertRejects(() => forgetTokens("work", { store, signal }), CliError, "the disk is full");
});

Deno.test("forgetTokens() of all profiles forgets each once, deleted ones too", async () => {
  const store = new MemoryStore();
  store.sessions = [
    sampleSession("work"),
    { ...sampleSession("work"), tenant: "another" },
    sampleSession("deleted"),
  ];
  assertEquals(await forgetTokens(null, { store, signal }), { kind: "forgotten", sessions: 3 });
  assertEquals(store.sessions, []);
  assertEquals(await forgetTokens(null, { store, signal }), { kind: "forgotten", sessions: 0 });
});

Deno.test("forgetTokens() of all profiles moves aside what can't be read", async () => {
  const store = storeThatForgets(() => Promise.resolve(0), "/home/me/aside");
  store.list = () => Promise.reject(new CliError("unreadable_store", "damaged"));
  assertEquals(await forgetTokens(null, { store, signal }), { kind: "moved-aside", path: "/home/me/aside" });
});
