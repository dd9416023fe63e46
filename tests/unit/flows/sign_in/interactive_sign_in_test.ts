import { assertEquals, assertRejects, assertStrictEquals, assertStringIncludes } from "@std/assert";
import type { BrowserOpening } from "../../../../src/browser/open_browser.ts";
import type { AuthorizationTransaction, IssuedTokens } from "../../../../src/entra/token_client.ts";
import { CliError } from "../../../../src/errors.ts";
import { signInInteractively, timeoutError } from "../../../../src/flows/sign_in/interactive_sign_in.ts";
import type { ProgressEvent } from "../../../../src/flows/progress.ts";
import type { Callback } from "../../../../src/loopback/callback_server.ts";
import type { PageOutcome } from "../../../../src/loopback/pages.ts";
import type { AuthorizationResponse } from "../../../../src/loopback/validate_callback.ts";
import { noTraffic } from "../../../../src/loopback/callback_traffic.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { type Clock, systemClock } from "../../../../src/system/clock.ts";

const URL_TO_OPEN = "https://login.example/authorize?state=s";
const ISSUED: IssuedTokens = {
  token: {
    accessToken: new Secret("token"),
    tokenType: "Bearer",
    scopes: [],
    expiresAt: 1,
    account: { homeAccountId: "h", username: "ada@contoso.example", objectId: "o", tenantId: "t" },
  },
  cache: new Secret("cache"),
};

/** The parts around the flow: what is waited for ends only when a test says so. */
class Stage {
  readonly events: ProgressEvent[] = [];
  readonly pages: PageOutcome[] = [];
  readonly redeemed: string[] = [];
  /** How long the person was given, in milliseconds. */
  readonly deadlines: number[] = [];
  readonly #deadline = new AbortController();
  readonly #interrupt = new AbortController();
  readonly #callback = Promise.withResolvers<Callback>();
  isListening = false;
  opening: Promise<BrowserOpening> = Promise.resolve({ kind: "opened", lateFailure: Promise.resolve(null) });
  redeem: () => Promise<IssuedTokens> = () => Promise.resolve(ISSUED);
  /** Runs with each event: a test's cue. */
  on: (event: ProgressEvent) => void = () => {};

  comeBack(response: AuthorizationResponse): void {
    this.#callback.resolve({ response, showOutcome: (outcome) => this.pages.push(outcome) } as Callback);
  }

  runOutOfTime(): void {
    this.#deadline.abort();
  }

  interrupt(reason: CliError): void {
    this.#interrupt.abort(reason);
  }

