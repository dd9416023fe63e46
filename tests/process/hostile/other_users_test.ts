import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { ADA, BOB } from "../../support/provider/directory.ts";
import { UserAgent } from "../../support/browser/user_agent.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

/** A user ID that no account of the machine has. */
const OTHER = 54_321;

// Only root can give files to another user.
const isNotRoot = Deno.build.os === "windows" || Deno.uid() !== 0;

interface Entry {
  readonly path: string;
  readonly mode: number | null;
  readonly uid: number | null;
  readonly content: string;
}

/** Returns everything below `folder`, with modes, owners and contents. */
async function snapshot(folder: string): Promise<Entry[]> {
  const { mode, uid } = await Deno.lstat(folder);
  const entries: Entry[] = [{ path: folder, mode, uid, content: "" }];
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) {
      entries.push(...await snapshot(path));
      continue;
    }
    const { mode, uid } = await Deno.lstat(path);
    const content = isSymlink ? await Deno.readLink(path) : await Deno.readTextFile(path);
    entries.push({ path, mode, uid, content });
  }
  return entries.sort((one, other) => one.path < other.path ? -1 : 1);
}

async function giveAway(folder: string): Promise<void> {
  const paths = (await snapshot(folder)).map(({ path }) => path);
  // Deno.chown follows links.
  await new Deno.Command("chown", { args: ["-h", `${OTHER}:${OTHER}`, ...paths] }).output();
}

const COMMANDS = (sandbox: Sandbox): readonly (readonly string[])[] => [
  ["get-token", "--no-interactive"],
  ["get-token", "--force", "--no-interactive"],
  ["get-token", "--flow", "device-code", "--force", "--no-interactive"],
  ["refresh"],
  ["status"],
  ["inspect"],
  ["list-profiles"],
  ["show-profile", "--name", "default"],
  createProfileArgs("new", sandbox.provider),
  ["edit-profile", "--name", "default", "--scope", "Mail.Read"],
  ["delete-profile", "--name", "default"],
  ["export-profile", "--name", "default"],
  ["clear-cache"],
  ["clear-cache", "--all", "--yes"],
];

Deno.test({
  name: "Root touches nothing in the folder of another user, whatever the command, and is told sudo -H",
  ignore: isNotRoot,
  async fn(t) {
    await using sandbox = await openSandbox();
    assertEquals((await sandbox.signIn(["get-token"])).code, 0);
    // A mode that the program would close, and a link that it would lock.
    const secret = join(sandbox.folder, "file-of-root");
    await Deno.writeTextFile(secret, "content of root");
    await Deno.remove(join(sandbox.home, "tokens.lock"));
    await Deno.symlink(secret, join(sandbox.home, "tokens.lock"));
    await giveAway(sandbox.home);
    await Deno.chmod(sandbox.home, 0o755);
    const before = await snapshot(sandbox.home);

    for (const command of COMMANDS(sandbox)) {
      await t.step(command.join(" "), async () => {
        const { code, stdout, stderr } = await sandbox.run(command);
        assertEquals([code, stdout], [7, ""], stderr);
        assertStringIncludes(stderr, `belongs to another user (uid ${OTHER})`);
        assertMatch(stderr, /sudo -H entra-auth-cli/);
        assertEquals(await snapshot(sandbox.home), before);
        assertEquals(await Deno.readTextFile(secret), "content of root");
      });
    }
    await t.step("doctor", async () => {
      const { stdout, stderr } = await sandbox.run(["doctor"]);
      assertMatch(stdout + stderr, /belongs to another user/);
      assertEquals(await snapshot(sandbox.home), before);
      assertEquals(await Deno.readTextFile(secret), "content of root");
    });
  },
});

Deno.test({
  name: "Root does not create the folder in the home of another user",
  ignore: isNotRoot,
  async fn() {
    await using sandbox = await openSandbox();
    const home = join(sandbox.folder, "home-of-another");
    await Deno.mkdir(home);
    await Deno.chown(home, OTHER, OTHER);
    const env = { ENTRA_AUTH_CLI_HOME: join(home, "deeper", ".entra-auth-cli") };
    const { code, stdout, stderr } = await sandbox.run(createProfileArgs("new", sandbox.provider), { env });
    assertEquals([code, stdout], [7, ""], stderr);
    assertStringIncludes(stderr, `${home} belongs to another user`);
    assertMatch(stderr, /sudo -H entra-auth-cli/);
    await sandbox.run(["doctor"], { env });
    // A token is worth more than its place in the store.
    const { tenantId, clientId, origin } = sandbox.provider;
    const flags = ["--tenant-id", tenantId, "--client-id", clientId, "--authority", origin];
    const signedIn = await sandbox.signIn(["get-token", ...flags, "--scope", "User.Read"], ADA, { env });
    assertEquals(signedIn.code, 0, signedIn.stderr);
    assertMatch(signedIn.stderr, /warning: could not save the token: .* belongs to another user/);
    assertEquals(await Array.fromAsync(Deno.readDir(home)), []);
  },
});

