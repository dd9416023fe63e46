import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import type { ProgramResult } from "../../support/program/program.ts";
import { runProgram } from "../../support/program/program.ts";

const TENANT = "contoso.onmicrosoft.com";
const CLIENT = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const SECRET = "a client secret that travels";
const PASSPHRASE = "correct horse battery staple";

/** Two machines that share a folder. */
interface Machines extends AsyncDisposable {
  readonly folder: string;
  readonly file: string;
  here(args: readonly string[], stdin?: string): Promise<ProgramResult>;
  there(args: readonly string[], stdin?: string): Promise<ProgramResult>;
}

async function openMachines(): Promise<Machines> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  const run = (home: string) => (args: readonly string[], stdin?: string) =>
    runProgram(args, {
      env: { ENTRA_AUTH_CLI_HOME: join(folder, home), ENTRA_AUTH_CLI_KEYRING: "file" },
      ...(stdin === undefined ? {} : { stdin }),
    });
  const machines = {
    folder,
    file: join(folder, "exported.json"),
    here: run("here"),
    there: run("there"),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
  const ids = ["--tenant-id", TENANT, "--client-id", CLIENT];
  assertDone(
    await machines.here(["create-profile", "--name", "work", ...ids, "--expect-user", "ada@x.example"]),
  );
  const job = ["create-profile", "--name", "job", ...ids, "--flow", "client-credentials"];
  assertDone(await machines.here([...job, "--client-secret-stdin"], SECRET));
  return machines;
}

function assertDone(result: ProgramResult, ...said: string[]): void {
  assertEquals(result.code, 0, result.stderr);
  for (const text of said) assertStringIncludes(result.stderr, text);
}

function assertFails(result: ProgramResult, code: number, ...named: string[]): void {
  assertEquals([result.code, result.stdout], [code, ""], result.stderr);
  // An error has a hint, unless its message names what is expected.
  assertMatch(result.stderr, /\nHint: |: expected /);
  for (const text of named) assertStringIncludes(result.stderr, text);
}

async function listed(run: Machines["here"]): Promise<unknown[]> {
  return JSON.parse((await run(["list-profiles", "--output", "json"])).stdout);
}

Deno.test("export-profile writes a file without secrets, which import-profile reads on another machine", async () => {
  await using machines = await openMachines();
  const { here, there, file } = machines;
  const exported = await here(["export-profile", "--all"]);
  assertDone(exported, "✓ 2 profiles exported, without secrets");
  const { format, version, profiles, secrets } = JSON.parse(exported.stdout);
  assertEquals([format, version, Object.keys(profiles), secrets], [
    "entra-auth-cli-profiles",
    1,
    ["work", "job"],
    undefined,
  ]);
  assert(!exported.stdout.includes(SECRET));

  assertDone(await there(["import-profile"], exported.stdout), "✓ Profile 'work' imported", "'job' imported");
  assertEquals(await listed(there), await listed(here));

  await Deno.writeTextFile(file, "notes");
  const kept = await here(["export-profile", "--name", "work", "--file", file]);
  assertFails(kept, 2, "it does not contain exported profiles", "--force");
  assertEquals(await Deno.readTextFile(file), "notes");
  assertDone(
    await here(["export-profile", "--name", "job", "--file", file, "--force"]),
    `exported to ${file}`,
  );
  const one = await here(["export-profile", "--name", "work", "--file", file]);
  assertEquals([one.code, one.stdout], [0, ""], one.stderr);
  if (Deno.build.os !== "windows") assertEquals((await Deno.stat(file)).mode ?? 0 & 0o777, 0o100600);
  assertFails(
    await there(["import-profile", "--file", file]),
    2,
    "'work' already exists",
    "--force",
    "--name",
  );
  assertDone(await there(["import-profile", "--file", file, "--name", "renamed"]), "'renamed' imported");
  await there(["edit-profile", "--name", "work", "--scope", "Mail.Read"]);
  // The user added an unknown field.
  const book = join(machines.folder, "there", "profiles.json");
  const noted = (await Deno.readTextFile(book)).replace('"work": {', '"work": { "color": "red",');
  await Deno.writeTextFile(book, noted);
  assertDone(await there(["import-profile", "--file", file, "--force"]));
  assertEquals(JSON.parse(await Deno.readTextFile(book)).profiles.work.color, "red");
  const names = (await listed(there)).map((profile) => {
    const { name, scopes } = profile as { name: string; scopes: string[] };
    return [name, ...scopes];
  });
  assertEquals(names, [["work", "User.Read"], ["job", "https://graph.microsoft.com/.default"], [
    "renamed",
    "User.Read",
  ]]);
});

