import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { programCommand, type ProgramOptions, type ProgramResult } from "../../support/program/program.ts";
import { ADA } from "../../support/provider/directory.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import {
  hasNoSecretService,
  openSecretService,
  type SecretService,
  type SecretServiceOptions,
} from "../../support/secrets/secret_service.ts";

/** Registers a test with a D-Bus session of its own. */
function test(
  name: string,
  fn: (sandbox: Sandbox, service: SecretService) => Promise<void>,
  options?: SecretServiceOptions,
) {
  Deno.test({
    name,
    ignore: hasNoSecretService,
    async fn() {
      await using service = await openSecretService(options);
      await using sandbox = await openSandbox();
      await fn(sandbox, service);
    },
  });
}

type Env = Readonly<Record<string, string>>;

/** Signs in with these variables, and returns the result. */
async function signIn(sandbox: Sandbox, env: Env, profile = "default"): Promise<ProgramResult> {
  const program = sandbox.start(["get-token", "--profile", profile], { env });
  const url = await Promise.race([sandbox.browser.next(), program.ended]);
  if (typeof url !== "string") throw new Error(`The program did not open the browser:\n${url.stderr}`);
  await sandbox.userAgent.signIn(url, ADA);
  return await program.ended;
}

/** Returns the number of the key store in the header of `tokens.enc`. */
async function keyStoreFor(sandbox: Sandbox): Promise<number | undefined> {
  return (await Deno.readFile(join(sandbox.home, "tokens.enc")))[5];
}

async function hasKeyFile(sandbox: Sandbox): Promise<boolean> {
  return (await Array.fromAsync(Deno.readDir(sandbox.home), ({ name }) => name)).includes("key");
}

/** Returns the number of data keys in the Secret Service. */
async function countKeys(service: SecretService): Promise<number> {
  const args = ["search", "--all", "service", "entra-auth-cli-cli"];
  const found = await service.processes.run("secret-tool", args, { timeoutMs: 30_000 });
  assert(found.kind === "ended");
  return found.stdout.match(/^secret = /gm)?.length ?? 0;
}

/** Asserts that get-token and refresh exit with code 7 and `message`, change nothing and open no browser. */
async function assertOutOfReach(
  sandbox: Sandbox,
  options: Partial<ProgramOptions>,
  message: RegExp,
): Promise<void> {
  const file = join(sandbox.home, "tokens.enc");
  const [before, opened] = [await Deno.readFile(file), sandbox.browser.count];
  for (const args of [["get-token"], ["refresh"]]) {
    const result = await sandbox.run(args, options);
    assertEquals([result.code, result.stdout], [7, ""], result.stderr);
    assertMatch(result.stderr, message);
    assertMatch(result.stderr, /\nHint: /);
  }
  assertEquals(await Deno.readFile(file), before);
  assertEquals(sandbox.browser.count, opened, "another sign-in would not help");
}

test(
  "The first sign-in stores the key in the Secret Service, and get-token finds it there",
  async (sandbox, service) => {
    const first = await signIn(sandbox, service.env);
    assertEquals(first.code, 0, first.stderr);
    assertEquals(await keyStoreFor(sandbox), 5);
    assertEquals([await hasKeyFile(sandbox), await countKeys(service)], [false, 1]);
    const cached = await sandbox.run(["get-token"], { env: service.env });
    assertEquals([cached.code, cached.stdout], [0, first.stdout], cached.stderr);
    const refreshed = await sandbox.run(["refresh"], { env: service.env });
    assertEquals(refreshed.code, 0, refreshed.stderr);
    assertEquals(await countKeys(service), 1, "each write uses the same key");
    const status = await sandbox.run(["status"], { env: service.env });
    assertStringIncludes(status.stdout, "Encryption key: the Secret Service");
  },
);

test(
  "A locked keyring exits with code 7, and works again once it is unlocked",
  async (sandbox, service) => {
    const first = await signIn(sandbox, service.env);
    await service.lock();
    await assertOutOfReach(sandbox, { env: service.env }, /The keyring of the Secret Service is locked\n/);
    await service.unlock();
    const cached = await sandbox.run(["get-token"], { env: service.env });
    assertEquals([cached.code, cached.stdout], [0, first.stdout], cached.stderr);
  },
);

test(
  "A first sign-in with a locked keyring prints the token, and warns that it was not saved",
  async (sandbox, service) => {
    await service.lock();
    const result = await signIn(sandbox, service.env);
    assertEquals([result.code, result.stdout.split(".").length], [0, 3], result.stderr);
    assertStringIncludes(result.stderr, "The keyring of the Secret Service is locked");
    assertEquals(await hasKeyFile(sandbox), false, "there is no fallback to a less safe store");
  },
);

