import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  acquireManagedIdentityToken,
  managedIdentityNetworkModule,
} from "../../../../src/entra/msal/managed_identity.ts";
import { CliError } from "../../../../src/errors.ts";
import type { HttpRequest, HttpResponse } from "../../../../src/system/network/network.ts";
import { FakeClock } from "../../../support/machine/fake_clock.ts";

const NOW_MS = Date.UTC(2025, 11, 28, 12, 0, 0);

/** The network of a machine whose endpoint sends `answer`, and its requests. */
function machine(answer: { status?: number; body: unknown }, variables: Record<string, string> = {}) {
  const sent: HttpRequest[] = [];
  const network = managedIdentityNetworkModule({
    network: {
      send(request): Promise<HttpResponse> {
        sent.push(request);
        const body = new TextEncoder().encode(JSON.stringify(answer.body));
        return Promise.resolve({ status: answer.status ?? 200, headers: {}, body });
      },
    },
    env: { get: (name) => variables[name] },
    clock: new FakeClock(NOW_MS),
    signal: new AbortController().signal,
  });
  return { network, sent };
}

const GOOD = { access_token: "token", token_type: "Bearer", expires_on: String(NOW_MS / 1000 + 600) };

for (
  const [address, variables] of [
    ["http://169.254.169.254/metadata/identity/oauth2/token", {}],
    ["http://localhost:40342/metadata/identity/oauth2/token", {}],
    ["http://127.0.0.1:41056/msi/token?resource=x", {
      IDENTITY_ENDPOINT: "http://127.0.0.1:41056/msi/token",
    }],
    ["http://127.0.0.1:41056/arc/token", { IDENTITY_ENDPOINT: "http://localhost:41056/arc/token" }],
    ["http://localhost:41056/msi/token", { IDENTITY_ENDPOINT: "http://localhost:41056/msi/token" }],
    ["http://169.254.129.4:8081/msi", { MSI_ENDPOINT: "http://169.254.129.4:8081/msi" }],
  ] as const
) {
  Deno.test(`managedIdentityNetworkModule() contacts ${new URL(address).host}`, async () => {
    const { network, sent } = machine({ body: GOOD }, variables);
    await network.sendGetRequestAsync(address);
    assertEquals(sent.map(({ url }) => url), [address]);
    assertEquals(network.tokenResponse?.expiresInSeconds, 600);
  });
}

for (
  const address of [
    "http://169.254.169.254.evil.example/",
    "http://169.254.169.254:81/",
    "https://169.254.169.254/",
    "http://evil.example/?http://169.254.169.254/",
    "http://127.0.0.1:41057/msi/token",
    "no address",
  ]
) {
  Deno.test(`managedIdentityNetworkModule() never contacts ${address}`, async () => {
    const { network, sent } = machine({ body: GOOD }, {
      IDENTITY_ENDPOINT: "http://127.0.0.1:41056/msi/token",
    });
    const error = await assertRejects(() => network.sendGetRequestAsync(address), CliError);
    assertEquals([error.code, sent.length], ["invalid_response", 0]);
  });
}

Deno.test("managedIdentityNetworkModule() takes 127.0.0.1 only for localhost on the same port", async () => {
  for (
    const [named, address] of [
      ["http://localhost:41057/", "http://127.0.0.1:41056/"],
      ["https://localhost:41056/", "http://127.0.0.1:41056/"],
      ["http://evil.example:41056/localhost", "http://127.0.0.1:41056/"],
      ["http://localhost.example:41056/", "http://127.0.0.1.example:41056/"],
      ["http://my-localhost:41056/", "http://my-127.0.0.1:41056/"],
    ] as const
  ) {
    const { network, sent } = machine({ body: GOOD }, { IDENTITY_ENDPOINT: named });
    await assertRejects(() => network.sendGetRequestAsync(address), CliError);
    assertEquals(sent, [], named);
  }
});

Deno.test("managedIdentityNetworkModule() reads the expiry of a token as a number, text, date or lifetime", async () => {
  for (
    const end of [NOW_MS / 1000 + 60, String(NOW_MS / 1000 + 60), new Date(NOW_MS + 60_000).toISOString()]
  ) {
    const { network } = machine({ body: { ...GOOD, expires_on: end } });
    await network.sendGetRequestAsync("http://169.254.169.254/");
    assertEquals(network.tokenResponse?.expiresInSeconds, 60);
  }
  const { network } = machine({ body: { access_token: "t", token_type: "Bearer", expires_in: "60" } });
  await network.sendGetRequestAsync("http://169.254.169.254/");
  assertEquals(network.tokenResponse?.expiresInSeconds, 60, "expires_in alone");
});

Deno.test("managedIdentityNetworkModule() rejects a response without a valid token and passes a refusal on to MSAL", async () => {
  for (const body of [{}, [], "text", { ...GOOD, expires_on: "soon" }, { ...GOOD, expires_on: 1 }]) {
    const { network } = machine({ body });
    await assertRejects(() => network.sendGetRequestAsync("http://169.254.169.254/"), CliError);
    assertEquals(network.tokenResponse, null);
  }
  const { network } = machine({
    status: 400,
    body: { error: "invalid_request", error_description: "not found" },
  });
  assertEquals((await network.sendGetRequestAsync("http://169.254.169.254/")).status, 400);
  assertEquals(network.refusal, { status: 400, words: "not found", reported: null });
});

/** A clock whose deadlines expire when {@linkcode end} is called. */
class EndingClock extends FakeClock {
  readonly deadlines: number[] = [];
  readonly #ended = new AbortController();

  override deadline(ms: number): { signal: AbortSignal } & Disposable {
    this.deadlines.push(ms);
    return { signal: this.#ended.signal, [Symbol.dispose]() {} };
  }

  end(): void {
    this.#ended.abort();
  }
}

Deno.test("acquireManagedIdentityToken() times out after 30 seconds if the endpoint never responds", async () => {
  const clock = new EndingClock(NOW_MS);
  const network = {
    send({ signal }: { signal: AbortSignal }): Promise<never> {
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        clock.end();
      });
    },
  };
  const env = { get: () => undefined };
  const { signal } = new AbortController();
  const error = await assertRejects(
    () =>
      acquireManagedIdentityToken({
        identity: { kind: "system" },
        profile: "p",
        tenant: "t",
        network,
        env,
        clock,
        signal,
      }, [
        "resource",
      ]),
    CliError,
  );
  assertEquals([error.code, error.message, clock.deadlines], [
    "network",
    "The managed identity's endpoint returned no token within 30 seconds",
    [30_000],
  ]);
  assertMatch(error.hint ?? "", /--timeout 2m/);
});

Deno.test("managedIdentityNetworkModule() finds Entra's number wherever an endpoint relays it", async () => {
  const words = "AADSTS500011: The resource was not found.";
  const bodies = [
    { error: "invalid_resource", error_description: words },
    { error: { code: "invalid_resource", message: words } },
    { statusCode: 400, message: words },
  ];
  for (const body of bodies) {
    const { network } = machine({ status: 400, body });
    await network.sendGetRequestAsync("http://169.254.169.254/");
    assertEquals(network.refusal?.reported?.aadsts, "AADSTS500011", JSON.stringify(body));
  }
});
