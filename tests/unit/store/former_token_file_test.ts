import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { keyFileStore } from "../../../src/store/keystore/key_file.ts";
import { formatProfileSecrets } from "../../../src/store/profile_secrets.ts";
import {
  formatSession,
  formatSummary,
  sessionBinding,
  summarizeSession,
} from "../../../src/store/session.ts";
import { systemFiles } from "../../../src/system/files/deno_files.ts";
import { FileError } from "../../../src/system/files/file_error.ts";
import { Secret } from "../../../src/text/secret.ts";
import { formatFormerFile } from "../../support/fixtures/former_token_file.ts";
import { keyOf, makeStoreHome, sampleSession, type StoreHome } from "../../support/fixtures/store_fixture.ts";

const VERSION_AT = 4;
const IDENTITY = { id: "0123456789abcdef".repeat(2), generation: 1 };
const SECRETS = { clientId: "client", authority: null, clientSecret: new Secret("cl13nt-s3cret") };

/** Writes a file of a former version with the sessions of three profiles and the secrets of one. */
async function writeFormer(home: StoreHome, version: 1 | 2 | 3): Promise<Uint8Array> {
  const { key, id } = await keyFileStore(home.folder()).obtain(".old");
  const isBound = version > 1;
  const records = ["work", "other", "third"].map((profile) => {
    const session = { ...sampleSession(profile), identity: isBound ? IDENTITY : null };
    const summary = formatSummary(summarizeSession(session));
    const boundTo = sessionBinding(session);
    return { kind: "session", name: profile, boundTo, data: formatSession(session), summary };
  });
  const boundTo = isBound ? IDENTITY.id : undefined;
  const secrets = { kind: "secrets", name: "work", boundTo, data: formatProfileSecrets(SECRETS) };
  const header = { version, keyStore: 1, keyId: await id() };
  await home.write("tokens.enc", await formatFormerFile(header, key, [...records, secrets]));
  return await home.read("tokens.enc");
}

/** Returns the profiles with their access tokens. */
async function listed(home: StoreHome): Promise<string[]> {
  return (await home.store().list()).map(({ profile, tokens }) =>
    `${profile} ${tokens[0]?.accessToken.reveal()}`
  );
}

for (const version of [1, 2, 3] as const) {
  const identity = version === 1 ? null : IDENTITY;

  Deno.test(`A token file of version ${version} is read, and becomes one of version 4 at the first write`, async () => {
    await using home = await makeStoreHome();
    const former = await writeFormer(home, version);
    assertEquals((await home.store().read({ ...keyOf("other"), identity }))?.profile, "other");
    assertEquals((await home.store().summaries()).map(({ profile }) => profile), ["work", "other", "third"]);
    assertEquals(await listed(home), ["work token-of-work", "other token-of-other", "third token-of-third"]);
    assertEquals(await home.read("tokens.enc"), former, "reading changes nothing");

    await home.store().save({ ...sampleSession("other", "new"), identity });
    assertEquals((await home.read("tokens.enc"))[VERSION_AT], 4);
    assertEquals(await listed(home), ["work token-of-work", "other new", "third token-of-third"]);
    assertEquals((await home.store().summaries()).map(({ profile }) => profile), ["work", "other", "third"]);
    const secrets = await home.store().readSecrets("work", identity);
    assertEquals(secrets?.clientSecret?.reveal(), "cl13nt-s3cret");
  });
}

for (const version of [2, 3] as const) {
  Deno.test(`save() with a reservation migrates a token file of version ${version} on a disk that has become full`, async () => {
    await using home = await makeStoreHome();
    await writeFormer(home, version);
    let isFull = false;
    const create: typeof systemFiles.create = (path, data) =>
      isFull ? Promise.reject(new FileError("full", `write ${path}`, path)) : systemFiles.create(path, data);
    const store = home.store({ files: { ...systemFiles, create } });
    await using reservation = await store.reserveSave("work");
    isFull = true;
    await store.save({ ...sampleSession("work", "new"), identity: IDENTITY }, reservation);
    assertEquals(await listed(home), ["work new", "other token-of-other", "third token-of-third"]);
  });
}

Deno.test("A token file whose version is changed is not read as one of another version", async () => {
  await using home = await makeStoreHome();
  const unsharded = await writeFormer(home, 3);
  const tied = await writeFormer(home, 2);
  await home.store().save({ ...sampleSession("work"), identity: IDENTITY });
  const present = await home.read("tokens.enc");
  const files = [tied, unsharded, present];
  assertEquals(files.map((content) => content[VERSION_AT]), [2, 3, 4]);
  const changes = files.flatMap((content) => [1, 2, 3, 4].map((version) => [content, version] as const));
  for (const [content, version] of changes.filter(([content, version]) => content[VERSION_AT] !== version)) {
    const changed = content.slice();
    changed[VERSION_AT] = version;
    await home.write("tokens.enc", changed);
    await assertRejects(() => home.store().list(), CliError, "Cannot decrypt tokens.enc");
    await assertRejects(
      () => home.store().save(sampleSession("work")),
      CliError,
      "Cannot decrypt tokens.enc",
    );
    assertEquals(await home.read("tokens.enc"), changed, "the file is kept");
  }
});

Deno.test("A record of version 2 that is passed off as bound to another profile is rejected", async () => {
  await using home = await makeStoreHome();
  const { key, id } = await keyFileStore(home.folder()).obtain(".old");
  const session = { ...sampleSession("work"), identity: IDENTITY };
  const other = sessionBinding({ ...session, identity: { ...IDENTITY, generation: 2 } });
  for (const sealedFor of [sessionBinding(session), other]) {
    // The index names one, the record is sealed for the other.
    const owners = [sessionBinding(session), sealedFor];
    const record = {
      kind: "session",
      name: "work",
      get boundTo() {
        return owners.shift();
      },
      data: formatSession(session),
    };
    const header = { version: 2, keyStore: 1, keyId: await id() } as const;
    await home.write("tokens.enc", await formatFormerFile(header, key, [record]));
    const read = () => home.store().read({ ...keyOf("work"), identity: IDENTITY });
    if (sealedFor === other) await assertRejects(read, CliError, "Cannot decrypt tokens.enc");
    else assertEquals((await read())?.profile, "work");
  }
});
