import { assertEquals, assertStringIncludes } from "@std/assert";

/** Listens like the program and prints the result. */
const SCRIPT = `
import { listenForCallback } from ${
  JSON.stringify(import.meta.resolve("../../../src/loopback/callback_server.ts"))
};
import { Secret } from ${JSON.stringify(import.meta.resolve("../../../src/text/secret.ts"))};
try {
  await using server = await listenForCallback({ kind: "random" }, { state: new Secret("s"), acceptsIssuer: () => true });
  console.log("listening on " + server.redirectUri.replace(/\\d+/, "PORT"));
} catch (error) {
  console.log(error.code, error.hint);
}
`;

/** Flags that the imports need if they do not come from JSR. */
const FLAGS = (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter((flag) => flag !== "");

/** The variable that must not move the server. */
const SERVE_ADDRESS = "--allow-env=DENO_SERVE_ADDRESS";

async function run(permissions: readonly string[], wrapper: readonly string[] = []): Promise<string> {
  const [command = "", ...args] = [
    ...wrapper,
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--no-check",
    "--ext=ts",
  ]
    .concat(FLAGS, permissions, "-");
  const child = new Deno.Command(command, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(SCRIPT));
  await writer.close();
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("listenForCallback() needs only the permissions that it names, and prints nothing", async () => {
  const net = "--allow-net=127.0.0.1,[::1]";
  assertEquals(await run([net, SERVE_ADDRESS]), "listening on http://localhost:PORT\n");
  assertEquals(await run([net]), `permission Add the Deno flag ${SERVE_ADDRESS}\n`);
});

Deno.test("listenForCallback() distinguishes a missing Deno permission from a busy port", async () => {
  for (
    const permissions of [[], ["--allow-net=127.0.0.1"], ["--allow-net=[::1]"], ["--allow-net=localhost"]]
  ) {
    const output = await run([...permissions, SERVE_ADDRESS]);
    assertStringIncludes(
      output,
      "permission Add the Deno flag --allow-net=127.0.0.1,[::1]",
      permissions.join(),
    );
  }
});

/** Runs a command in a network namespace whose loopback interface is down and has no IPv6 address. */
const UNSHARE = ["unshare", "--user", "--map-root-user", "--net"];

function canUnshare(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    return new Deno.Command("unshare", { args: [...UNSHARE.slice(1), "true"], stderr: "null" }).outputSync()
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test({
  name: "listenForCallback() uses only IPv4 if there is no IPv6",
  ignore: !canUnshare(),
  fn: async () => {
    assertEquals(
      await run(["--allow-net=127.0.0.1,[::1]", SERVE_ADDRESS], UNSHARE),
      "listening on http://localhost:PORT\n",
    );
  },
});
