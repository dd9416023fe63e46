import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { abortable } from "@std/async/abortable";
import type { IssuedTokens } from "../../../../src/entra/token_client.ts";
import { CliError } from "../../../../src/errors.ts";
import type { AskForAddress } from "../../../../src/flows/sign_in/interactive_session.ts";
import type { AuthorizationResponse } from "../../../../src/loopback/validate_callback.ts";
import type { ProgressEvent } from "../../../../src/flows/progress.ts";
import { Race, signInRemotely } from "../../../../src/flows/sign_in/remote_sign_in.ts";
import type { SignedIn } from "../../../../src/flows/get_token/token_request.ts";
import type { Callback } from "../../../../src/loopback/callback_server.ts";
import type { PageOutcome } from "../../../../src/loopback/pages.ts";
import { noTraffic } from "../../../../src/loopback/callback_traffic.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { type Clock, systemClock } from "../../../../src/system/clock.ts";
import { CODE } from "../../../support/fixtures/device_code_fixture.ts";

const BY_CODE: AuthorizationResponse = { kind: "code", code: new Secret("the-code") };
const REFUSED: AuthorizationResponse = { kind: "refused", error: "access_denied", description: "no" };

function issued(name: string): IssuedTokens {
  return {
    token: { accessToken: new Secret(name), tokenType: "Bearer", scopes: [], expiresAt: 1, account: null },
    cache: new Secret("cache"),
  };
}

/** The parts around the flow. No way leads anywhere until a test says so, and each notes when it is ended. */
class Stage {
  readonly events: ProgressEvent[] = [];
  readonly ended: string[] = [];
  readonly pages: PageOutcome[] = [];
  readonly device = Promise.withResolvers<IssuedTokens>();
  readonly callback = Promise.withResolvers<Callback>();
  readonly paste = Promise.withResolvers<string>();
  readonly #deadline = new AbortController();
  readonly #interrupt = new AbortController();
  isListening = false;
  canPaste = true;
  withDeviceCode = true;
  /** What the first request for a device code ends with, if it fails. */
  noCode: CliError | null = null;
  forwardCommand: (port: number) => string = (port) => `ssh ${port}`;
  /** Runs when all ways are open. */
  onWaiting: () => void = () => {};

  signIn(): Promise<SignedIn> {
    const clock: Clock = {
      ...systemClock,
      now: () => 1_000_000,
      deadline: () => ({ signal: this.#deadline.signal, [Symbol.dispose]() {} }),
    };
    return signInRemotely(
      { scopes: ["User.Read"], timeoutMs: 300_000, withDeviceCode: this.withDeviceCode },
      {
        clock,
        session: {
          progress: (event) => {
            this.events.push(event);
            if (event.kind === "waiting-for-sign-in") this.onWaiting();
          },
          askForAddress: this.canPaste ? this.#ask : null,
        },
        tokens: {
          signInWithDeviceCode: async (_request, onCode, signal) => {
            if (this.noCode !== null) throw this.noCode;
            onCode(CODE);
            return await this.#until("device", this.device.promise, signal);
          },
          beginSignIn: () =>
            Promise.resolve({
              state: new Secret("s"),
              acceptsIssuer: () => true,
              authorizationUrl: (uri, mode) =>
                Promise.resolve(`https://login.example/?to=${uri}&mode=${mode}`),
              redeem: (code) => Promise.resolve(issued(code.reveal())),
              refusal: () => Promise.resolve(new CliError("access_denied", "refused")),
            }),
        },
        forwardCommand: this.forwardCommand,
        validateAddress: (text, redirectUri, expected) => {
          assertEquals([redirectUri, expected.state.reveal()], ["http://localhost:50000", "s"]);
          return text === "good"
            ? { kind: "accepted", response: BY_CODE }
            : text === "refused"
            ? { kind: "accepted", response: REFUSED }
            : { kind: "rejected", reason: "no" };
        },
        listen: () => {
          this.isListening = true;
          return Promise.resolve({
            port: 50000,
            redirectUri: "http://localhost:50000",
            traffic: noTraffic(),
            describeTraffic: () => "Nothing came.",
            waitForCallback: (signal) => this.#until("callback", this.callback.promise, signal),
            [Symbol.asyncDispose]: () => {
              this.isListening = false;
              return Promise.resolve();
            },
          });
        },
      },
      this.#interrupt.signal,
    );
  }

  #ask: AskForAddress = async (validate, signal) => {
    const verdict = validate(await this.#until("paste", this.paste.promise, signal));
    if (verdict.kind === "rejected") throw new Error("not taken");
    return verdict.response;
  };

  async #until<T>(name: string, way: Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await abortable(way, signal);
    } catch (error) {
      if (signal.aborted) this.ended.push(name);
      throw error;
    }
  }