  signIn(showUrl = false): Promise<IssuedTokens> {
    const clock: Clock = {
      ...systemClock,
      now: () => 0,
      deadline: (ms) => {
        this.deadlines.push(ms);
        return { signal: this.#deadline.signal, [Symbol.dispose]() {} };
      },
    };
    const transaction: AuthorizationTransaction = {
      state: new Secret("s"),
      acceptsIssuer: () => true,
      authorizationUrl: (redirectUri) => {
        assertEquals(redirectUri, "http://localhost:50000");
        return Promise.resolve(URL_TO_OPEN);
      },
      redeem: (code) => {
        this.redeemed.push(code.reveal());
        return this.redeem();
      },
      refusal: ({ error, description }) =>
        Promise.resolve(
          new CliError("access_denied", `${error}: ${description}`, { aadsts: undefined, hint: "h" }),
        ),
    };
    return signInInteractively({ transaction, showUrl, timeoutMs: 1000 }, {
      clock,
      progress: (event) => {
        this.events.push(event);
        this.on(event);
      },
      openBrowser: (url) => {
        assertEquals(url, URL_TO_OPEN);
        assertEquals(this.isListening, true, "the server listens before the browser opens");
        return this.opening;
      },
      listen: (expected) => {
        assertEquals(expected.state.reveal(), "s");
        this.isListening = true;
        return Promise.resolve({
          port: 50000,
          redirectUri: "http://localhost:50000",
          traffic: noTraffic(),
          describeTraffic: () => "Nothing came.",
          waitForCallback: (signal) => this.#wait(signal),
          [Symbol.asyncDispose]: () => {
            this.isListening = false;
            return Promise.resolve();
          },
        });
      },
    }, this.#interrupt.signal);
  }

  async #wait(signal: AbortSignal): Promise<Callback> {
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => aborted.reject(signal.reason));
    return await Promise.race([this.#callback.promise, aborted.promise]);
  }

  kinds(): string[] {
    return this.events.map(({ kind }) => kind);
  }
}

function code(): AuthorizationResponse {
  return { kind: "code", code: new Secret("the-code") };
}

Deno.test("signInInteractively() listens, opens the browser, waits, redeems once, and frees the port", async () => {
  const stage = new Stage();
  stage.on = ({ kind }) => kind === "waiting-for-sign-in" && stage.comeBack(code());
  assertStrictEquals(await stage.signIn(), ISSUED);
  assertEquals(stage.kinds(), ["opening-browser", "browser-opened", "waiting-for-sign-in"]);
  assertEquals(stage.redeemed, ["the-code"]);
  assertEquals(stage.pages, [{ kind: "signed-in", username: "ada@contoso.example" }]);
  assertEquals(stage.isListening, false);
});

Deno.test("signInInteractively() shows the URL instead if the request says so", async () => {
  const stage = new Stage();
  stage.opening = Promise.reject(new Error("must not open"));
  stage.opening.catch(() => {});
  stage.on = ({ kind }) => kind === "waiting-for-sign-in" && stage.comeBack(code());
  await stage.signIn(true);
  const [shown, waiting] = stage.events;
  assertEquals(shown, { kind: "url-to-open", url: URL_TO_OPEN });
  assertEquals(waiting, { kind: "waiting-for-sign-in", untilMs: 1000 });
});

Deno.test("signInInteractively() waits on if no browser opens, and reports why", async () => {
  const stage = new Stage();
  stage.opening = Promise.resolve({ kind: "failed", reason: "xdg-open was not found" });
  stage.on = ({ kind }) => kind === "waiting-for-sign-in" && stage.comeBack(code());
  await stage.signIn();
  assertEquals(stage.events[1], {
    kind: "browser-failed",
    reason: "xdg-open was not found",
    hint: null,
    url: URL_TO_OPEN,
  });
  assertEquals(stage.kinds(), ["opening-browser", "browser-failed", "waiting-for-sign-in"]);
});

Deno.test("signInInteractively() shows the URL if the browser fails later", async () => {
  const stage = new Stage();
  const lateFailure = Promise.resolve("firefox exited with code 1");
  stage.opening = Promise.resolve({ kind: "opened", lateFailure });
  stage.on = ({ kind }) => kind === "browser-failed" && stage.comeBack(code());
  await stage.signIn();
  assertEquals(stage.kinds().filter((kind) => kind === "browser-failed").length, 1);
});

Deno.test("signInInteractively() accepts a redirect as proof that a browser opened", async () => {
  const stage = new Stage();
  stage.opening = new Promise(() => {});
  stage.on = ({ kind }) => kind === "opening-browser" && stage.comeBack(code());
  assertStrictEquals(await stage.signIn(), ISSUED);
  assertEquals(stage.kinds()[1], "browser-opened");
});

Deno.test("signInInteractively() throws a refusal, shows it on the page, and redeems nothing", async () => {
  const stage = new Stage();
  const response = { kind: "refused", error: "access_denied", description: "AADSTS65004" } as const;
  stage.on = ({ kind }) => kind === "waiting-for-sign-in" && stage.comeBack(response);
  const error = await assertRejects(() => stage.signIn(), CliError, "access_denied: AADSTS65004");
  assertEquals(error.code, "access_denied");
  assertEquals(stage.pages, [{
    kind: "refused",
    message: "access_denied: AADSTS65004",
    aadsts: undefined,
    hint: "h",
  }]);
  assertEquals([stage.redeemed, stage.isListening], [[], false]);
});

Deno.test("signInInteractively() shows a failed redemption on the page", async () => {
  for (
    const [thrown, message] of [
      [new CliError("network", "unplugged"), "unplugged"],
      [new TypeError("canary"), "The sign-in could not be finished"],
    ] as const
  ) {
    const stage = new Stage();
    stage.redeem = () => Promise.reject(thrown);
    stage.on = ({ kind }) => kind === "waiting-for-sign-in" && stage.comeBack(code());
    assertStrictEquals(await assertRejects(() => stage.signIn()), thrown);
    assertEquals(stage.pages, [{ kind: "failed", message, aadsts: undefined, hint: undefined }]);
    assertEquals(stage.isListening, false);
  }
});

Deno.test("signInInteractively() throws the timeout and frees the port", async () => {
  const stage = new Stage();
  stage.on = ({ kind }) => kind === "waiting-for-sign-in" && stage.runOutOfTime();
  const error = await assertRejects(
    () => stage.signIn(),
    CliError,
    "Timeout waiting for authentication callback",
  );
  assertEquals([error.code, stage.isListening], ["timeout", false]);
  assertEquals(stage.deadlines, [1000], "the person is given what was asked for");
});

Deno.test("signInInteractively() times out also while an opener hangs", async () => {
  const stage = new Stage();
  stage.opening = new Promise(() => {});
  stage.on = ({ kind }) => kind === "opening-browser" && queueMicrotask(() => stage.runOutOfTime());
  const error = await assertRejects(() => stage.signIn(), CliError);
  assertEquals([error.code, stage.isListening], ["timeout", false]);
});

Deno.test("signInInteractively() throws the reason of the signal, even if it timed out too", async () => {
  const stage = new Stage();
  const reason = new CliError("interrupted", "Interrupted");
  stage.on = ({ kind }) => {
    if (kind !== "waiting-for-sign-in") return;
    stage.interrupt(reason);
    stage.runOutOfTime();
  };
  assertStrictEquals(await assertRejects(() => stage.signIn()), reason);
  assertEquals(stage.isListening, false);
});

const SERVER = { port: 50000, describeTraffic: () => "Three requests came." };

Deno.test("timeoutError() has the specification's message", () => {
  const error = timeoutError(SERVER);
  assertEquals([error.code, error.message, error.exitCode], [
    "timeout",
    "Timeout waiting for authentication callback",
    5,
  ]);
});

Deno.test("timeoutError() describes the traffic, the port, and the specification's next steps", () => {
  const { hint = "" } = timeoutError(SERVER);
  const ways = ["http://localhost", "firewall", "browser", "--port 8080", "--timeout", "explain AADSTS50011"];
  for (const words of ["Three requests came.", "port 50000", ...ways]) assertStringIncludes(hint, words);
});
