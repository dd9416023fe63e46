import { assertEquals } from "@std/assert";
import { commandGrants } from "../../../../src/cli/permissions/command_grants.ts";
import type { Os } from "../../../../src/system/os.ts";

async function permissionsFor(
  os: Os,
  args: readonly string[],
  variables: Record<string, string> = {},
  find: (name: string) => Promise<null> = () => Promise.resolve(null),
) {
  const { permissions } = await commandGrants(args, {
    os,
    env: { get: (name) => variables[name] },
    home: "/home/ada/.entra-auth-cli",
    profiles: { find, current: () => Promise.resolve(null) },
    files: {
      lstat: () => Promise.resolve(null),
      readLink: () => Promise.reject(new Error("no link")),
      realPath: () => Promise.resolve(null),
    },
  });
  return permissions;
}

async function readableFor(os: Os, args: readonly string[], variables: Record<string, string> = {}) {
  const { read } = await permissionsFor(os, args, variables);
  return read.filter((path) => path !== "/home/ada/.entra-auth-cli");
}

Deno.test("commandGrants() lets a managed identity read the keys of Azure Arc's agent, and no user's sign-in", async () => {
  const identity = ["get-token", "--flow", "managed-identity"];
  assertEquals(await readableFor("linux", identity), [
    "/opt/azcmagent/bin/himds",
    "/var/opt/azcmagent/tokens",
  ]);
  const folders = { ProgramFiles: "C:\\Program Files", ProgramData: "C:\\ProgramData" };
  assertEquals(await readableFor("windows", identity, folders), [
    "C:\\Program Files\\AzureConnectedMachineAgent\\himds.exe",
    "C:\\ProgramData\\AzureConnectedMachineAgent\\Tokens",
  ]);
  assertEquals(await readableFor("windows", identity), []);
  assertEquals(await readableFor("darwin", identity), []);
  assertEquals(await readableFor("linux", ["get-token"]), []);
  assertEquals(await readableFor("linux", ["status"]), []);
});

Deno.test("commandGrants() lets a managed identity connect to its endpoint, and to 127.0.0.1 for localhost", async () => {
  const identity = ["get-token", "--flow", "managed-identity"];
  const hostsFor = async (variables: Record<string, string>) => {
    const [own, before] = await Promise.all(
      [variables, {}].map((env) => permissionsFor("linux", identity, env)),
    );
    return own?.net.filter((host) => !before?.net.includes(host));
  };
  assertEquals(await hostsFor({ IDENTITY_ENDPOINT: "http://localhost:41056/arc/token" }), [
    "localhost:41056",
    "127.0.0.1:41056",
  ]);
  assertEquals(await hostsFor({ IDENTITY_ENDPOINT: "http://localhost.example:41056/" }), [
    "localhost.example:41056",
  ]);
  assertEquals(await hostsFor({ IDENTITY_ENDPOINT: "http://10.0.0.1:41056/" }), ["10.0.0.1:41056"]);
});

Deno.test("commandGrants() lets exec remove a variable that would mislead its command", async () => {
  const { env } = await permissionsFor("linux", [
    "exec",
    "--managed-identity",
    "--profile",
    "a",
    "--",
    "tool",
  ]);
  assertEquals(env.includes("IDENTITY_SERVER_THUMBPRINT"), true);
});

Deno.test("commandGrants() lets request connect to the host of its URL, and read the file of its body", async () => {
  const [plain, request] = await Promise.all([
    permissionsFor("linux", ["get-token"]),
    permissionsFor("linux", [
      ...[
        "request",
        "--body",
        "@/tmp/body",
        "-H",
        "X: https://a.example",
        "--allow-host",
        "b.example",
        "PUT",
      ],
      "https://graph.microsoft.com/v1.0/me",
    ]),
  ]);
  const added = (kind: "net" | "read") => request[kind].filter((name) => !plain[kind].includes(name));
  assertEquals([added("net"), added("read")], [["graph.microsoft.com:443"], ["/tmp/body"]]);
  for (const body of ["text", "-", "@", "/tmp/body"]) {
    const { read } = await permissionsFor("linux", ["request", "PUT", "https://a.example/", "--body", body]);
    assertEquals(read, plain.read, body);
  }
});

Deno.test("commandGrants() reads the profile only for a command whose permissions depend on it", async () => {
  const isFoundBy = async (...args: string[]) => {
    const found: string[] = [];
    await permissionsFor("linux", args, {}, (name) => {
      found.push(name);
      return Promise.resolve(null);
    });
    return found;
  };
  for (const args of [["get-token"], ["refresh"], ["edit-profile"], ["doctor"]]) {
    assertEquals(await isFoundBy(...args, "--profile", "work"), ["work"], args.join(" "));
  }
  for (
    const args of [["list-profiles"], ["status"], ["clear-cache"], ["use-profile", "work"]]
  ) {
    assertEquals(await isFoundBy(...args), [], args.join(" "));
  }
});
