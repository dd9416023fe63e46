import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { compile, compileAll } from "../../../scripts/build/compile.ts";
import { BROWSER_PROGRAM } from "../../support/browser/url_inbox.ts";
import { enterDeviceCode } from "../../support/browser/enter_device_code.ts";
import { freePort, occupyPort } from "../../support/network/ports.ts";
import { ADA } from "../../support/provider/directory.ts";
import { inheritedVariables } from "../../support/program/program.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

let folder = "";
/** An executable that has its permissions inside. */
let executable = "";
/** An executable as in a release, which gives each command line its permissions. */
let release = "";

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-executable-" });
  executable = join(folder, Deno.build.os === "windows" ? "entra-auth-cli.exe" : "entra-auth-cli");
  // Compiled like `deno task compile`, but with permissions for the provider and browser of the tests.
  release = `${executable}-release`;
  await compileAll([
    { output: release },
    { output: executable, alsoNet: ["localhost"], alsoRun: [BROWSER_PROGRAM, Deno.execPath()] },
  ]);
});

Deno.test.afterAll(async () => {
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the executable signs in, uses its cache, refreshes, and signs in again", async () => {
  await using sandbox = await openSandbox({ executable });
  const first = await sandbox.signIn(["get-token", "--flow", "interactive"]);
  assertEquals(first.code, 0, first.stderr);
  assertMatch(
    first.stderr,
    /^Opening browser[^\n]+\n✓ Browser opened\n⏳ Waiting[^\n]+\n✓ Authentication successful!\nSigned in as [^\n]+\n/,
  );
  assertEquals(first.page.status, 200);

  const cached = await sandbox.run(["get-token", "--no-interactive"]);
  assertEquals(cached.code, 0, cached.stderr);
  assertEquals(cached.stdout, first.stdout);
  assertEquals(cached.stderr, "");

  const refreshed = await sandbox.run(["refresh"]);
  assertEquals(refreshed.code, 0, refreshed.stderr);
  assertStringIncludes(refreshed.stderr, "✓ Token refreshed");
  const document = JSON.parse((await sandbox.run(["get-token", "--output", "json"])).stdout);
  assertNotEquals(document.access_token, first.stdout.trim());
  assertEquals(document.source, "cache");

  const again = await sandbox.signIn(["get-token", "--force"]);
  assertEquals(again.code, 0, again.stderr);
  assertEquals(sandbox.browser.count, 2);
  const grants = sandbox.provider.requestsTo("token").map(({ form }) => form.grant_type);
  assertEquals(grants, ["authorization_code", "refresh_token", "authorization_code"]);

  await sandbox.provider.stop();
  const offline = await sandbox.run(["get-token"]);
  assertEquals(offline.stdout, again.stdout);
});

Deno.test({
  name: "the executable frees its port on Ctrl-C and exits with 130",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox({ executable });
    const port = freePort();
    const program = sandbox.start(["get-token", "--port", String(port)]);
    await sandbox.browser.next();
    await program.stderrMatch(/Waiting for sign-in/);
    program.kill("SIGINT");
    const result = await program.ended;
    assertEquals(result.code, 130, result.stderr);
    assertEquals(result.stdout, "");
    occupyPort(port)[Symbol.dispose]();
  },
});

Deno.test({
  name: "the executable trusts the roots of the system",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using sandbox = await openSandbox({ executable });
    const env = {
      ENTRA_AUTH_CLI_CA_CERT: "",
      SSL_CERT_FILE: join(sandbox.folder, "ca.pem"),
      SSL_CERT_DIR: "",
      DENO_TLS_CA_STORE: "",
    };
    const program = sandbox.start(["get-token"], { env });
    const url = await Promise.race([sandbox.browser.next(), program.ended]);
    if (typeof url === "string") await sandbox.userAgent.signIn(url, ADA);
    const result = await program.ended;
    assertEquals(result.code, 0, result.stderr);
  },
});

