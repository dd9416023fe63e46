import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { entraAuthority } from "../../../src/entra/authority.ts";
import { pollForTokens, validateDeviceAuthorization } from "../../../src/entra/device_authorization.ts";
import type { MsalResponse } from "../../../src/entra/msal/send_to_authority.ts";
import type { JsonObject } from "../../../src/text/json.ts";
import { BASE, goodDeviceCode, HOST, NOW_MS, TENANT_ID } from "../../support/fixtures/entra_fixture.ts";
import { FakeClock } from "../../support/machine/fake_clock.ts";

const AUTHORITY = entraAuthority(BASE, TENANT_ID);

function validate(changes: Record<string, unknown> = {}) {
  return validateDeviceAuthorization({ ...goodDeviceCode(), ...changes }, AUTHORITY);
}

function refusal(changes: Record<string, unknown>): string {
  const error = assertThrows(() => validate(changes), CliError);
  assertEquals(error.code, "invalid_response");
  return error.message;
}

Deno.test("validateDeviceAuthorization() accepts Entra's response", () => {
  assertEquals(validate(), {
    userCode: "ABCD-EFGH",
    verificationUri: "https://microsoft.com/devicelogin",
    verificationUriComplete: null,
    intervalSeconds: 5,
    expiresInSeconds: 900,
  });
});

Deno.test("validateDeviceAuthorization() accepts Microsoft's sign-in pages and the authority's own", () => {
  for (
    const uri of [
      "https://microsoft.com/devicelogin",
      "https://www.microsoft.com/link",
      "https://login.microsoft.com/device",
      "https://login.microsoftonline.com/common/oauth2/deviceauth",
      "https://login.microsoftonline.us/common/oauth2/deviceauth",
      "https://login.partner.microsoftonline.cn/common/oauth2/deviceauth",
      "https://login.microsoftonline.cn/device",
      `${BASE}/device`,
    ]
  ) {
    assertEquals(validate({ verification_uri: uri }).verificationUri, uri);
    const draft = { verification_uri: undefined, verification_url: uri };
    assertEquals(validate(draft).verificationUri, uri, "the name of the drafts of RFC 8628");
  }
});

Deno.test("validateDeviceAuthorization() rejects any other page for the code", () => {
  for (
    const uri of [
      "http://microsoft.com/devicelogin",
      "https://microsoft.com.evil.example/devicelogin",
      "https://evil.example/devicelogin",
      "https://microsoft.com@evil.example/devicelogin",
      "https://ada@microsoft.com/devicelogin",
      "https://:pass@microsoft.com/devicelogin",
      "https://microsoft.com:8443/devicelogin",
      "https://miсrosoft.com/devicelogin", // with a Cyrillic с
      "https://login.example/device",
      `https://evil.example/#@${HOST}`,
      "javascript:alert(1)",
      "microsoft.com/devicelogin",
      "",
      7,
      undefined,
      ["https://microsoft.com/devicelogin"],
    ]
  ) assertStringIncludes(refusal({ verification_uri: uri }), "verification_uri is not https on", String(uri));
});

Deno.test("validateDeviceAuthorization() returns a normalized address without hidden characters", () => {
  const shown =
    validate({ verification_uri: "https://microsoft.com/device\x1b[2J\nlogin\u202e" }).verificationUri;
  assertEquals(shown, "https://microsoft.com/device%1B[2Jlogin%E2%80%AE");
});

Deno.test("validateDeviceAuthorization() returns the complete address only if it can be trusted", () => {
  const complete = (uri: unknown) => validate({ verification_uri_complete: uri }).verificationUriComplete;
  assertEquals(complete(`${BASE}/device?user_code=ABCD`), `${BASE}/device?user_code=ABCD`);
  assertEquals(complete("https://evil.example/device?user_code=ABCD"), null);
  assertEquals(complete(7), null);
});

Deno.test("validateDeviceAuthorization() rejects a response without a code and cleans the code", () => {
  for (const value of [undefined, "", 7, null, {}, "\x1b\x07 "]) {
    assertStringIncludes(refusal({ user_code: value }), "user_code is not a code");
  }
  for (const value of [undefined, "", 7]) {
    assertStringIncludes(refusal({ device_code: value }), "device_code");
  }
  assertEquals(validate({ user_code: "AB\x1b[31mCD\nRun: rm" }).userCode, "AB [31mCD Run: rm");
  assertEquals(validate({ user_code: "A".repeat(1000) }).userCode.length, 64);
});

Deno.test("validateDeviceAuthorization() clamps the interval to between 1 and 60 seconds, with 5 as default", () => {
  const cases: [unknown, number][] = [
    [undefined, 5],
    [0, 5],
    [-5, 5],
    [NaN, 5],
    ["abc", 5],
    [null, 5],
    [0.01, 1],
    [1, 1],
    ["7", 7],
    [7, 7],
    [1e9, 60],
    [Infinity, 60],
  ];
  for (const [interval, expected] of cases) {
    assertEquals(validate({ interval }).intervalSeconds, expected, String(interval));
  }
});