Deno.test("export-profile --include-secrets encrypts everything with a passphrase, and the secret works on another machine", async () => {
  await using machines = await openMachines();
  const { here, there, file, folder } = machines;
  const passphraseFile = join(folder, "passphrase");
  await Deno.writeTextFile(passphraseFile, `${PASSPHRASE}\n`);
  const command = ["export-profile", "--all", "--include-secrets", "--file", file];
  assertDone(
    await here([...command, "--passphrase-stdin"], `${PASSPHRASE}\n`),
    `✓ 2 profiles exported to ${file}, 1 with`,
  );
  const sealed = await Deno.readTextFile(file);
  for (const hidden of [SECRET, PASSPHRASE, CLIENT, "work"]) assert(!sealed.includes(hidden), hidden);
  assert(JSON.parse(sealed).iterations >= 600_000);

  const imports = ["import-profile", "--file", file];
  assertFails(await there([...imports, "--passphrase-stdin"], "wrong horse"), 7, "wrong passphrase");
  assertFails(await there(imports), 9, "--passphrase-stdin");
  assertEquals(await listed(there), [], "nothing was imported");
  assertDone(await there([...imports, "--passphrase-file", passphraseFile]));
  assertEquals(await listed(there), await listed(here));

  // The import is complete: it is exported again, and decrypted here.
  const again = await there(
    ["export-profile", "-n", "job", "--include-secrets", "--passphrase-file", passphraseFile],
  );
  assertDone(again, "1 with secrets");
  const text = await unseal(again.stdout, PASSPHRASE);
  assertEquals(JSON.parse(text).secrets, { job: { clientSecret: SECRET } });
});

/** Decrypts a sealed export according to its header alone. */
async function unseal(file: string, passphrase: string): Promise<string> {
  const { sealed, ...header } = JSON.parse(file);
  const bytes = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const material = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(passphrase),
    "PBKDF2",
    false,
    [
      "deriveKey",
    ],
  );
  const derivation = {
    name: "PBKDF2",
    hash: "SHA-256",
    salt: bytes(header.salt),
    iterations: header.iterations,
  };
  const usage = { name: "AES-GCM", length: 256 };
  const key = await crypto.subtle.deriveKey(derivation, material, usage, false, ["decrypt"]);
  const data = bytes(sealed);
  const additionalData = new TextEncoder().encode(JSON.stringify(header));
  const algorithm = { name: "AES-GCM", iv: data.slice(0, 12), additionalData };
  return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, key, data.slice(12)));
}

Deno.test("export-profile requires profile names and a long enough passphrase, and leaves no file on failure", async () => {
  await using machines = await openMachines();
  const { here, file } = machines;
  assertFails(await here(["export-profile"]), 2, "--all");
  assertFails(await here(["export-profile", "--all", "--name", "work"]), 2, "--all");
  assertFails(await here(["export-profile", "--name", "nowhere"]), 6, "'nowhere' does not exist");
  const sealing = ["export-profile", "--all", "--include-secrets", "--file", file];
  assertFails(await here(sealing), 9, "--passphrase-file");
  assertFails(await here([...sealing, "--passphrase-stdin"], "short\n"), 2, "8 characters");
  assertFails(await here([...sealing, "--passphrase-stdin"], ""), 2, "empty");
  assertFails(await here([...sealing, "--passphrase-stdin", "--passphrase-file", file]), 2, "together");
  assertEquals(await Deno.stat(file).catch(() => "nothing"), "nothing");
});

