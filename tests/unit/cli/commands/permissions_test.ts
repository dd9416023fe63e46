import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { runPermissions } from "../../../../src/cli/commands/permissions.ts";
import { commandGrants } from "../../../../src/cli/permissions/command_grants.ts";
import { COMMANDS_WITH_NEEDS } from "../../../../src/cli/permissions/permission_needs.ts";
import { CliError } from "../../../../src/errors.ts";
import { MemoryContext, WORK } from "../../../support/fixtures/command_fixture.ts";

async function permissions(
  flags: Parameters<typeof runPermissions>[0],
  command: string | undefined,
  context = new MemoryContext(),
) {
  await runPermissions({ output: "json", ...flags }, command, context);
  return JSON.parse(context.terminal.data);
}

Deno.test("runPermissions() grants reading and writing of the program's folder and the certificate only", async () => {
  const context = new MemoryContext();
  context.variables.ENTRA_AUTH_CLI_CA_CERT = "/etc/ca.pem";
  const { permissions: { read, write } } = await permissions({}, undefined, context);
  assertEquals(read, ["/home/ada/.entra-auth-cli", "/etc/ca.pem"]);
  assertEquals(write, ["/home/ada/.entra-auth-cli"]);
});

Deno.test("runPermissions() grants no writing to a command that changes nothing", async () => {
  const { permissions: { read, write }, flags } = await permissions({}, "list-profiles");
  assertEquals(read, ["/home/ada/.entra-auth-cli"]);
  assertEquals(write, []);
  assertEquals(flags.some((flag: string) => flag.startsWith("--allow-write")), false);
});

Deno.test("runPermissions() names the hosts of all profiles, or that of the one that a command uses", async () => {
  const context = new MemoryContext();
  context.profiles.profiles.push({ ...WORK, name: "own", authority: "https://login.example.org:8443" });
  const all = await permissions({}, undefined, context);
  assertEquals(all.permissions.net, [
    "login.microsoftonline.com:443",
    "login.microsoftonline.us:443",
    "login.partner.microsoftonline.cn:443",
    "login.example.org:8443",
    "*.azurecr.io:443",
    "*.azurecr.us:443",
    "*.azurecr.cn:443",
    "127.0.0.1",
    "[::1]",
  ]);
  context.terminal.data = "";
  context.variables.ENTRA_AUTH_CLI_PROFILE = "own";
  assertEquals((await permissions({}, "refresh", context)).permissions.net, ["login.example.org:8443"]);
  for (
    const [profile, host] of [["own", "login.example.org:8443"], ["work", "login.microsoftonline.com:443"]]
  ) {
    context.terminal.data = "";
    const one = await permissions({ profile }, "get-token", context);
    assertEquals(one.permissions.net, [host, "127.0.0.1", "[::1]"]);
  }
  const error = await assertRejects(() => permissions({ profile: "none" }, "refresh"), CliError);
  assertEquals(error.code, "no_profile");
});

Deno.test("runPermissions() grants what applications need if a profile is for one, or without profiles", async () => {
  const context = new MemoryContext();
  const names = async (profile?: string) => {
    context.terminal.data = "";
    const { permissions: { env } } = await permissions(
      { profile },
      profile === undefined ? undefined : "get-token",
      context,
    );
    return env.includes("AZURE_CLIENT_SECRET");
  };
  assertEquals(await names(), false);
  context.profiles.profiles.push({ ...WORK, name: "job", flow: "client-credentials" });
  assertEquals([await names(), await names("job"), await names("work")], [true, true, false]);
  context.profiles.profiles.length = 0;
  assertEquals(await names(), true);
});

Deno.test("runPermissions() grants reading the certificates of profiles if they are used", async () => {
  const context = new MemoryContext();
  const job = { ...WORK, name: "job", flow: "client-credentials", certificate: "/etc/job.pem" } as const;
  context.profiles.profiles.push(job, {
    ...job,
    name: "person",
    flow: "interactive",
    certificate: "/no.pem",
  });
  for (const profile of [undefined, "job", "work"]) {
    context.terminal.data = "";
    const command = profile === undefined ? undefined : "get-token";
    const { permissions: { read } } = await permissions({ profile }, command, context);
    const certificates = profile === "work" ? [] : ["/etc/job.pem"];
    assertEquals(read, ["/home/ada/.entra-auth-cli", ...certificates]);
  }
  context.terminal.data = "";
  assertEquals((await permissions({}, "inspect", context)).permissions.read, ["/home/ada/.entra-auth-cli"]);
});

