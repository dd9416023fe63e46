import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { CliError } from "../../../src/errors.ts";
import { keyFileStore } from "../../../src/store/keystore/key_file.ts";
import { bytesInMemory, parseTokenFile } from "../../../src/store/token_file.ts";
import type { TokenFile } from "../../../src/store/token_file_format.ts";
import { systemFiles } from "../../../src/system/files/deno_files.ts";
import { Secret } from "../../../src/text/secret.ts";
import { keyOf, makeStoreHome, sampleSession, type StoreHome } from "../../support/fixtures/store_fixture.ts";

const PROFILES = ["first", "second", "third"];

async function parse(home: StoreHome): Promise<TokenFile> {
  const key = await keyFileStore(home.folder()).load(new Uint8Array());
  assert(key !== null);
  return await parseTokenFile(bytesInMemory(await home.read("tokens.enc")), key.key);
}

/** Returns where the record of a profile begins, and how long it is. */
async function placeOf(home: StoreHome, profile: string): Promise<{ at: number; length: number }> {
  const file = await parse(home);
  const [entry] = await file.find(profile);
  return { at: entry?.offset ?? 0, length: entry?.length ?? 0 };
}

async function filled(home: StoreHome): Promise<void> {
  for (const profile of PROFILES) await home.store().save(sampleSession(profile));
}

for (const isReserved of [false, true]) {
  const how = isReserved ? "with a reservation " : "";

  Deno.test(`save() ${how}copies the other records, also one that is damaged`, async () => {
    await using home = await makeStoreHome();
    await filled(home);
    const { at } = await placeOf(home, "third");
    const damaged = await home.read("tokens.enc");
    damaged[at + 50] = (damaged[at + 50] ?? 0) ^ 1;
    await home.write("tokens.enc", damaged);

    await using reservation = isReserved ? await home.store().reserveSave("second") : undefined;
    const store = home.store();
    await store.save(sampleSession("second", "new"), reservation);
    const session = await home.store().read(keyOf("second"));
    assertEquals(session?.tokens[0]?.accessToken.reveal(), "new");
    for (const profile of ["first", "third"]) {
      const { at, length } = await placeOf(home, profile);
      const copied = (await home.read("tokens.enc")).slice(at, at + length);
      assertEquals(copied, damaged.slice(at, at + length), profile);
    }
    assertEquals((await home.store().read(keyOf("first")))?.profile, "first");
    await assertRejects(() => home.store().read(keyOf("third")), CliError, "Cannot decrypt tokens.enc");
  });
}

Deno.test("save() with a reservation writes only what changes, and everything if the record has grown", async () => {
  await using home = await makeStoreHome();
  await filled(home);
  const written: string[] = [];
  const files: typeof systemFiles = {
    ...systemFiles,
    overwrite: (path, data) => (written.push("whole"), systemFiles.overwrite(path, data)),
    patch: (path, patch) => (written.push("parts"), systemFiles.patch(path, patch)),
  };
  const store = home.store({ files });
  for (const token of ["short", "long ".repeat(500), "short again"]) {
    await using reservation = await store.reserveSave("second");
    await store.save(sampleSession("second", token), reservation);
    assertEquals((await home.store().list()).map(({ tokens }) => tokens[0]?.accessToken.reveal()), [
      "token-of-first",
      token,
      "token-of-third",
    ]);
  }
  assertEquals(written, ["parts", "whole", "parts"]);
});

Deno.test("save() writes the whole file if the reserved copy is of an older file, or cut", async () => {
  await using home = await makeStoreHome();
  await filled(home);
  const store = home.store();
  {
    await using reservation = await store.reserveSave("first");
    await store.save(sampleSession("third", "newer"));
    await store.save(sampleSession("first", "new"), reservation);
  }
  {
    await using reservation = await store.reserveSave("second");
    await Deno.truncate(reservation.path, 100);
    await store.save(sampleSession("second", "new"), reservation);
  }
  const tokens = (await home.store().list()).map(({ tokens }) => tokens[0]?.accessToken.reveal());
  assertEquals(tokens, ["new", "new", "newer"]);
});

Deno.test("a record of an earlier write with the same key is not accepted in the place of the present one", async () => {
  await using home = await makeStoreHome();
  await filled(home);
  const earlier = await home.read("tokens.enc");
  await home.store().save(sampleSession("second", "newer"));
  const present = await home.read("tokens.enc");
  const { at, length } = await placeOf(home, "second");
  assertEquals(present.length, earlier.length);
  const mixed = present.slice();
  mixed.set(earlier.subarray(at, at + length), at);
  await home.write("tokens.enc", mixed);
  await assertRejects(() => home.store().read(keyOf("second")), CliError, "Cannot decrypt tokens.enc");
});

for (const { others, runs } of [{ others: 0, runs: 160 }, { others: 300, runs: 40 }]) {
  Deno.test(`Any sequence of writes leaves what was saved last, beside ${others} other profiles`, async () => {
    await using home = await makeStoreHome();
    const names = Array.from({ length: others }, (_, number) => `other-${number}`);
    if (others > 0) assert((await home.fill(names)).directory.length > 2);
    const saved = new Map<string, string>(names.map((name) => [name, `token-of-${name}`]));
    const store = home.store();
    const operation = fc.record({
      profile: fc.constantFrom(...PROFILES, "fourth"),
      // Of lengths that stay in their place, and that do not.
      length: fc.constantFrom(1, 10, 200, 300, 1000),
      kind: fc.constantFrom("save", "reserve", "reserve", "forget", "rename", "renew"),
    });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(operation, async ({ profile, length, kind }) => {
        if (kind === "forget") {
          await store.forget(profile);
          saved.delete(profile);
        } else if (kind === "rename") {
          // In place of what the new name had.
          await store.rename(profile, "renamed");
          const token = saved.get(profile);
          saved.delete("renamed");
          saved.delete(profile);
          if (token !== undefined) saved.set("renamed", token);
        } else if (kind === "renew") await store.renewKey();
        else {
          const token = `${number++} `.padEnd(length, "x");
          await using reservation = kind === "reserve" ? await store.reserveSave(profile) : undefined;
          await store.save({ ...sampleSession(profile, token), msalCache: new Secret(token) }, reservation);
          saved.set(profile, token);
        }
        const list = await home.store().list();
        const found = new Map(list.map(({ profile, tokens }) => [profile, tokens[0]?.accessToken.reveal()]));
        assertEquals(found, new Map<string, string | undefined>(saved));
        const summaries = (await home.store().summaries()).map((
          { profile, expiresAt },
        ) => [profile, expiresAt]);
        assertEquals(summaries, list.map(({ profile }) => [profile, 2_000_000_000]));
      }),
      { numRuns: runs, endOnFailure: true },
    );
    assertEquals((await home.names()).filter((name) => name.endsWith(".tmp")), []);
  });
}
