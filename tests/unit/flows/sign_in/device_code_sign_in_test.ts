import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { abortable } from "@std/async/abortable";
import type { IssuedTokens, TokenClient } from "../../../../src/entra/token_client.ts";
import { CliError } from "../../../../src/errors.ts";
import { signInWithDeviceCode } from "../../../../src/flows/sign_in/device_code_sign_in.ts";
import type { ProgressEvent } from "../../../../src/flows/progress.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { type Clock, systemClock } from "../../../../src/system/clock.ts";
import { CODE } from "../../../support/fixtures/device_code_fixture.ts";

const ISSUED: IssuedTokens = {
  token: { accessToken: new Secret("token"), tokenType: "Bearer", scopes: [], expiresAt: 1, account: null },
  cache: new Secret("cache"),
};

/** The parts around the flow. The person takes for ever unless a test says otherwise. */
class Stage {
  readonly events: ProgressEvent[] = [];
  readonly #deadline = new AbortController();
  readonly #interrupt = new AbortController();
  person: (signal: AbortSignal) => Promise<IssuedTokens> = (signal) =>
    abortable(new Promise<never>(() => {}), signal);

  signIn(timeoutMs = 300_000): Promise<IssuedTokens> {
    const clock: Clock = {
      ...systemClock,
      now: () => 1_000_000,
      deadline: () => ({ signal: this.#deadline.signal, [Symbol.dispose]() {} }),
    };
    const tokens: Pick<TokenClient, "signInWithDeviceCode"> = {
      signInWithDeviceCode: (_request, onCode, signal) => {
        onCode(CODE);
        return this.person(signal);
      },
    };
    const progress = (event: ProgressEvent) => void this.events.push(event);
    return signInWithDeviceCode(
      { scopes: ["User.Read"], timeoutMs },
      { clock, tokens, progress },
      this.#interrupt.signal,
    );
  }

  runOutOfTime(): void {
    this.#deadline.abort();
  }

  interrupt(reason: CliError): void {
    this.#interrupt.abort(reason);
  }
}

Deno.test("signInWithDeviceCode() reports the code, then the wait and its end", async () => {
  for (const [timeoutMs, leftMs] of [[300_000, 300_000], [3_600_000, 900_000]]) {
    const stage = new Stage();
    stage.person = () => Promise.resolve(ISSUED);
    assertStrictEquals(await stage.signIn(timeoutMs), ISSUED);
    assertEquals(stage.events, [
      { kind: "device-code", code: CODE, scopes: ["User.Read"] },
      { kind: "waiting-for-sign-in", untilMs: 1_000_000 + (leftMs ?? 0) },
    ]);
  }
});

Deno.test("signInWithDeviceCode() times out if the user takes too long", async () => {
  const stage = new Stage();
  const failing = assertRejects(() => stage.signIn(), CliError);
  stage.runOutOfTime();
  const error = await failing;
  assertEquals([error.code, error.message], ["timeout", "Timeout waiting for the code to be entered"]);
});

Deno.test("signInWithDeviceCode() throws the error of the sign-in, even if the time is over", async () => {
  const stage = new Stage();
  const declined = new CliError("access_denied", "declined");
  stage.person = () => {
    stage.runOutOfTime();
    return Promise.reject(declined);
  };
  assertStrictEquals(await assertRejects(() => stage.signIn()), declined);
});

Deno.test("signInWithDeviceCode() throws the reason of its signal", async () => {
  const stage = new Stage();
  const failing = assertRejects(() => stage.signIn(), CliError);
  const reason = new CliError("interrupted", "Interrupted");
  stage.interrupt(reason);
  assertStrictEquals(await failing, reason);

  const other = new Stage();
  other.person = () => {
    other.interrupt(reason);
    return Promise.reject(new CliError("network", "what broke off"));
  };
  assertStrictEquals(await assertRejects(() => other.signIn()), reason);
});

Deno.test("signInWithDeviceCode() suggests the browser only if the sign-in was refused", async () => {
  const hintAfter = async (error: CliError) => {
    const stage = new Stage();
    stage.person = () => Promise.reject(error);
    return (await assertRejects(() => stage.signIn(), CliError)).hint;
  };
  const way = "If the tenant forbids device codes, sign in with a browser: --flow interactive.";
  assertEquals(await hintAfter(new CliError("sign_in_failed", "no", { hint: "Ask." })), `${way}\nAsk.`);
  assertEquals(await hintAfter(new CliError("sign_in_failed", "no")), way);
  for (const code of ["access_denied", "timeout", "network", "wrong_account"] as const) {
    assertEquals(await hintAfter(new CliError(code, "no")), undefined, code);
  }
});