Deno.test("the executable runs only the programs that it was compiled for, and exec and doctor say how to add another", async () => {
  await using sandbox = await openSandbox({ executable });
  const { stdout } = await sandbox.signIn(["get-token"]);
  const print = ["eval", 'console.log(Deno.env.get("ACCESS_TOKEN")); Deno.exit(7)'];
  const ran = await sandbox.run(["exec", "--", Deno.execPath(), ...print]);
  assertEquals([ran.code, ran.stdout], [7, stdout], ran.stderr);
  const other = await sandbox.run(["exec", "--", "hostname"]);
  assertEquals([other.code, other.stdout], [8, ""]);
  assertStringIncludes(other.stderr, "compile --also-run hostname\n");
  const doctor = await sandbox.run(["doctor"], { env: { BROWSER: "true" } });
  const denied =
    /^warn {2}browser +this program may not start true .*\n +-> sh .* compile --also-run true\n/m;
  assertMatch(doctor.stdout, denied);
  assertMatch(doctor.stdout, /^ok {4}permissions +the folder, the network and the key store may be used$/m);
});

/** A host that no executable may connect to and that does not exist. */
const ELSEWHERE = ["--authority", "https://sign-in.example", "--timeout", "1m"];

Deno.test("a narrower executable exits with 8 and says how to build one for a host that it may not reach", async () => {
  await using sandbox = await openSandbox({ executable });
  const result = await sandbox.run(["get-token", ...ELSEWHERE]);
  assertEquals(result.code, 8, result.stderr);
  assertEquals(result.stdout, "");
  assertStringIncludes(result.stderr, "compile --also-net sign-in.example\n");
  assertEquals(sandbox.browser.count, 0);
});

Deno.test("a narrower executable says which authority it may not reach when a profile is made, changed or imported", async () => {
  await using sandbox = await openSandbox({ executable });
  const authority = ["--authority", "https://sign-in.example"];
  const { tenantId, clientId } = sandbox.provider;
  const create = ["create-profile", "--name", "own", "--tenant-id", tenantId, "--client-id", clientId];
  const edit = ["edit-profile", "--name", "default", ...authority];
  const file = join(sandbox.folder, "profiles.json");
  for (
    const args of [
      [...create, ...authority],
      edit,
      ["export-profile", "--name", "own", "--file", file],
      ["import-profile", "--force", "--file", file],
    ]
  ) {
    const { code, stderr } = await sandbox.run(args);
    assertEquals(code, 0, stderr);
    if (args[0] === "export-profile") continue;
    assertMatch(
      stderr,
      /^warning: this executable may not connect to sign-in\.example\nHint: .*--also-net sign-in\.example/m,
    );
  }
  const back = await sandbox.run(["edit-profile", "--name", "own", "--authority", sandbox.provider.origin]);
  assertEquals([back.code, back.stderr.includes("warning")], [0, false], back.stderr);
});

Deno.test("a narrower executable exits with 8 and says how to build one for a variable that it may not read", async () => {
  await using sandbox = await openSandbox({ executable });
  const flags = ["--flow", "client-credentials", "--assertion-env", "ASSERTION_OF_MINE"];
  const result = await sandbox.run(["get-token", ...flags], {
    env: { ASSERTION_OF_MINE: "an.assertion.here" },
  });
  assertEquals([result.code, result.stdout], [8, ""], result.stderr);
  assertStringIncludes(result.stderr, "compile --also-env ASSERTION_OF_MINE\n");
});

Deno.test({
  name: "the executable does not prompt for permissions on a terminal",
  // The `script` of util-linux runs a program on a pseudo-terminal; other versions have other options.
  ignore: Deno.build.os !== "linux" || !await hasScript(),
  async fn() {
    await using sandbox = await openSandbox({ executable });
    const line = [executable, "get-token", ...ELSEWHERE].map((word) => `'${word}'`).join(" ");
    const command = new Deno.Command("script", {
      args: ["--quiet", "--return", "--command", line, "/dev/null"],
      env: { ...sandbox.env },
      stdin: "null",
    });
    const { code, stdout } = await command.output();
    const shown = new TextDecoder().decode(stdout);
    assertEquals(code, 8, shown);
    assertStringIncludes(shown, "compile --also-net sign-in.example");
    assert(!/permission prompt|Allow\?|requests (net|env|read|write|run) access/.test(shown), shown);
  },
});

Deno.test("the executable shows the URL if it may not start the browser, and continues", async () => {
  await using sandbox = await openSandbox({ executable });
  const unknown = Deno.build.os === "windows" ? "hostname" : "true";
  const program = sandbox.start(["get-token"], { env: { BROWSER: unknown } });
  const [, url] = await program.stderrMatch(/^ *(https:\S+)$/m);
  await sandbox.userAgent.signIn(url ?? "", ADA);
  const result = await program.ended;
  assertEquals(result.code, 0, result.stderr);
  assertStringIncludes(result.stderr, `compile --also-run ${unknown}\n`);
});