  comeBack(response: AuthorizationResponse): void {
    this.callback.resolve({ response, showOutcome: (outcome) => this.pages.push(outcome) } as Callback);
  }

  runOutOfTime(): void {
    this.#deadline.abort();
  }

  interrupt(reason: CliError): void {
    this.#interrupt.abort(reason);
  }

  kinds(): string[] {
    return this.events.map(({ kind }) => kind);
  }
}

function nameOf({ token, flow }: SignedIn): [string, string | undefined] {
  return [token.accessToken.reveal(), flow];
}

/** Signs in, `act`ing once all ways are open; the sign-in must fail. */
async function failure(act: (stage: Stage) => void): Promise<{ error: CliError; stage: Stage }> {
  const stage = new Stage();
  stage.onWaiting = () => act(stage);
  const error = await assertRejects(() => stage.signIn(), CliError);
  assertEquals(stage.isListening, false);
  return { error, stage };
}

Deno.test("signInRemotely() shows the device code first, then the other ways with the response in the query", async () => {
  const stage = new Stage();
  stage.onWaiting = () => stage.device.resolve(issued("by device"));
  await stage.signIn();
  assertEquals(stage.events, [
    { kind: "device-code", code: CODE, scopes: ["User.Read"] },
    {
      kind: "other-ways",
      url: "https://login.example/?to=http://localhost:50000&mode=query",
      forwardCommand: "ssh 50000",
      canPaste: true,
    },
    { kind: "waiting-for-sign-in", untilMs: 1_300_000 },
  ]);
});

Deno.test("signInRemotely() accepts the first way to succeed and ends the others", async () => {
  const cases: [(stage: Stage) => void, [string, string | undefined], string[]][] = [
    [({ device }) => device.resolve(issued("by device")), ["by device", "device-code"], [
      "callback",
      "paste",
    ]],
    [(stage) => stage.comeBack(BY_CODE), ["the-code", undefined], ["device", "paste"]],
    [({ paste }) => paste.resolve("good"), ["the-code", undefined], ["callback", "device"]],
  ];
  for (const [act, expected, ended] of cases) {
    const stage = new Stage();
    stage.onWaiting = () => act(stage);
    assertEquals(nameOf(await stage.signIn()), expected);
    assertEquals(stage.ended.toSorted(), ended);
    assertEquals(stage.isListening, false);
  }
});

Deno.test("signInRemotely() throws a refusal from any way", async () => {
  const back = await failure((stage) => stage.comeBack(REFUSED));
  assertEquals([back.error.code, back.stage.pages[0]?.kind], ["access_denied", "refused"]);
  assertEquals((await failure(({ paste }) => paste.resolve("refused"))).error.code, "access_denied");
  for (const code of ["access_denied", "wrong_account", "network"] as const) {
    const { error } = await failure(({ device }) => device.reject(new CliError(code, "no")));
    assertEquals(error.code, code);
  }
});

Deno.test("signInRemotely() keeps the other ways open if a device code is refused or expires", async () => {
  for (const code of ["sign_in_failed", "invalid_response", "timeout"] as const) {
    const error = new CliError(code, "no");
    const refused = new Stage();
    refused.noCode = error;
    refused.onWaiting = () => refused.comeBack(BY_CODE);
    assertEquals(nameOf(await refused.signIn()), ["the-code", undefined], code);
    assertEquals(refused.kinds(), ["device-code-closed", "other-ways", "waiting-for-sign-in"]);

    const later = new Stage();
    later.onWaiting = () => {
      later.device.reject(error);
      setTimeout(() => later.paste.resolve("good"));
    };
    assertEquals(nameOf(await later.signIn()), ["the-code", undefined], code);
    assertEquals(later.events.at(-1), { kind: "device-code-closed", error });
  }
});

