import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { openSandbox } from "../../support/program/sandbox.ts";
import { runShell } from "../../support/program/shell.ts";
import {
  azureCliCommand,
  type AzureCliRun,
  installAzurePython,
  SUBSCRIPTION,
} from "../../support/service/azure_cli.ts";

const PAGE = await Deno.readTextFile(new URL("../../../docs/user-guide/sdks-and-tools.md", import.meta.url));
/** The words before `az` in the documentation. */
const [EXEC_AZ = ""] = /^entra-auth-cli exec .+ --(?= \\\n +sh -c 'az login --identity )/m.exec(PAGE) ?? [];
/** The example for Python, and the words before `python3`. */
const [, EXAMPLE = ""] = /^```python\n([^]+?)^```$/m.exec(PAGE) ?? [];
const [EXEC_PYTHON = ""] = /^entra-auth-cli exec .+ --(?= python3 app\.py$)/m.exec(PAGE) ?? [];

const VAULT = "https://vault.azure.net";
const ARM = "https://management.core.windows.net/";

const installed = await installAzurePython();
const python = "python" in installed ? installed.python : "";
const reason = "missing" in installed ? `: ${installed.missing}` : "";

/** A network of its own, which has a loopback interface and nothing else. */
const APART = ["unshare", "--user", "--map-root-user", "--net"];

/** Sets the flags "up" and "running" of the interface, as `ip link set lo up` does. */
const LOOPBACK_UP = `
import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))
`;

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

async function canBeApart(): Promise<boolean> {
  if (python === "") return false;
  const [command = "", ...args] = [...APART, python, "-c", LOOPBACK_UP];
  return await new Deno.Command(command, { args, stderr: "null" }).output()
    .then(({ success }) => success, () => false);
}

const isApart = await canBeApart();

Deno.test({
  name:
    "az login --identity of the Azure CLI gets its tokens from exec --managed-identity, without any network" +
    (isApart ? "" : reason || ": it takes network namespaces"),
  ignore: !isApart,
  async fn() {
    await using sandbox = await openSandbox();
    const { stdout: token } = await sandbox.signIn(["get-token", "--scope", `${ARM}/.default`]);
    const calls = [
      ["login", "--identity"],
      ["account", "get-access-token", "--resource", VAULT],
    ];
    const script = `${quoted([python, "-c", LOOPBACK_UP])} && exec ${EXEC_AZ} ${
      quoted(azureCliCommand(python, calls))
    }`;
    const result = await runShell(sandbox, `exec ${quoted([...APART, "sh", "-c", script])}`);
    assertEquals(result.code, 0, result.stderr);
    const { outcomes: [login, refused], requests }: AzureCliRun = JSON.parse(result.stdout);
    assertEquals(login?.code, 0, login?.stderr);
    const [account] = JSON.parse(login?.stdout ?? "[]");
    assertEquals(
      [account.id, account.tenantId, account.user.name],
      [SUBSCRIPTION, sandbox.provider.tenantId, "systemAssignedIdentity"],
    );
    const [listed] = requests;
    assertMatch(listed?.target ?? "", /^GET management\.azure\.com\/subscriptions\?/);
    assertEquals([listed?.authorization, requests.length], [`Bearer ${token.trim()}`, 1]);
    assertEquals([refused?.code, refused?.stdout], [1, ""]);
    assertStringIncludes(refused?.stderr ?? "", `is not allowed: expected ${ARM}`);
    assertEquals(sandbox.browser.count, 1);
  },
});

/** Gets a token by each of two credentials of Python's azure-identity, and prints an error without one of them. */
const CLIENT = `
import json
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AzureCliCredential, ManagedIdentityCredential

def token_of(credential, resource):
    try:
        return credential.get_token(resource + "/.default").token
    except ClientAuthenticationError as error:
        return "error: " + str(error)

identity = ManagedIdentityCredential()
print(json.dumps([
    token_of(AzureCliCredential(process_timeout=60), "${VAULT}"),
    token_of(identity, "${VAULT}"),
    token_of(identity, "https://storage.azure.com"),
]))
`;

Deno.test({
  name: `azure-identity for Python gets tokens by AzureCliCredential and ManagedIdentityCredential${reason}`,
  ignore: python === "",
  async fn() {
    await using sandbox = await openSandbox();
    const { stdout } = await sandbox.signIn(["get-token", "--scope", `${VAULT}/.default`]);
    const client = join(sandbox.folder, "client.py");
    await Deno.writeTextFile(client, EXAMPLE + CLIENT);
    const bin = join(sandbox.folder, "bin");
    const install = ["entra-auth-cli", "install-shims", bin, "--program", join(bin, "entra-auth-cli")];
    const script = `${quoted(install)} 2>/dev/null && exec ${EXEC_PYTHON} ${quoted([python, client])}`;
    const result = await runShell(sandbox, script, { programs: [python] });
    assertEquals(result.code, 0, result.stderr);
    const [expiresOn, tokens = ""] = result.stdout.split("\n");
    // The program counts from when it received the token, which can be a second after the provider issued it.
    const cached = await sandbox.run(["get-token", "--scope", `${VAULT}/.default`, "--output", "json"]);
    assertEquals(Number(expiresOn), Date.parse(JSON.parse(cached.stdout).expires_at) / 1000);
    const [cli, identity, notAllowed] = JSON.parse(tokens);
    assertEquals([cli, identity], [stdout.trim(), stdout.trim()]);
    // MSAL for Python replaces the message of the endpoint.
    assertMatch(notAllowed, /^error: [^]*invalid_scope$/);
    assertEquals(sandbox.browser.count, 1);
  },
});
