import { assertEquals } from "@std/assert";
import { fetchOnce } from "../../../support/network/fetch_once.ts";
import { openBlackHole, respond, startRawServer } from "../../../support/network/raw_server.ts";

/** Runs a command in a separate namespace (unshare(1)) and returns its output. */
async function runApart(namespace: "--mount" | "--net", command: readonly string[]): Promise<string> {
  const args = [namespace, ...command];
  const { stdout } = await new Deno.Command("unshare", { args, stdin: "null", stderr: "inherit" }).output();
  return new TextDecoder().decode(stdout);
}

/** Runs a command for which `/etc/hosts` is the file `hosts`. */
function runWithHosts(hosts: string, command: readonly string[]): Promise<string> {
  return runApart("--mount", ["sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts, ...command]);
}

async function canBeApart(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const said = [runWithHosts("/etc/hosts", ["echo", "yes"]), runApart("--net", ["echo", "yes"])];
  return (await Promise.all(said).catch(() => [])).join("") === "yes\nyes\n";
}

const ignore = !await canBeApart();

Deno.test({
  name: "systemNetwork() connects although one address of the host is unreachable",
  ignore,
  async fn(test) {
    await using server = startRawServer(respond("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
    const url = `http://login.test:${server.port}/`;
    const hosts = await Deno.makeTempFile({ prefix: "entra-auth-cli-test-" });
    try {
      await Deno.writeTextFile(hosts, "::1 login.test\n127.0.0.1 login.test\n");
      await test.step("it refuses connections", async () => {
        assertEquals(await runWithHosts(hosts, fetchOnce(url)), "200");
      });
      await test.step("it drops packets", async () => {
        using _hole = await openBlackHole("::1", server.port);
        assertEquals(await runWithHosts(hosts, fetchOnce(url)), "200");
      });
    } finally {
      await Deno.remove(hosts);
    }
  },
});

Deno.test({
  name: "systemNetwork() reports a machine without a network",
  ignore,
  async fn() {
    const said = await runApart("--net", fetchOnce("https://192.0.2.1/"));
    assertEquals(said, "CliError: No network route to 192.0.2.1");
    const named = await runApart("--net", fetchOnce("https://login.invalid/"));
    assertEquals(named, "CliError: Could not resolve the address of login.invalid");
  },
});
