import { assert, assertEquals, assertRejects, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import type { HttpRequest, HttpResponse, RetryPolicy } from "../../../../src/system/network/network.ts";
import { NetworkError } from "../../../../src/system/network/network_error.ts";
import { retryingNetwork } from "../../../../src/system/network/retrying_network.ts";
import type { ThrottleState } from "../../../../src/system/network/throttle_state.ts";
import { FakeClock } from "../../../support/machine/fake_clock.ts";

const START_MS = Date.UTC(2025, 11, 28, 12, 0, 0);
const LOST = new NetworkError("lost", { isTransient: true, mayHaveArrived: true });
const REFUSED = new NetworkError("refused", { isTransient: true, mayHaveArrived: false });
const UNTRUSTED = new NetworkError("untrusted", { isTransient: false, mayHaveArrived: false });

function answer(status: number, headers: Record<string, string> = {}): HttpResponse {
  return { status, headers, body: new Uint8Array() };
}

/** A retrying network whose server gives one response after another, and repeats the last. */
class TestHarness {
  readonly clock = new FakeClock(START_MS);
  readonly sent: HttpRequest[] = [];
  readonly pauses: [host: string, ms: number][] = [];
  readonly remembered: [host: string, untilMs: number][] = [];
  /** The end of a pause that another process stored. */
  known: number | null = null;
  /** The time of each response. */
  answersAfterMs = 0;

  constructor(private readonly answers: readonly (HttpResponse | Error)[], private readonly random = 1) {}

  send(changes: Partial<HttpRequest> = {}): Promise<HttpResponse> {
    const throttle: ThrottleState = {
      until: () => Promise.resolve(this.known),
      remember: (host, untilMs) => Promise.resolve(void this.remembered.push([host, untilMs])),
    };
    const network = retryingNetwork({
      clock: this.clock,
      throttle,
      random: () => this.random,
      onPause: (host, ms) => void this.pauses.push([host, ms]),
      network: {
        send: async (request) => {
          const next = this.answers[Math.min(this.sent.length, this.answers.length - 1)];
          this.sent.push(request);
          await this.clock.wait(this.answersAfterMs, request.signal);
          this.clock.waits.pop();
          if (next instanceof Error || next === undefined) throw next;
          return next;
        },
      },
    });
    const { signal } = new AbortController();
    return network.send({
      url: "https://login.example/token",
      method: "POST",
      headers: {},
      timeoutMs: 30_000,
      maxBytes: 1000,
      signal,
      ...changes,
    });
  }
}

/** The number of attempts by outcome and retry policy. */
const RETRIES: readonly (readonly [string, HttpResponse | Error, Record<RetryPolicy, number>])[] = [
  ["a lost response", LOST, { always: 3, unprocessed: 1, never: 1 }],
  ["a refused connection", REFUSED, { always: 3, unprocessed: 3, never: 1 }],
  ["an untrusted certificate", UNTRUSTED, { always: 1, unprocessed: 1, never: 1 }],
  ["a missing permission", new CliError("permission", "no"), { always: 1, unprocessed: 1, never: 1 }],
  ["a programming error", new TypeError("fault"), { always: 1, unprocessed: 1, never: 1 }],
  ["status 500", answer(500), { always: 3, unprocessed: 3, never: 1 }],
  ["status 503", answer(503), { always: 3, unprocessed: 3, never: 1 }],
  ["status 429", answer(429), { always: 3, unprocessed: 3, never: 1 }],
  ["status 200", answer(200), { always: 1, unprocessed: 1, never: 1 }],
  ["status 400", answer(400), { always: 1, unprocessed: 1, never: 1 }],
  ["status 302", answer(302), { always: 1, unprocessed: 1, never: 1 }],
];

for (const [what, outcome, times] of RETRIES) {
  Deno.test(`retryingNetwork() retries by policy after ${what}`, async () => {
    for (const retry of ["always", "unprocessed", "never"] as const) {
      const harness = new TestHarness([outcome]);
      const result = await harness.send({ retry }).catch((error: unknown) => error);
      assertStrictEquals(result, outcome, "the last outcome is returned");
      assertEquals(harness.sent.length, times[retry], retry);
    }
  });
}

Deno.test("retryingNetwork() does not retry by default", async () => {
  for (const outcome of [REFUSED, answer(503, { "retry-after": "1" })]) {
    const harness = new TestHarness([outcome, answer(200)]);
    await harness.send().catch(() => {});
    assertEquals([harness.sent.length, harness.clock.waits], [1, []]);
  }
});

Deno.test("retryingNetwork() doubles the wait and applies jitter", async () => {
  for (const [random, waits] of [[1, [500, 1000]], [0, [250, 500]]] as const) {
    const harness = new TestHarness([REFUSED, answer(502), answer(200)], random);
    assertEquals((await harness.send({ retry: "unprocessed" })).status, 200);
    assertEquals(harness.clock.waits, [...waits]);
    assertEquals(harness.pauses, [], "too short to report");
  }
});

Deno.test("retryingNetwork() has one time limit for all attempts and waits", async () => {
  const harness = new TestHarness([LOST]);
  harness.answersAfterMs = 4000;
  await assertRejects(() => harness.send({ retry: "always", timeoutMs: 10_000 }));
  assertEquals(harness.sent.map(({ timeoutMs }) => timeoutMs), [10_000, 5500]);
  const hurried = new TestHarness([REFUSED]);
  await assertRejects(() => hurried.send({ retry: "always", timeoutMs: 1400 }));
  assertEquals([hurried.sent.length, hurried.clock.waits], [1, []], "no time is left for another answer");
});

Deno.test("retryingNetwork() limits each attempt to 30 seconds", async () => {
  const harness = new TestHarness([answer(200)]);
  await harness.send({ timeoutMs: 120_000, retry: "always" });
  assertEquals(harness.sent[0]?.timeoutMs, 30_000);
});

Deno.test("retryingNetwork() waits as long as a 429 or 503 requires, reports and stores it", async () => {
  for (const status of [429, 503]) {
    const harness = new TestHarness([answer(status, { "retry-after": "20" }), answer(200)]);
    assertEquals((await harness.send({ retry: "unprocessed" })).status, 200);
    assertEquals(harness.clock.waits, [20_000]);
    assertEquals(harness.pauses, [["login.example", 20_000]]);
    assertEquals(harness.remembered, [["login.example", START_MS + 20_000]]);
  }
});

Deno.test("retryingNetwork() does not wait beyond the time limit but stores the pause", async () => {
  const harness = new TestHarness([answer(429, { "retry-after": "30" }), answer(200)]);
  const response = await harness.send({ retry: "always" });
  assertEquals([response.status, harness.sent.length, harness.clock.waits], [429, 1, []]);
  assertEquals(harness.remembered, [["login.example", START_MS + 30_000]]);
  const longer = new TestHarness([answer(429, { "retry-after": "30" }), answer(200)]);
  assertEquals((await longer.send({ retry: "always", timeoutMs: 60_000 })).status, 200);
});

Deno.test("retryingNetwork() stores the pause even if the request is not retried", async () => {
  const harness = new TestHarness([answer(429, { "retry-after": "5" })]);
  assertEquals((await harness.send({ retry: "never" })).status, 429);
  assertEquals([harness.sent.length, harness.remembered.length], [1, 1]);
});

Deno.test("retryingNetwork() obeys Retry-After only with 429 and 503", async () => {
  for (const status of [200, 301, 400, 500]) {
    const harness = new TestHarness([answer(status, { "retry-after": "5" })]);
    await harness.send({ retry: "always" });
    assertEquals(harness.remembered, [], String(status));
    assert(!harness.clock.waits.includes(5000));
  }
});

Deno.test("retryingNetwork() stores a pause of a minute after the last attempt if a host fails without naming one", async () => {
  for (const status of [429, 500, 503]) {
    const harness = new TestHarness([answer(status)]);
    const until = START_MS + 1500 + 60_000;
    await harness.send({ retry: "unprocessed", backsOff: true });
    assertEquals([harness.sent.length, harness.remembered], [3, [["login.example", until]]], String(status));
    await harness.send({ retry: "never" });
    assertEquals(harness.remembered.length, 1, "a request of a user stores none");
  }
  const harness = new TestHarness([answer(503), answer(400)]);
  await harness.send({ retry: "unprocessed", backsOff: true });
  assertEquals(harness.remembered, [], "an attempt that succeeds ends the matter");
});

Deno.test("retryingNetwork() delays a request during a pause stored by another process", async () => {
  const harness = new TestHarness([answer(200)]);
  harness.known = START_MS + 12_000;
  assertEquals((await harness.send({ retry: "unprocessed", obeysThrottle: true })).status, 200);
  assertEquals([harness.clock.waits, harness.pauses], [[12_000], [["login.example", 12_000]]]);
  harness.known = START_MS;
  await harness.send({ retry: "unprocessed", obeysThrottle: true });
  assertEquals(harness.clock.waits.length, 1, "a pause that has ended delays nothing");
});

Deno.test("retryingNetwork() fails during a pause that exceeds the time limit and names its end", async () => {
  for (const changes of [{ retry: "unprocessed", timeoutMs: 12_500 }, { retry: "never" }] as const) {
    const harness = new TestHarness([answer(200)]);
    harness.known = START_MS + 12_000;
    const error = await assertRejects(() => harness.send({ obeysThrottle: true, ...changes }), CliError);
    assertEquals([error.code, harness.sent.length, harness.clock.waits], ["network", 0, []]);
    assertStringIncludes(error.message, "login.example is throttling requests");
    assertStringIncludes(error.hint ?? "", "Try again in 12 seconds");
  }
});

Deno.test("retryingNetwork() sends an interactive request despite a pause", async () => {
  const harness = new TestHarness([answer(200)]);
  harness.known = START_MS + 500_000;
  assertEquals((await harness.send({ retry: "always" })).status, 200);
  assertEquals(harness.clock.waits, []);
});

Deno.test("retryingNetwork() cancels a wait with the reason of the signal", async () => {
  const reason = new CliError("interrupted", "Interrupted");
  const interrupt = new AbortController();
  const harness = new TestHarness([REFUSED]);
  harness.clock.onWait = () => interrupt.abort(reason);
  const sent = harness.send({ retry: "always", signal: interrupt.signal });
  assertStrictEquals(await assertRejects(() => sent), reason);
});