Deno.test("validateDeviceAuthorization() limits the lifetime of a code to 15 minutes, also if the response names none", () => {
  const cases: [unknown, number][] = [[undefined, 900], ["2", 2], [2, 2], [1e18, 900], [0, 900], [-1, 900], [
    {},
    900,
  ]];
  for (const [life, expected] of cases) {
    assertEquals(validate({ expires_in: life }).expiresInSeconds, expected, String(life));
  }
});

type Answer = string | CliError | JsonObject;

const NETWORK: CliError = new CliError("network", "reset");
const TOKENS = { access_token: "the-token" };

/** Polls a service that sends these responses and then repeats the last one: an error's name, a failure or a body. */
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

Deno.test("pollForTokens() waits the interval before each poll, including the first, and returns the response", async () => {
  const { outcome, waits } = await poll(["authorization_pending", "authorization_pending", TOKENS]);
  assertEquals(waits, [5, 5, 5]);
  assertEquals(outcome, { status: 200, headers: {}, body: TOKENS });
});

Deno.test("pollForTokens() adds five seconds to this and all later waits after each slow_down", async () => {
  const { waits } = await poll([
    "slow_down",
    "authorization_pending",
    "slow_down",
    "authorization_pending",
    TOKENS,
  ]);
  assertEquals(waits, [5, 10, 10, 15, 15]);
});

Deno.test("pollForTokens() retries after network failures with longer waits and returns to the interval", async () => {
  const answers = [NETWORK, NETWORK, NETWORK, NETWORK, NETWORK, "authorization_pending", TOKENS];
  assertEquals((await poll(answers)).waits, [5, 10, 20, 40, 60, 60, 5]);
  for (const passing of ["temporarily_unavailable", "server_error"]) {
    assertEquals((await poll([passing, passing, TOKENS])).waits, [5, 10, 20], passing);
  }
});

Deno.test("pollForTokens() never waits less than the interval", async () => {
  const { waits } = await poll([...new Array(12).fill("slow_down"), NETWORK, TOKENS]);
  assertEquals(waits.slice(-2), [65, 65]);
});

Deno.test("pollForTokens() ends when the code expires and waits no longer than its lifetime", async () => {
  const pending = await poll(["authorization_pending"], { expiresInSeconds: 12 });
  assertEquals([pending.waits, pending.polls], [[5, 5, 2], 2]);
  const failing = await poll([NETWORK], { expiresInSeconds: 900 });
  assertEquals(failing.waits.reduce((sum, seconds) => sum + seconds), 900);
  for (const { outcome } of [pending, failing]) {
    assertEquals((outcome as CliError).code, "timeout");
    assertMatch((outcome as CliError).message, /^The device code expired before the sign-in was completed/);
  }
});

Deno.test("pollForTokens() names the failure if no poll succeeded until the code expired", async () => {
  const unavailable = new CliError("network", "login.example is unavailable (status 503)", {
    aadsts: "AADSTS90033",
  });
  const { outcome } = await poll([unavailable], { expiresInSeconds: 60 });
  const { code, message, aadsts } = outcome as CliError;
  assertEquals([code, aadsts], ["timeout", "AADSTS90033"]);
  assertMatch(message, /no request for the token succeeded: login\.example is unavailable \(status 503\)$/);
  const later = await poll(["authorization_pending", unavailable], { expiresInSeconds: 60 });
  assertEquals(
    (later.outcome as CliError).message,
    "The device code expired before the sign-in was completed",
  );
});

Deno.test("pollForTokens() notices by either clock that the code has expired and stops polling", async () => {
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

Deno.test("pollForTokens() distinguishes declined, expired and other refusals and ends at once", async () => {
  const declined = await poll(["authorization_pending", "authorization_declined"]);
  assertEquals([(declined.outcome as CliError).code, declined.polls], ["access_denied", 2]);
  const ofFirstVersion = await poll(["code_expired"]);
  assertEquals([(ofFirstVersion.outcome as CliError).exitCode, ofFirstVersion.polls], [5, 1]);
  const expired = await poll([{ error: "expired_token", correlation_id: "the-id" }]);
  assertEquals([(expired.outcome as CliError).code, expired.polls], ["timeout", 1]);
  assertEquals((expired.outcome as CliError).correlationId, "the-id");
  for (const error of ["access_denied", "invalid_client", "bad_verification_code"]) {
    const { outcome, polls } = await poll([error]);
    assertEquals(
      [outcome, polls],
      [{ status: 400, headers: {}, body: { error } }, 1],
      "validated like any response",
    );
  }
});

Deno.test("pollForTokens() retries only after network failures", async () => {
  for (const code of ["permission", "invalid_response", "usage"] as const) {
    const failure = new CliError(code, "no");
    assertStrictEquals((await poll(["authorization_pending", failure, TOKENS])).outcome, failure);
  }
});

Deno.test("pollForTokens() ends with the signal's reason during a wait and during a poll", async () => {
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
