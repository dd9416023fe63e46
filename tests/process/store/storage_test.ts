import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { ADA, BOB } from "../../support/provider/directory.ts";
import type { Json } from "../../support/provider/failures.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { hasNoShell, runShell, signInWithShell } from "../../support/program/shell.ts";
import { UserAgent } from "../../support/browser/user_agent.ts";

/** Returns the modes of the folder and everything in it, by path. */
async function modes(path: string): Promise<Record<string, string>> {
  const { mode, isDirectory } = await Deno.lstat(path);
  const found = { [path]: `${isDirectory ? "folder" : "file"} ${((mode ?? 0) & 0o777).toString(8)}` };
  if (isDirectory) {
    for await (const { name } of Deno.readDir(path)) Object.assign(found, await modes(join(path, name)));
  }
  return found;
}

for (const umask of ["000", "022", "077"]) {
  Deno.test({
    name: `Everything is written with modes 0600 and 0700 under umask ${umask}`,
    ignore: hasNoShell,
    async fn() {
      await using sandbox = await openSandbox();
      const { origin, tenantId, clientId } = sandbox.provider;
      await Deno.remove(sandbox.home, { recursive: true });
      const create = "entra-auth-cli create-profile --name default " +
        `--tenant-id ${tenantId} --client-id ${clientId} --authority ${origin}`;
      const file = join(sandbox.folder, "token");
      const signIn =
        `umask ${umask}; ${create} && entra-auth-cli get-token && exec entra-auth-cli get-token --file '${file}'`;
      const signedIn = await signInWithShell(sandbox, signIn, ADA);
      assertEquals(signedIn.code, 0, signedIn.stderr);
      const refreshed = await runShell(sandbox, `umask ${umask}; exec entra-auth-cli refresh`);
      assertEquals(refreshed.code, 0, refreshed.stderr);

      const found = await modes(sandbox.home);
      assert(Object.keys(found).some((path) => path.endsWith("tokens.enc")));
      assert(Object.keys(found).some((path) => path.endsWith("profiles.json")));
      for (const [path, mode] of Object.entries({ ...found, ...await modes(file) })) {
        assert(["file 600", "folder 700"].includes(mode), `${path} is a ${mode}`);
      }
    },
  });
}

/** Records every secret sent over the network, by name. */
function collectSecrets(sandbox: Sandbox, answers: number): () => Map<string, string> {
  const issued = new Map<string, string>();
  for (let answer = 0; answer < answers; answer++) {
    const note = (genuine: Json): Json => {
      for (const name of ["access_token", "refresh_token", "id_token", "client_info"]) {
        if (typeof genuine[name] === "string") issued.set(`${name} ${answer}`, genuine[name]);
      }
      return genuine;
    };
    sandbox.provider.failNext("token", { kind: "rewrite", rewrite: note });
  }
  return () => {
    const secrets = new Map(issued);
    for (const [number, { form }] of sandbox.provider.requestsTo("token").entries()) {
      for (const name of ["code", "code_verifier", "refresh_token"]) {
        const value = form[name];
        if (value !== undefined) secrets.set(`${name} of request ${number}`, value);
      }
    }
    return secrets;
  };
}