test(
  "A missing Secret Service exits with code 7 instead of another sign-in",
  async (sandbox, service) => {
    await signIn(sandbox, service.env);
    await service.stop();
    await assertOutOfReach(sandbox, { env: service.env }, /this session has no Secret Service\n/);
    const withoutSession = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(sandbox.folder, "none")}` };
    await assertOutOfReach(sandbox, { env: withoutSession }, /Cannot use the Secret Service/);
  },
);

test("A Secret Service that never responds exits with code 7", async (sandbox, service) => {
  await signIn(sandbox, service.env);
  service.freeze();
  const env = { ...service.env, DISPLAY: ":0" };
  const result = await sandbox.run(["get-token"], { env });
  assertEquals([result.code, result.stdout], [7, ""]);
  assertStringIncludes(result.stderr, "The Secret Service did not respond within 5 seconds");
});

test(
  "A machine without secret-tool exits with code 7 and names the package to install",
  async (sandbox, service) => {
    await signIn(sandbox, service.env);
    const env = { ...service.env, PATH: sandbox.folder };
    await assertOutOfReach(sandbox, { env }, /secret-tool is not installed\nHint: .*libsecret-tools/);
  },
);

test(
  "A reset keyring is distinguished from damage, and clear-cache makes room for a new sign-in",
  async (sandbox, service) => {
    await signIn(sandbox, service.env);
    await service.processes.run("secret-tool", ["clear", "service", "entra-auth-cli-cli"], {
      timeoutMs: 30_000,
    });
    assertEquals(await countKeys(service), 0);
    await assertOutOfReach(sandbox, { env: service.env }, /key of tokens\.enc is missing.*Secret Service/);
    assertEquals((await sandbox.run(["clear-cache"], { env: service.env })).code, 0);
    assertEquals((await signIn(sandbox, service.env)).code, 0);
    assertEquals([await countKeys(service), await keyStoreFor(sandbox)], [1, 5]);
  },
);

test("Damage to tokens.enc is distinguished from a missing key", async (sandbox, service) => {
  await signIn(sandbox, service.env);
  const file = join(sandbox.home, "tokens.enc");
  const content = await Deno.readFile(file);
  const last = content.length - 1;
  content[last] = (content[last] ?? 0) ^ 1;
  await Deno.writeFile(file, content);
  await assertOutOfReach(sandbox, { env: service.env }, /Cannot decrypt tokens\.enc/);
});

test("ENTRA_AUTH_CLI_KEYRING=secret-service without one exits with code 7", async (sandbox, service) => {
  const env = { ...service.env, ENTRA_AUTH_CLI_KEYRING: "secret-service" };
  const status = await sandbox.run(["status"], { env });
  assertEquals(status.code, 0, "nothing is stored yet, and reading creates nothing");
  const result = await signIn(sandbox, env);
  assertStringIncludes(result.stderr, "this session has no Secret Service");
  assertEquals([result.code, result.stdout.split(".").length], [0, 3], "a new token is printed");
  assertEquals(await hasKeyFile(sandbox), false);

  assertEquals((await signIn(sandbox, service.env)).code, 0);
  assertEquals(await keyStoreFor(sandbox), 1);
  await assertOutOfReach(sandbox, { env }, /this session has no Secret Service/);
}, { keyring: "none" });

for (const value of [{}, { ENTRA_AUTH_CLI_KEYRING: "auto" }]) {
  test(
    `A session without a Secret Service gets a key file (${JSON.stringify(value)})`,
    async (sandbox, service) => {
      const env = { ...service.env, ...value };
      const before = await sandbox.run(["status"], { env });
      assertMatch(
        before.stdout,
        /not created yet; it will be in the file .*key \(this session has no Secret Service\)/,
      );
      assertEquals((await signIn(sandbox, env)).code, 0);
      assertEquals([await keyStoreFor(sandbox), await hasKeyFile(sandbox)], [1, true]);
      assertEquals((await sandbox.run(["get-token", "--no-interactive"], { env })).code, 0);
    },
    { keyring: "none" },
  );
}

test(
  "A key file beside a Secret Service is used only with ENTRA_AUTH_CLI_KEYRING=file, or moved on request",
  async (sandbox, service) => {
    const first = await signIn(sandbox, {});
    const { env } = service;
    await assertOutOfReach(
      sandbox,
      { env },
      /The key of tokens\.enc is in the file .*, although the Secret Service is available/,
    );
    const kept = await sandbox.run(["get-token"], { env: { ...env, ENTRA_AUTH_CLI_KEYRING: "file" } });
    assertEquals([kept.code, kept.stdout], [0, first.stdout], kept.stderr);
    assertEquals([await keyStoreFor(sandbox), await countKeys(service)], [1, 0]);
    // As the hint says.
    const moving = await sandbox.run(["get-token"], {
      env: { ...env, ENTRA_AUTH_CLI_KEYRING: "secret-service" },
    });
    assertEquals([moving.code, moving.stdout], [0, first.stdout], moving.stderr);
    const moved = await sandbox.run(["get-token"], { env });
    assertEquals([moved.code, moved.stdout], [0, first.stdout], moved.stderr);
    assertEquals([await hasKeyFile(sandbox), await countKeys(service)], [false, 1]);
  },
);

test(
  "clear-cache --all makes a new key, so that older copies of all files yield nothing",
  async (sandbox, service) => {
    const files = [join(sandbox.home, "tokens.enc"), join(sandbox.home, "profiles.json")];
    for (const env of [service.env, { ...service.env, ENTRA_AUTH_CLI_KEYRING: "file" }]) {
      assertEquals((await signIn(sandbox, env)).code, 0);
      for (const file of files) await Deno.copyFile(file, `${file}.copy`);
      const keys = await countKeys(service);
      assertEquals((await sandbox.run(["clear-cache", "--all", "--yes"], { env })).code, 0);
      assertEquals(await countKeys(service), keys, "the former key is deleted");
      for (const file of files) await Deno.rename(`${file}.copy`, file);
      const older = await sandbox.run(["get-token", "--no-interactive"], { env });
      assertEquals([older.code, older.stdout], [7, ""], older.stderr);
      assertEquals((await sandbox.run(["clear-cache"], { env })).code, 0);
    }
    const env = { ENTRA_AUTH_CLI_KEY: btoa("k".repeat(32)) };
    assertEquals((await signIn(sandbox, env)).code, 0);
    const cleared = await sandbox.run(["clear-cache", "--all", "--yes"], { env });
    assertEquals(cleared.code, 0, cleared.stderr);
    assertStringIncludes(cleared.stderr, "ENTRA_AUTH_CLI_KEY is unchanged: set a new one");
  },
);

test("A planted key and token file do not take the place of the Secret Service", async (sandbox, service) => {
  const { env } = service;
  const names = ["key", "tokens.enc"];
  const planted = join(sandbox.folder, "planted");
  await Deno.mkdir(planted);
  // What anyone can make who knows the profile: tokens under a key of their own.
  assertEquals((await signIn(sandbox, {})).code, 0);
  for (const name of names) await Deno.rename(join(sandbox.home, name), join(planted, name));

  assertEquals((await signIn(sandbox, env)).code, 0);
  for (const storeNumber of [1, 5]) {
    for (const name of names) await Deno.copyFile(join(planted, name), join(sandbox.home, name));
    const file = join(sandbox.home, "tokens.enc");
    const bytes = await Deno.readFile(file);
    bytes[5] = storeNumber;
    await Deno.writeFile(file, bytes);
    await assertOutOfReach(sandbox, { env }, storeNumber === 1 ? /is available/ : /The key of .* is missing/);
    const forced = await sandbox.run(["get-token", "--force", "--no-interactive"], { env });
    assert(forced.code !== 0 && forced.stdout === "", forced.stderr);
    // The next sign-in after the advice has a key in the Secret Service.
    assertEquals((await sandbox.run(["clear-cache"], { env })).code, 0);
    assertEquals((await signIn(sandbox, env)).code, 0);
    assertEquals(await keyStoreFor(sandbox), 5);
  }
});

test(
  "ENTRA_AUTH_CLI_KEYRING=file uses a key file despite a Secret Service",
  async (sandbox, service) => {
    const env = { ...service.env, ENTRA_AUTH_CLI_KEYRING: "file" };
    assertEquals((await signIn(sandbox, env)).code, 0);
    assertEquals([await keyStoreFor(sandbox), await hasKeyFile(sandbox)], [1, true]);
    assertEquals(await countKeys(service), 0);
  },
);

test(
  "The key moves to the Secret Service and back with every token, and leaves no copy",
  async (sandbox, service) => {
    const { provider, home } = sandbox;
    await sandbox.run(createProfileArgs("work", provider));
    const inFile = { ...service.env, ENTRA_AUTH_CLI_KEYRING: "file" };
    const inService = { ...service.env, ENTRA_AUTH_CLI_KEYRING: "secret-service" };
    const tokens = [
      (await signIn(sandbox, inFile)).stdout,
      (await signIn(sandbox, inFile, "work")).stdout,
    ];
    const firstKey = await Deno.readTextFile(join(home, "key"));

    async function assertTokensIn(env: Env, notice: RegExp) {
      const moved = await sandbox.run(["get-token"], { env });
      assertEquals([moved.code, moved.stdout], [0, tokens[0]], moved.stderr);
      assertMatch(moved.stderr, notice);
      const other = await sandbox.run(["get-token", "--profile", "work"], { env });
      assertEquals([other.code, other.stdout], [0, tokens[1]], other.stderr);
      assert(!notice.test(other.stderr), "it moves once");
    }
    await assertTokensIn(inService, /was moved from the key file to the Secret Service/);
    assertEquals([await keyStoreFor(sandbox), await hasKeyFile(sandbox), await countKeys(service)], [
      5,
      false,
      1,
    ]);
    await assertTokensIn(inFile, /was moved from the Secret Service to the key file/);
    assertEquals([await keyStoreFor(sandbox), await hasKeyFile(sandbox), await countKeys(service)], [
      1,
      true,
      0,
    ]);
    assert(
      await Deno.readTextFile(join(home, "key")) !== firstKey,
      "what has been read elsewhere opens nothing",
    );
    assertEquals(sandbox.browser.count, 2);
  },
);

test(
  "A command that may not write reads with the key where it is, and the next one that may moves it",
  async (sandbox, service) => {
    const { home } = sandbox;
    const inFile = { ...service.env, ENTRA_AUTH_CLI_KEYRING: "file" };
    const inService = { ...service.env, ENTRA_AUTH_CLI_KEYRING: "secret-service" };
    await signIn(sandbox, inFile);
    // An executable grants these commands no permission to write.
    const options = { env: inService, denied: [`--deny-write=${home}`] };
    for (
      const args of [["status"], ["list-profiles"], ["show-profile"], ["inspect"], [
        "export-profile",
        "--all",
      ]]
    ) {
      const { code, stdout, stderr } = await sandbox.run(args, options);
      assertEquals([args, code], [args, 0], stderr);
      assert(stdout.length > 0);
    }
    assertEquals([await keyStoreFor(sandbox), await countKeys(service)], [1, 0]);
    const moved = await sandbox.run(["get-token"], { env: inService });
    assertEquals(moved.code, 0, moved.stderr);
    assertMatch(moved.stderr, /was moved from the key file to the Secret Service/);
    assertEquals([await keyStoreFor(sandbox), await countKeys(service)], [5, 1]);
  },
);

Deno.test({
  name: "A missing permission to run secret-tool is reported with its flag",
  // An executable has its permissions compiled in.
  ignore: hasNoSecretService || Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined,
  async fn() {
    await using service = await openSecretService();
    await using sandbox = await openSandbox();
    await signIn(sandbox, service.env);
    const [deno, ...flags] = programCommand([], "any-browser");
    // Replaces the list in deno.json: Deno cannot deny what a list grants.
    const command = [deno, ...flags.slice(0, -1), `--allow-run=${deno}`, ...flags.slice(-1)];
    const executable = join(sandbox.folder, "entra-auth-cli");
    const words = command.map((word) => `'${word}'`).join(" ");
    await Deno.writeTextFile(executable, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
    const result = await sandbox.run(["get-token"], { env: service.env, executable });
    assertEquals([result.code, result.stdout], [8, ""], result.stderr);
    assertStringIncludes(result.stderr, "Hint: Add the Deno flag --allow-run=secret-tool");
  },
});

Deno.test({
  name: "A key store of another system exits with code 7, and an unknown one with code 2",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    for (const name of ["keychain", "dpapi"]) {
      const result = await sandbox.run(["get-token"], { env: { ENTRA_AUTH_CLI_KEYRING: name } });
      assertEquals([result.code, result.stdout], [7, ""], result.stderr);
      assertMatch(result.stderr, /is not available on this system\nHint: .*secret-service/);
    }
    const nonsense = await sandbox.run(["get-token"], { env: { ENTRA_AUTH_CLI_KEYRING: "strongbox" } });
    assertEquals([nonsense.code, nonsense.stdout], [2, ""], nonsense.stderr);
    assertMatch(
      nonsense.stderr,
      /Invalid ENTRA_AUTH_CLI_KEYRING "strongbox": expected one of auto, secret-service/,
    );
  },
});