Deno.test("the executable prints its version and commit", async () => {
  await using sandbox = await openSandbox({ executable });
  const { stdout } = await sandbox.run(["--version"]);
  assertMatch(stdout, /^entra-auth-cli \d+\.\d+\.\d+( \((dev )?[0-9a-f]{12}(-changed)?\))?\n$/);
});

Deno.test({
  name: "compiling yields the same bytes in another folder, with another home and another cache",
  // Links to files need a privilege there.
  ignore: Deno.build.os === "windows",
  async fn() {
    const again = `${executable}-again`;
    const { top, env } = await copyRepository(join(folder, "copy"));
    const options = [
      "--output",
      again,
      "--also-net",
      "localhost",
      "--also-run",
      BROWSER_PROGRAM,
      "--also-run",
      Deno.execPath(),
    ];
    const command = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        ...words(env.DENO_FLAGS),
        "--allow-all",
        "scripts/build/compile.ts",
        ...options,
      ],
      cwd: top,
      env,
      stdin: "null",
    });
    const { success, stderr } = await command.output();
    assert(success, new TextDecoder().decode(stderr));
    assertEquals(await sha256(again), await sha256(executable));
  },
});

const TOP = fromFileUrl(import.meta.resolve("../../../"));

/** Copies what a build reads into `parent`. Returns the top folder and the variables of a build there. */
async function copyRepository(parent: string): Promise<{ top: string; env: Record<string, string> }> {
  const [top, home, denoDir] = ["source", "home", "cache"].map((name) => join(parent, name));
  assert(top !== undefined && home !== undefined && denoDir !== undefined);
  for (const path of [join(top, ".dev"), home, denoDir]) await Deno.mkdir(path, { recursive: true });
  const copied = ["deno.json", "deno.lock", "main.ts", "src", "scripts"];
  const dev = await namesIn(join(TOP, ".dev"));
  const standIns = dev.filter((name) => ["import_map.json", "jsr", "std_typed"].includes(name));
  for (const name of [...copied, ...standIns.map((name) => `.dev/${name}`)]) {
    const { success } = await new Deno.Command("cp", { args: ["-R", join(TOP, name), join(top, name)] })
      .output();
    assert(success, name);
  }
  if (dev.includes("compile")) await Deno.symlink(join(TOP, ".dev", "compile"), join(top, ".dev", "compile"));
  // Everything of the cache but its databases.
  const cache = inheritedVariables().DENO_DIR ?? "";
  for (const name of await namesIn(cache)) {
    if (!/_cache_v\d+/.test(name)) await Deno.symlink(join(cache, name), join(denoDir, name));
  }
  const flags = (Deno.env.get("DENO_FLAGS") ?? "").replace(TOP, `${top}/`);
  const git = { GIT_DIR: join(TOP, ".git"), GIT_WORK_TREE: TOP };
  return { top, env: { HOME: home, DENO_DIR: denoDir, DENO_FLAGS: flags, ...git } };
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function words(text = ""): string[] {
  return text.split(/\s+/).filter(Boolean);
}

Deno.test("an executable for one folder reads and writes nothing else", async () => {
  await using sandbox = await openSandbox();
  const scoped = join(folder, `scoped${Deno.build.os === "windows" ? ".exe" : ""}`);
  const { home, env } = sandbox;
  await compile({
    output: scoped,
    alsoNet: ["localhost"],
    alsoRun: [BROWSER_PROGRAM, Deno.execPath()],
    home,
  });
  const outside = env.ENTRA_AUTH_CLI_CA_CERT ?? "";
  const inside = join(home, "ca.pem");
  await Deno.copyFile(outside, inside);
  const options = { executable: scoped, env: { ENTRA_AUTH_CLI_CA_CERT: inside } };

  const program = sandbox.start(["get-token"], options);
  const url = await Promise.race([sandbox.browser.next(), program.ended]);
  assert(typeof url === "string", JSON.stringify(url));
  await sandbox.userAgent.signIn(url, ADA);
  const signedIn = await program.ended;
  assertEquals(signedIn.code, 0, signedIn.stderr);
  assertEquals((await sandbox.run(["get-token"], options)).stdout, signedIn.stdout);

  const ids = ["--tenant-id", sandbox.provider.tenantId, "--client-id", sandbox.provider.clientId];
  const job = ["create-profile", "--name", "job", "--flow", "client-credentials", ...ids];
  const named = await sandbox.run([...job, "--certificate", outside], options);
  assertEquals(named.code, 0, named.stderr);
  assertStringIncludes(named.stderr, `warning: this executable may not read ${outside}\nHint: `);

  const token = join(sandbox.folder, "token");
  const written = await sandbox.run(["get-token", "--file", token], options);
  assertEquals(written.code, 8, written.stderr);
  assertStringIncludes(written.stderr, "Choose a path in the folder of this program.");
  const read = await sandbox.run(["get-token", "--force", "--ca-cert", outside], options);
  assert(!`${written.stderr}${read.stderr}`.includes("--allow-"), read.stderr);
  assertEquals(read.code, 8, read.stderr);
  assertStringIncludes(read.stderr, "Choose a path in the folder of this program.");
  assertStringIncludes(
    read.stderr,
    "This executable was built with fewer permissions than a release.",
  );
  assertEquals([written.stdout, read.stdout], ["", ""]);
});

async function sha256(path: string): Promise<string> {
  return encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(path))));
}