Deno.test("No output contains a secret that was not requested, with and without --verbose", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  const secrets = collectSecrets(sandbox, 3);
  const file = join(sandbox.folder, "token");
  const said: string[] = [];
  const keep = (result: { stdout: string; stderr: string }) => void said.push(result.stdout, result.stderr);

  keep(await sandbox.signIn(["get-token", "--verbose", "--file", file]));
  const refreshed = await sandbox.run(["get-token", "--verbose", "--output", "json"]);
  assertEquals(JSON.parse(refreshed.stdout).source, "refresh");
  said.push(refreshed.stderr);
  keep(await sandbox.run(["refresh", "--verbose"]));
  keep(await sandbox.run(["inspect", "--verbose"]));
  keep(await sandbox.run(["inspect", "--output", "json"]));
  keep(await sandbox.run(["list-profiles"]));
  // Responses that repeat the request, like those of the worst servers.
  for (const field of ["error_description", "correlation_id", "claims"]) {
    sandbox.provider.failNext("token", {
      kind: "rewrite",
      rewrite: (genuine) => ({ error: "invalid_grant", [field]: `${genuine.access_token}` }),
    });
    keep(await sandbox.run(["refresh", "--verbose", ...(field === "claims" ? [] : ["--quiet"])]));
  }
  keep(await sandbox.run(["clear-cache", "--verbose"]));

  const found = secrets();
  assertEquals([...found.keys()].filter((name) => name.startsWith("refresh_token")).length >= 4, true);
  assert(found.has("code of request 0") && found.has("code_verifier of request 0"));
  const everything = said.join("\n");
  for (const [name, value] of found) {
    assert(value.length > 20, name);
    // Its first characters count as well: errors are truncated.
    assert(!everything.includes(value.slice(0, 100)), `${name} was shown`);
  }
  assertEquals(
    (await Deno.readTextFile(file)).trim(),
    found.get("access_token 0"),
    "it is where it was asked for",
  );
});

Deno.test("A failed sign-in with --verbose prints neither the code nor the verifier", async () => {
  await using sandbox = await openSandbox();
  sandbox.provider.failNext("token", { kind: "response", status: 500, body: "oops" });
  const result = await sandbox.signIn(["get-token", "--verbose"]);
  assertEquals([result.code, result.stdout], [4, ""], result.stderr);
  const [{ form } = { form: {} as Record<string, string> }] = sandbox.provider.requestsTo("token");
  const [authorize] = sandbox.provider.requestsTo("authorize");
  for (const value of [form.code, form.code_verifier, authorize?.query.state, authorize?.query.nonce]) {
    assert(value !== undefined && value.length > 20);
    assert(!result.stderr.includes(value), result.stderr);
  }
});

Deno.test("Neither tokens.enc nor any other file contains a token in plain text", async () => {
  await using sandbox = await openSandbox();
  const secrets = collectSecrets(sandbox, 1);
  await sandbox.signIn(["get-token"]);
  const files = Object.keys(await modes(sandbox.home)).filter((path) => !path.endsWith("locks"));
  let read = 0;
  for (const path of files) {
    if (!(await Deno.lstat(path)).isFile) continue;
    read++;
    const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
    for (const [name, value] of secrets()) {
      assert(!text.includes(value), `${name} is in ${path}`);
      assert(!text.includes(value.slice(0, 24)), `the start of ${name} is in ${path}`);
    }
    assert(!text.includes(ADA.username), `the user's name is in ${path}`);
  }
  assert(read >= 3, files.join());
});

Deno.test("A damaged tokens.enc exits with code 7 and is kept until clear-cache moves it aside", async () => {
  await using sandbox = await openSandbox();
  await sandbox.signIn(["get-token"]);
  const path = join(sandbox.home, "tokens.enc");
  const damaged = await Deno.readFile(path);
  const last = damaged.length - 1;
  damaged[last] = (damaged[last] ?? 0) ^ 1;
  await Deno.writeFile(path, damaged);
  const commands = [
    ["get-token"],
    ["get-token", "--force"],
    ["get-token", "--file", "x"],
    ["refresh"],
    ["inspect"],
    ["delete-profile", "--name", "default"],
  ];
  for (const args of commands) {
    const result = await sandbox.run(args);
    assertEquals([result.code, result.stdout], [7, ""], `${args}: ${result.stderr}`);
    assertMatch(result.stderr, /tokens\.enc.*\nHint: .*clear-cache/);
    assertEquals(await Deno.readFile(path), damaged);
  }
  assertEquals(sandbox.browser.count, 1);

  const cleared = await sandbox.run(["clear-cache"]);
  assertEquals(cleared.code, 0, cleared.stderr);
  const aside = (await Array.fromAsync(Deno.readDir(sandbox.home), ({ name }) => name))
    .find((name) => name.startsWith("tokens.enc.unreadable-"));
  assertEquals(await Deno.readFile(join(sandbox.home, aside ?? "")), damaged, "the content is kept");
  assertEquals((await sandbox.signIn(["get-token"])).code, 0);
  assertEquals((await sandbox.run(["get-token", "--no-interactive"])).code, 0);
});