Deno.test({
  name: "A folder whose parent others can write to is refused, unless the parent has the sticky bit",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox();
    const parent = join(sandbox.folder, "parent");
    await Deno.mkdir(parent);
    const env = { ENTRA_AUTH_CLI_HOME: join(parent, "home") };
    const create = async (name: string) =>
      await sandbox.run(createProfileArgs(name, sandbox.provider), { env });

    await Deno.chmod(parent, 0o1777);
    assertEquals((await create("first")).code, 0);
    await Deno.chmod(parent, 0o777);
    const before = await snapshot(parent);
    for (const command of [["list-profiles"], createProfileArgs("second", sandbox.provider), ["status"]]) {
      const { code, stderr } = await sandbox.run(command, { env });
      assertEquals(code, 7, stderr);
      assertStringIncludes(stderr, "can be replaced by other users, who may write to ");
      assertMatch(stderr, /Hint: chmod go-w /);
      assertEquals(await snapshot(parent), before);
    }
    await Deno.chmod(parent, 0o755);
    assertEquals((await create("second")).code, 0);
  },
});

/** Sends an HTTP request as another user, and returns what the server responds. */
async function sendAsOther(
  address: string,
  port: number,
  form: string,
  ending: "reads" | "closes",
): Promise<string> {
  const request = `POST / HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin: null\r\n` +
    `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`;
  const script = `exec 3<>/dev/tcp/${address}/${port}; printf %s "$REQUEST" >&3; ` +
    (ending === "reads" ? "head -n 1 <&3" : "exec 3>&-");
  const { stdout } = await new Deno.Command("bash", {
    args: ["-c", script],
    env: { REQUEST: request },
    uid: OTHER,
    gid: OTHER,
    cwd: "/",
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

/** Returns the ports on which a process listens at 127.0.0.1. */
async function listeningPorts(pid: number): Promise<number[]> {
  const sockets = await Array.fromAsync(
    Deno.readDir(`/proc/${pid}/fd`),
    ({ name }) => Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => ""),
  );
  const rows = (await Deno.readTextFile("/proc/net/tcp")).split("\n").map((line) => line.trim().split(/\s+/));
  return rows.filter((row) => row[3] === "0A" && sockets.includes(`socket:[${row[9]}]`))
    .map((row) => parseInt(row[1]?.split(":")[1] ?? "", 16));
}

Deno.test({
  name: "Another user who knows the state neither ends nor takes over a sign-in",
  ignore: isNotRoot || Deno.build.os !== "linux",
  async fn() {
    await using sandbox = await openSandbox();
    const program = sandbox.start(["get-token"]);
    const url = await sandbox.browser.next();
    const { searchParams } = new URL(url);
    const port = Number(new URL(searchParams.get("redirect_uri") ?? "").port);
    const state = searchParams.get("state") ?? "";
    const inner = (await listeningPorts(program.pid)).filter((other) => other !== port);
    assertEquals(inner.length, 1);
    for (const form of [`error=access_denied&state=${state}`, `code=a-code-of-another&state=${state}`]) {
      for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
        assertEquals(await sendAsOther(address, port, form, "reads"), "", `${address} ${form}`);
        await sendAsOther(address, port, form, "closes");
      }
      assertMatch(await sendAsOther("127.0.0.1", inner[0] ?? 0, form, "reads"), /^HTTP\/1\.1 403 /);
      await sendAsOther("127.0.0.1", inner[0] ?? 0, form, "closes");
    }
    assertEquals(sandbox.provider.requestsTo("token").length, 0);
    await sandbox.userAgent.signIn(url, ADA);
    const { code, stderr } = await program.ended;
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, `✓ Authentication successful!\nSigned in as ${ADA.username}\n`);
  },
});

Deno.test("A sign-in names the account, and warns if the profile's last account was another one", async () => {
  await using sandbox = await openSandbox();
  const first = await sandbox.signIn(["get-token"], ADA);
  assertStringIncludes(first.stderr, `✓ Authentication successful!\nSigned in as ${ADA.username}\n`);
  const same = await sandbox.signIn(["get-token", "--force"], ADA);
  assertStringIncludes(same.stderr, `\nSigned in as ${ADA.username}\n`);
  const quiet = await sandbox.signIn(["get-token", "--force", "--quiet"], ADA);
  assertEquals(quiet.stderr, "");
  using bobsBrowser = new UserAgent({ caPem: sandbox.provider.caPem });
  const program = sandbox.start(["get-token", "--force", "--quiet"]);
  await bobsBrowser.signIn(await sandbox.browser.next(), BOB);
  const other = await program.ended;
  assertEquals(other.code, 0, other.stderr);
  assertEquals(
    other.stderr,
    `warning: Signed in as ${BOB.username}, but the last account of profile 'default' was ${ADA.username}\n`,
  );
});

Deno.test({
  name: "If cat cannot run, the sign-in says once that connections are not checked",
  ignore: Deno.build.os !== "linux" || Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined,
  async fn() {
    await using sandbox = await openSandbox();
    const { code, stderr } = await sandbox.signIn(["get-token"], ADA, { env: { PATH: sandbox.folder } });
    assertEquals(code, 0, stderr);
    const warning =
      /warning: cannot check which user of this machine connects[^\n]*\nHint: .*--allow-run=cat\n/g;
    assertEquals([...stderr.matchAll(warning)].length, 1, stderr);
  },
});
