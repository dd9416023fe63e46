import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { type ProgramResult, runProgram } from "../../support/program/program.ts";

const GET = ["get-token", "--flow", "managed-identity"];
const CLIENT_ID = "0b0fdab2-9d9a-4f2f-8a52-ff8a3b8e2d11";
const RESOURCE_ID =
  "/subscriptions/0b0fdab2/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/job";
const HEADER = "what-the-service-gave-this-app";

/** A request to the endpoint. */
interface Asked {
  readonly path: string;
  readonly query: Record<string, string>;
  readonly headers: Headers;
}

/** An Azure machine: a home folder, and the endpoint for tokens of its managed identities. */
async function openMachine(answer: (asked: Asked) => Response = giveToken()) {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  const asked: Asked[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const one = { path: pathname, query: Object.fromEntries(searchParams), headers: request.headers };
    asked.push(one);
    return answer(one);
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  let isOpen = true;
  const machine = {
    asked,
    origin,
    appService: { IDENTITY_ENDPOINT: `${origin}/msi/token`, IDENTITY_HEADER: HEADER },
    /** Runs the program without a provider. The proxy in the variables must not be used. */
    run: (args: readonly string[], env: Record<string, string>) =>
      runProgram(args, {
        env: { ENTRA_AUTH_CLI_HOME: join(folder, "home"), HTTP_PROXY: "http://127.0.0.1:9", ...env },
      }),
    async stop() {
      if (isOpen) await server.shutdown();
      isOpen = false;
    },
    async [Symbol.asyncDispose]() {
      await machine.stop();
      await Deno.remove(folder, { recursive: true });
    },
  };
  return machine;
}

/** Responds as the services do, with another token each time. */
function giveToken(life = 3600): (asked: Asked) => Response {
  let number = 0;
  return ({ query }) =>
    Response.json({
      access_token: `token-${++number}`,
      expires_on: String(Math.floor(Date.now() / 1000) + life),
      resource: query.resource,
      token_type: "Bearer",
      client_id: CLIENT_ID,
    });
}

function assertRefused(result: ProgramResult, code: number, ...named: string[]): void {
  assertEquals([result.code, result.stdout], [code, ""], result.stderr);
  assertMatch(result.stderr, /\nHint: \S/);
  for (const text of named) assertStringIncludes(result.stderr, text);
  assert(!result.stderr.includes(HEADER), result.stderr);
}

Deno.test("managed-identity requests a token from App Service without profile or proxy, and the second run uses the cache", async () => {
  await using machine = await openMachine();
  const scope = ["--scope", "https://vault.azure.net/.default"];
  const first = await machine.run([...GET, ...scope, "-o", "json"], machine.appService);
  assertEquals(first.code, 0, first.stderr);
  const document = JSON.parse(first.stdout);
  assertEquals([document.access_token, document.source, document.account], [
    "token-1",
    "managed-identity",
    null,
  ]);
  assertEquals([document.tenant_id, document.client_id], [null, null]);
  assert(document.expires_in > 3500 && document.expires_in <= 3600);
  const [asked] = machine.asked;
  assertEquals([asked?.path, asked?.query], ["/msi/token", {
    "api-version": "2019-08-01",
    resource: "https://vault.azure.net",
  }]);
  assertEquals(asked?.headers.get("x-identity-header"), HEADER);

  await machine.stop();
  const second = await machine.run(["get-token", "-f", "ManagedIdentity", ...scope], machine.appService);
  assertEquals([second.code, second.stdout], [0, "token-1\n"], second.stderr);
});

Deno.test("managed-identity requests a token for Graph from the instance metadata service by default", async () => {
  await using machine = await openMachine();
  const result = await machine.run(GET, { AZURE_POD_IDENTITY_AUTHORITY_HOST: machine.origin });
  assertEquals([result.code, result.stdout], [0, "token-1\n"], result.stderr);
  const [asked] = machine.asked;
  // MSAL appends a slash to an address from the variable.
  assertEquals([asked?.path.replace(/\/$/, ""), asked?.query], ["/metadata/identity/oauth2/token", {
    "api-version": "2018-02-01",
    resource: "https://graph.microsoft.com",
  }]);
  assertEquals(asked?.headers.get("metadata"), "true");
});

Deno.test("managed-identity requests a token from Azure Arc's agent on a port of localhost", async () => {
  await using machine = await openMachine();
  const origin = machine.origin.replace("127.0.0.1", "localhost");
  const env = { IDENTITY_ENDPOINT: `${origin}/arc/token`, IMDS_ENDPOINT: origin };
  const result = await machine.run(GET, env);
  assertEquals([result.code, result.stdout], [0, "token-1\n"], result.stderr);
  assertEquals(machine.asked.map(({ path }) => path), ["/arc/token"]);
});

Deno.test("an assigned identity is selected by flag, variable or profile, and each has its own tokens", async () => {
  await using machine = await openMachine();
  const create = ["create-profile", "--name", "vm", "--flow", "managed-identity"];
  const created = await machine.run([...create, "--client-id", CLIENT_ID], {});
  assertEquals(created.code, 0, created.stderr);
  const own = await machine.run(["create-profile", "--name", "own", "--flow", "managed-identity"], {});
  assertEquals(own.code, 0, own.stderr);
  const cases: [args: string[], env: Record<string, string>, query: Record<string, string>][] = [
    [[...GET, "--client-id", CLIENT_ID], {}, { client_id: CLIENT_ID }],
    [[...GET, "--identity-resource-id", RESOURCE_ID], {}, { mi_res_id: RESOURCE_ID }],
    [[...GET, "--identity-object-id", CLIENT_ID], {}, { object_id: CLIENT_ID }],
    [[...GET, "--no-cache"], { AZURE_CLIENT_ID: CLIENT_ID }, { client_id: CLIENT_ID }],
    [["get-token", "-p", "vm"], {}, { client_id: CLIENT_ID }],
    [["get-token", "-p", "own"], {}, {}],
  ];
  for (const [at, [args, env, query]] of cases.entries()) {
    const result = await machine.run(args, { ...machine.appService, ...env });
    assertEquals([result.code, result.stdout], [0, `token-${at + 1}\n`], result.stderr);
    const { resource: _resource, "api-version": _version, ...which } = machine.asked.at(-1)?.query ?? {};
    assertEquals(which, query);
  }
  const renewed = await machine.run(["refresh", "-p", "vm"], machine.appService);
  assertEquals(renewed.code, 0, renewed.stderr);
  const two = [...GET, "--client-id", CLIENT_ID, "--identity-object-id", CLIENT_ID];
  assertRefused(await machine.run(two, machine.appService), 2, "cannot be used together");
});

Deno.test("a machine without a managed identity is a clear error", async (test) => {
  const refusal = { error: "invalid_request", error_description: "Identity not found" };
  await using machine = await openMachine(() => Response.json(refusal, { status: 400 }));
  await test.step("the identity is unknown", async () => {
    const args = [...GET, "--client-id", CLIENT_ID];
    assertRefused(await machine.run(args, machine.appService), 3, "Identity not found", CLIENT_ID);
    assertEquals(machine.asked.length, 1);
  });
  await test.step("the endpoint is unreachable", async () => {
    await machine.stop();
    const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: machine.origin };
    assertRefused(
      await machine.run(GET, env),
      4,
      "This machine has no managed identity",
      "client-credentials",
    );
  });
  await test.step("the scope is not of a resource", async () => {
    assertRefused(await machine.run([...GET, "-s", "User.Read"], {}), 2, "graph.microsoft.com/.default");
  });
});

for (
  const [name, body] of [
    ["something that is not JSON", "<html>"],
    ["no token", JSON.stringify({ expires_on: "4102444800", token_type: "Bearer" })],
    ["a token that is over", JSON.stringify({ access_token: "old", expires_on: "1", token_type: "Bearer" })],
  ] as const
) {
  Deno.test(`an endpoint that responds with ${name} yields no token`, async () => {
    await using machine = await openMachine(() => new Response(body));
    assertRefused(await machine.run(GET, machine.appService), 3);
  });
}

Deno.test("--timeout limits all attempts at the endpoint of a machine, and the error names the last response", async () => {
  const words = { error: "gone", error_description: "The service is being updated" };
  await using machine = await openMachine(() => Response.json(words, { status: 410 }));
  // After this response MSAL pauses for ten seconds, seven times.
  const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: machine.origin };
  const result = await machine.run([...GET, "--timeout", "700ms"], env);
  assertRefused(
    result,
    4,
    "no token within 0.7 seconds: status 410, The service is being updated",
    "--timeout",
  );
  assertEquals(machine.asked.length, 1);
});