Deno.test("A token store without its key exits with code 7 and prints where the key should be", async () => {
  await using sandbox = await openSandbox();
  await sandbox.signIn(["get-token"]);
  const key = join(sandbox.home, Deno.build.os === "windows" ? "key.dpapi" : "key");
  await Deno.remove(key);
  const before = await Deno.readFile(join(sandbox.home, "tokens.enc"));
  const result = await sandbox.run(["get-token"]);
  assertEquals([result.code, result.stdout], [7, ""], result.stderr);
  assertStringIncludes(result.stderr, key);
  assertEquals(await Deno.readFile(join(sandbox.home, "tokens.enc")), before);
});

Deno.test("$ENTRA_AUTH_CLI_KEY contains the key instead of a file", async () => {
  await using sandbox = await openSandbox();
  const env = {
    ENTRA_AUTH_CLI_KEY: btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32)))),
  };
  const program = sandbox.start(["get-token"], { env });
  await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
  const first = await program.ended;
  assertEquals(first.code, 0, first.stderr);
  assertEquals(await Deno.lstat(join(sandbox.home, "key")).catch(() => "nothing"), "nothing");
  const cached = await sandbox.run(["get-token"], { env });
  assertEquals([cached.code, cached.stdout], [0, first.stdout], cached.stderr);
  assert(!cached.stderr.includes(env.ENTRA_AUTH_CLI_KEY));
  const bad = await sandbox.run(["get-token"], { env: { ENTRA_AUTH_CLI_KEY: "too short" } });
  assertEquals([bad.code, bad.stdout], [7, ""], bad.stderr);
  assert(!bad.stderr.includes("too short"));

  const kept = async (variables: Record<string, string>) =>
    (await sandbox.run(["status"], { env: variables })).stdout.trimEnd().split("\n").at(-1) ?? "";
  assertMatch(await kept(env), /Encryption key: the environment variable ENTRA_AUTH_CLI_KEY/);
  await Deno.writeTextFile(join(sandbox.home, "key"), env.ENTRA_AUTH_CLI_KEY, { mode: 0o600 });
  assertMatch(await kept({}), /Encryption key: the file .*key\./, "copied into a file by hand");
});

Deno.test("Two sign-ins at once to two profiles are both saved", async () => {
  await using sandbox = await openSandbox();
  const { provider } = sandbox;
  await sandbox.run(createProfileArgs("work", provider));
  await sandbox.run(createProfileArgs("personal", provider));
  using bobsBrowser = new UserAgent({ caPem: provider.caPem });
  const programs = ["work", "personal"].map((name) =>
    sandbox.start(["get-token", "--profile", name, "-o", "json"])
  );
  const urls = [await sandbox.browser.next(), await sandbox.browser.next()] as const;
  await Promise.all([sandbox.userAgent.signIn(urls[0], ADA), bobsBrowser.signIn(urls[1], BOB)]);
  const results = await Promise.all(programs.map(({ ended }) => ended));
  assertEquals(results.map(({ code }) => code), [0, 0], results.map(({ stderr }) => stderr).join("\n"));
  const signedIn = results.map(({ stdout }) => JSON.parse(stdout));
  assertEquals(signedIn.map(({ account }) => account.username).sort(), [ADA.username, BOB.username]);

  await provider.stop();
  for (const { profile, access_token: token } of signedIn) {
    const cached = await sandbox.run(["get-token", "--profile", profile]);
    assertEquals([cached.code, cached.stdout.trim()], [0, token], cached.stderr);
  }
});

Deno.test("A program killed during a sign-in leaves nothing that blocks the next one", async () => {
  await using sandbox = await openSandbox();
  const program = sandbox.start(["get-token"]);
  await sandbox.browser.next();
  program.kill("SIGKILL");
  await program.ended;
  const again = await sandbox.signIn(["get-token"]);
  assertEquals(again.code, 0, again.stderr);
});