async function hasScript(): Promise<boolean> {
  try {
    return (await new Deno.Command("script", { args: ["--version"], stdin: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("the executable shows a device code, with its QR code, and signs in", async () => {
  await using sandbox = await openSandbox({ executable, devicePollInterval: 1 });
  const program = sandbox.start(["get-token", "--flow", "device-code", "--qr"]);
  await enterDeviceCode(sandbox, program.stderrMatch);
  const result = await program.ended;
  assertEquals(result.code, 0, result.stderr);
  assertMatch(result.stderr, /^[█▀▄ ]{20,}$/m);
});

Deno.test("an executable of a release signs in, uses its cache, refreshes, and runs any program with exec", async () => {
  await using sandbox = await openSandbox({ executable: release });
  const signedIn = await sandbox.signIn(["get-token"]);
  assertEquals(signedIn.code, 0, signedIn.stderr);
  const cached = await sandbox.run(["get-token", "--no-interactive"]);
  assertEquals([cached.code, cached.stdout], [0, signedIn.stdout], cached.stderr);
  const refreshed = await sandbox.run(["refresh"]);
  assertStringIncludes(refreshed.stderr, "✓ Token refreshed");

  const token = join(sandbox.folder, "written", "token");
  await Deno.mkdir(join(sandbox.folder, "written"));
  const written = await sandbox.run(["get-token", "--file", token]);
  assertEquals(written.code, 0, written.stderr);
  const { stdout } = await sandbox.run(["get-token"]);
  assertEquals(await Deno.readTextFile(token), stdout);

  const script = 'console.log(Deno.env.get("ACCESS_TOKEN")); Deno.exit(7)';
  const ran = await sandbox.run(["exec", "--", Deno.execPath(), "eval", script]);
  assertEquals([ran.code, ran.stdout], [7, stdout], ran.stderr);
  assertEquals((await sandbox.run(["exec", "--", "no-such-program"])).code, 127);
});

Deno.test({
  name: "an executable of a release runs without PATH, and names a variable that is not UTF-8",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox();
    const shell = async (line: string) => {
      const command = new Deno.Command("/bin/sh", {
        args: ["-c", line, "sh", release],
        env: { ENTRA_AUTH_CLI_HOME: sandbox.home },
        clearEnv: true,
        stdin: "null",
      });
      const { code, stdout, stderr } = await command.output();
      return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    };
    const listed = await shell('unset PATH; exec "$1" list-profiles');
    assertEquals(listed.code, 0, listed.output);
    assertStringIncludes(listed.output, "default");
    const unreadable = await shell(String.raw`ENTRA_AUTH_CLI_HOME=$(printf '/\377') exec "$1" list-profiles`);
    assertEquals(unreadable.code, 2, unreadable.output);
    assertStringIncludes(unreadable.output, "Invalid ENTRA_AUTH_CLI_HOME: expected UTF-8 text");
    for (const name of ["HOME", "BROWSER", "AZURE_CLIENT_ID"]) {
      const home = name === "HOME" ? "unset ENTRA_AUTH_CLI_HOME;" : "";
      const set = String
        .raw`${home} ${name}=$(printf '/\377') exec "$1" get-token --authority https://localhost:1`;
      const { code, output } = await shell(set);
      const expected = `error: Invalid ${name}: expected UTF-8 text\nHint: Set ${name} again, or unset it.\n`;
      assertEquals([code, output], [2, expected]);
    }
  },
});
