import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { pollForTokens } from "../../../src/entra/device_polling.ts";
import type { MsalResponse } from "../../../src/entra/msal/send_to_authority.ts";
import type { JsonObject } from "../../../src/text/json.ts";
import { FakeClock } from "../../support/machine/fake_clock.ts";
import { NOW_MS } from "../../support/fixtures/entra_fixture.ts";

type Answer = string | CliError | JsonObject;

const NETWORK: CliError = new CliError("network", "reset");
const TOKENS = { access_token: "the-token" };

/** Polls a service that gives these answers, then the last one without end: an error's name, a failure, or a body. */
async function poll(answers: Answer[], { intervalSeconds = 5, expiresInSeconds = 900, onWait = () => {} }: {
  intervalSeconds?: number;
  expiresInSeconds?: number;
  onWait?: (clock: FakeClock) => void;
} = {}): Promise<{ outcome: MsalResponse<JsonObject> | CliError; waits: number[]; polls: number }> {
  const clock = new FakeClock(NOW_MS);
  clock.onWait = () => onWait(clock);
  const left = [...answers];
  let polls = 0;
  const outcome = await pollForTokens({
    intervalSeconds,
    expiresInSeconds,
    clock,
    signal: new AbortController().signal,
    poll: () => {
      polls++;
      const answer = (left.length > 1 ? left.shift() : left[0]) ?? {};
      if (answer instanceof CliError) return Promise.reject(answer);
      const body = typeof answer === "string" ? { error: answer } : answer;
      return Promise.resolve({ status: "error" in body ? 400 : 200, headers: {}, body });
    },
  }).catch((error: CliError) => error);
  return { outcome, waits: clock.waits.map((ms) => ms / 1000), polls };
}

Deno.test("pollForTokens() waits the interval before each poll, the first one too, and gives the answer", async () => {
  const { outcome, waits } = await poll(["authorization_pending", "authorization_pending", TOKENS]);
  assertEquals(waits, [5, 5, 5]);
  assertEquals(outcome, { status: 200, headers: {}, body: TOKENS });
});

Deno.test("pollForTokens() adds five seconds at each slow_down, to this and all later waits", async () => {
  const { waits } = await poll([
    "slow_down",
    "authorization_pending",
    "slow_down",
    "authorization_pending",
    TOKENS,
  ]);
  assertEquals(waits, [5, 10, 10, 15, 15]);
});

Deno.test("pollForTokens() survives a failing network, waits longer each time, and returns to the interval", async () => {
  const answers = [NETWORK, NETWORK, NETWORK, NETWORK, NETWORK, "authorization_pending", TOKENS];
  assertEquals((await poll(answers)).waits, [5, 10, 20, 40, 60, 60, 5]);
  for (const passing of ["temporarily_unavailable", "server_error"]) {
    assertEquals((await poll([passing, passing, TOKENS])).waits, [5, 10, 20], passing);
  }
});

Deno.test("pollForTokens() never waits less than the interval, however long that has become", async () => {
  const { waits } = await poll([...new Array(12).fill("slow_down"), NETWORK, TOKENS]);
  assertEquals(waits.slice(-2), [65, 65]);
});

Deno.test("pollForTokens() ends at the code's expiry, having waited no longer than its life", async () => {
  const pending = await poll(["authorization_pending"], { expiresInSeconds: 12 });
  assertEquals([pending.waits, pending.polls], [[5, 5, 2], 2]);
  const failing = await poll([NETWORK], { expiresInSeconds: 900 });
  assertEquals(failing.waits.reduce((sum, seconds) => sum + seconds), 900);
  for (const { outcome } of [pending, failing]) {
    assertEquals((outcome as CliError).code, "timeout");
    assertEquals((outcome as CliError).message, "The device code expired before the sign-in was finished");
  }
});

Deno.test("pollForTokens() sees by either clock that the code has expired, and polls no more", async () => {
  const slept = await poll(["authorization_pending"], {
    onWait: (clock) => clock.waits.length === 3 && clock.move(3600),
  });
  assertEquals([(slept.outcome as CliError).code, slept.polls], ["timeout", 2]);
  // A wall clock that is set back gives the code no more time.
  const setBack = await poll(["authorization_pending"], {
    onWait: (clock) => clock.move(-60),
    expiresInSeconds: 12,
  });
  assertEquals([(setBack.outcome as CliError).code, setBack.polls], ["timeout", 2]);
});

Deno.test("pollForTokens() tells declining, expiry and any other refusal apart, and ends at once", async () => {
  const declined = await poll(["authorization_pending", "authorization_declined"]);
  assertEquals([(declined.outcome as CliError).code, declined.polls], ["access_denied", 2]);
  const expired = await poll([{ error: "expired_token", correlation_id: "the-id" }]);
  assertEquals([(expired.outcome as CliError).code, expired.polls], ["timeout", 1]);
  assertEquals((expired.outcome as CliError).correlationId, "the-id");
  for (const error of ["access_denied", "invalid_client", "bad_verification_code"]) {
    const { outcome, polls } = await poll([error]);
    assertEquals(
      [outcome, polls],
      [{ status: 400, headers: {}, body: { error } }, 1],
      "judged as any answer is",
    );
  }
});

Deno.test("pollForTokens() survives no failure but the network's", async () => {
  for (const code of ["permission", "invalid_response", "usage"] as const) {
    const failure = new CliError(code, "no");
    assertStrictEquals((await poll(["authorization_pending", failure, TOKENS])).outcome, failure);
  }
});

Deno.test("pollForTokens() ends with the signal's reason, in a wait and in a poll", async () => {
  const interrupted = new CliError("network", "the reason");
  const controller = new AbortController();
  const clock = new FakeClock(NOW_MS);
  clock.onWait = () => controller.abort(interrupted);
  const polling = { intervalSeconds: 5, expiresInSeconds: 900, clock, signal: controller.signal };
  const never = () => Promise.reject(new Error("must not poll"));
  assertStrictEquals(await assertRejects(() => pollForTokens({ ...polling, poll: never })), interrupted);

  const second = new AbortController();
  const poll = () => {
    second.abort(interrupted);
    return Promise.reject(interrupted);
  };
  const inPoll = pollForTokens({ ...polling, clock: new FakeClock(NOW_MS), signal: second.signal, poll });
  assertStrictEquals(await assertRejects(() => inPoll), interrupted);
});