Deno.test("runPermissions() grants reading the credential files that the environment names", async () => {
  const context = new MemoryContext();
  context.variables.AZURE_CLIENT_CERTIFICATE_PATH = "/etc/job.pem";
  context.variables.AZURE_FEDERATED_TOKEN_FILE = "/run/token";
  const files = async (profile?: string) => {
    context.terminal.data = "";
    const command = profile === undefined ? undefined : "get-token";
    const { permissions: { read } } = await permissions({ profile }, command, context);
    return read.slice(1);
  };
  assertEquals(await files(), []);
  context.profiles.profiles.push(
    { ...WORK, name: "job", flow: "client-credentials", certificate: "/etc/job.pem" },
    { ...WORK, name: "machine", flow: "managed-identity" },
  );
  const arc = ["/opt/azcmagent/bin/himds", "/var/opt/azcmagent/tokens"];
  assertEquals(await files(), ["/etc/job.pem", "/run/token", ...arc]);
  assertEquals(await files("job"), ["/etc/job.pem", "/run/token"]);
  assertEquals([await files("machine"), await files("work")], [arc, []]);
  context.profiles.profiles.length = 0;
  assertEquals(await files(), ["/etc/job.pem", "/run/token"]);
});

Deno.test("runPermissions() prints flags for a shell on one line", async () => {
  const context = new MemoryContext();
  await runPermissions({}, "get-token", context);
  assertEquals(context.terminal.data.split("\n").length, 2);
  assertStringIncludes(context.terminal.data, "--quiet --no-prompt --allow-read=/home/ada/.entra-auth-cli ");
  assertStringIncludes(context.terminal.data, ',127.0.0.1,[::1]" --allow-env=');
});

Deno.test("runPermissions() prints what exec needs in addition, and refuses unknown commands and formats", async () => {
  const context = new MemoryContext();
  await runPermissions({}, "exec", context);
  assertStringIncludes(context.terminal.said.join(), "--allow-run for the command");
  for (const [output, command] of [["xml", undefined], ["json", "toString"], ["text", "get_token"]]) {
    const error = await assertRejects(() => runPermissions({ output }, command, context), CliError);
    assertEquals(error.code, "usage");
  }
});

Deno.test("runPermissions() quotes a path so that a CI log finds no command and the shell reads the same word", async () => {
  const context = new MemoryContext();
  context.variables.ENTRA_AUTH_CLI_CA_CERT = "/etc/###vso[x]$a/ca.pem";
  await runPermissions({}, undefined, context);
  assertStringIncludes(context.terminal.data, "/etc/#''#''#vso[x]$a/ca.pem");
});

Deno.test("runPermissions() quotes the flags for PowerShell and cmd on Windows", async () => {
  const flagsOn = async (home: string) => {
    const context = Object.assign(new MemoryContext(), { os: "windows", home });
    await runPermissions({}, "list-profiles", context);
    return context.terminal.data;
  };
  const flags = await flagsOn("C:\\Users\\Ada Löw\\.entra-auth-cli");
  assertStringIncludes(flags, ' "--allow-read=C:\\Users\\Ada Löw\\.entra-auth-cli" ');
  // PowerShell would pass the names after a comma as other arguments.
  assertEquals(/(^| )[^" ]*,/.test(flags), false, flags);
  assertStringIncludes(await flagsOn("D:\\my tokens\\"), ' "--allow-read=D:\\my tokens\\\\" ');
  assertStringIncludes(await flagsOn("C:\\$a's b"), " '--allow-read=C:\\$a''s b' ");
  assertStringIncludes(await flagsOn("C:\\tokens"), " --allow-read=C:\\tokens ");
});

Deno.test("the worker of each command gets what runPermissions() prints, without the programs of deno run", async () => {
  for (const os of ["linux", "darwin", "windows"] as const) {
    const context = Object.assign(new MemoryContext(), { os });
    Object.assign(context.variables, {
      PATH: "/usr/bin",
      BROWSER: "/opt/browser",
      IMDS_ENDPOINT: "http://imds:8",
    });
    const own = { ...WORK, authority: "https://login.example.org:8443" };
    context.profiles.profiles.push(
      { ...own, name: "default", flow: "client-credentials", certificate: "/etc/job.pem" },
    );
    const files = { lstat: () => Promise.resolve(null), readLink: () => Promise.resolve("") };
    const worker = Object.assign(Object.create(context), { files });
    for (const command of COMMANDS_WITH_NEEDS) {
      context.terminal.data = "";
      const printed = (await permissions({}, command, context)).permissions;
      const run = printed.run.filter((name: string) => !["tee", "cat"].includes(name));
      const { permissions: granted } = await commandGrants([command], worker);
      assertEquals(granted, { ...printed, run }, `${command} on ${os}`);
    }
  }
});