Deno.test("import-profile rejects a foreign, newer, damaged or too large file, and changes nothing", async () => {
  await using machines = await openMachines();
  const { here, file } = machines;
  const before = await listed(here);
  const good = (await here(["export-profile", "--name", "work"])).stdout;
  const sealed = (await here(
    ["export-profile", "--all", "--include-secrets", "--passphrase-stdin"],
    PASSPHRASE,
  )).stdout;
  const refused: readonly (readonly [string, number, string])[] = [
    ["hello", 7, "expected exported profiles"],
    [good.replace('"version": 1', '"version": 2'), 7, "version 2 is newer"],
    [good.replace(CLIENT, "not a guid"), 7, "Invalid client ID"],
    [sealed.replace('"sealed": "', '"sealed": "AAAA'), 7, "Cannot decrypt"],
    [" ".repeat(1_100_000), 2, "1048576 bytes"],
  ];
  for (const [text, code, message] of refused) {
    await Deno.writeTextFile(file, text);
    const result = await here(
      ["import-profile", "--file", file, "--force", "--passphrase-stdin"],
      PASSPHRASE,
    );
    assertFails(result, code, message);
  }
  const both = (await here(["export-profile", "--all"])).stdout;
  assertFails(await here(["import-profile", "--name", "x", "--force"], both), 2, "--name is for one profile");
  // One name is taken, so the other profile is not imported either.
  await here(["delete-profile", "--name", "work"]);
  assertFails(await here(["import-profile"], both), 2, "'job' already exists");
  assertEquals(await listed(here), before.slice(1));
  assertFails(
    await here(["import-profile", "--file", join(machines.folder, "nothing")]),
    2,
    "Check the path",
  );
});

Deno.test("import-profile reads the profiles of the .NET tool of the same name, and reports what is not imported", async () => {
  await using machines = await openMachines();
  const { there, file } = machines;
  await Deno.writeTextFile(
    file,
    JSON.stringify([{
      name: "graph",
      tenantId: TENANT,
      clientId: CLIENT.toUpperCase(),
      scopes: ["https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/Mail.Read"],
      authMethod: "PasswordlessCertificate",
      redirectUri: "http://localhost:8080",
      cacheCertificatePassword: false,
      defaultFlow: "InteractiveBrowser",
      createdAt: "2025-12-26T10:00:00+00:00",
      updatedAt: "2025-12-26T10:00:00+00:00",
    }, {
      name: "nightly",
      tenantId: TENANT,
      clientId: CLIENT,
      scopes: [],
      resource: "https://management.azure.com",
      authMethod: "ClientSecret",
      redirectUri: "https://app.example/callback",
    }]),
  );
  const imported = await there(["config", "import", "-i", file]);
  assertDone(
    imported,
    "✓ Profile 'graph' imported",
    "The client secret of profile 'nightly' is not in the file",
    'edit-profile --name "nightly" --client-secret-stdin',
    "The redirect URI of profile 'nightly' was not imported",
  );
  assert(!imported.stderr.includes("of profile 'graph'"), imported.stderr);
  const [graph, nightly] = await listed(there) as Record<string, unknown>[];
  assertEquals([graph?.flow, graph?.client_id, graph?.scopes], [
    "interactive",
    CLIENT,
    ["https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/Mail.Read"],
  ]);
  assertEquals([nightly?.flow, nightly?.scopes], [
    "client-credentials",
    ["https://management.azure.com/.default"],
  ]);
});

Deno.test("config create, list, show, edit, export and delete work like the commands of the .NET tool", async () => {
  await using machines = await openMachines();
  const { there, file } = machines;
  const ids = ["--tenant-id", TENANT, "--client-id", CLIENT];
  assertDone(await there(["config", "create", "--name", "mine", ...ids]), "✓ Profile 'mine' created");
  assertMatch((await there(["config", "list"])).stdout, /\nmine /);
  assertDone(await there(["config", "edit", "-p", "mine", "--scope", "Mail.Read"]));
  assertMatch((await there(["--verbose", "config", "show", "-p", "mine"])).stdout, /Scopes: +Mail\.Read/);
  assertDone(await there(["config", "export", "-p", "mine", "-o", file]));
  assertDone(await there(["config", "import", "-i", file, "-n", "copy"]));
  assertDone(await there(["config", "delete", "-p", "mine"]));
  assertEquals((await listed(there)).length, 1);
  assertFails(await there(["config"]), 2);
  assert(!(await there(["--help"])).stdout.includes("config"), "hidden");
});