Deno.test("signInRemotely() fails before it shows other ways if the authority can't be reached", async () => {
  const stage = new Stage();
  stage.noCode = new CliError("network", "unplugged");
  assertStrictEquals(await assertRejects(() => stage.signIn()), stage.noCode);
  assertEquals([stage.kinds(), stage.isListening], [[], false]);
});

Deno.test("signInRemotely() ends the device code too if the other ways can't be shown", async () => {
  const stage = new Stage();
  const denied = new CliError("permission", "no");
  stage.forwardCommand = () => {
    throw denied;
  };
  assertStrictEquals(await assertRejects(() => stage.signIn()), denied);
  assertEquals([stage.ended, stage.isListening], [["device"], false]);
});

Deno.test("signInRemotely() does not request a device code if that is not one of the ways", async () => {
  const stage = new Stage();
  stage.withDeviceCode = false;
  stage.onWaiting = () => stage.paste.resolve("good");
  assertEquals(nameOf(await stage.signIn()), ["the-code", undefined]);
  assertEquals(stage.kinds(), ["other-ways", "waiting-for-sign-in"]);
});

Deno.test("signInRemotely() does not ask for an address if the user can't type one", async () => {
  const stage = new Stage();
  stage.canPaste = false;
  stage.onWaiting = () => stage.comeBack(BY_CODE);
  await stage.signIn();
  const ways = stage.events.find((event) => event.kind === "other-ways");
  assertEquals(ways?.canPaste, false);
});

Deno.test("signInRemotely() throws a timeout that describes the traffic, or the signal's reason", async () => {
  const late = await failure((stage) => stage.runOutOfTime());
  assertEquals(late.error.message, "Timeout waiting for authentication callback");
  assertEquals(late.stage.ended.toSorted(), ["callback", "device", "paste"]);
  const reason = new CliError("interrupted", "Interrupted");
  assertStrictEquals((await failure((stage) => stage.interrupt(reason))).error, reason);
});

const NEVER = new AbortController().signal;

/** A promise that only the race settles, and that records it. */
async function lasting(race: Race<string>, ended: string[], name: string): Promise<string> {
  try {
    return await abortable(new Promise<never>(() => {}), race.signal);
  } finally {
    ended.push(name);
  }
}

Deno.test("Race returns the first result once all others have settled", async () => {
  const race = new Race<string>(NEVER);
  const ended: string[] = [];
  race.enter(lasting(race, ended, "slow"));
  race.enter(Promise.resolve("fast"));
  race.enter(lasting(race, ended, "slower"));
  assertEquals(await race.run(), "fast");
  assertEquals(ended, ["slow", "slower"]);
});

Deno.test("Race throws the error if the first to settle fails", async () => {
  const race = new Race<string>(NEVER);
  const ended: string[] = [];
  const refused = new Error("refused");
  race.enter(lasting(race, ended, "slow"));
  race.enter(Promise.reject(refused));
  assertStrictEquals(await assertRejects(() => race.run()), refused);
  assertEquals(ended, ["slow"]);
});

Deno.test("Race throws the reason of its signal", async () => {
  const controller = new AbortController();
  const race = new Race<string>(controller.signal);
  const reason = new Error("over");
  race.enter(lasting(race, [], "slow"));
  const running = assertRejects(() => race.run());
  controller.abort(reason);
  assertStrictEquals(await running, reason);
});

Deno.test("Race that never runs leaves nothing behind", async () => {
  const race = new Race<string>(NEVER);
  const ended: string[] = [];
  race.enter(lasting(race, ended, "slow"));
  race.enter(Promise.reject(new Error("nobody hears of it")));
  await new Promise((resolve) => setTimeout(resolve));
  await race.end();
  assertEquals(ended, ["slow"]);
});
