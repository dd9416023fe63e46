import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { abortable } from "@std/async/abortable";
import type { IssuedTokens, TokenClient } from "../../../../src/entra/token_client.ts";
import { CliError } from "../../../../src/errors.ts";
import type { SignInManner } from "../../../../src/flows/get_token/token_request.ts";
import type { ProgressEvent } from "../../../../src/flows/progress.ts";
import type { InteractiveSession } from "../../../../src/flows/sign_in/interactive_session.ts";
import { signInByFlow } from "../../../../src/flows/sign_in/sign_in_by_flow.ts";
import type { CallbackServer } from "../../../../src/loopback/callback_server.ts";
import { noTraffic } from "../../../../src/loopback/callback_traffic.ts";
import type { Flow } from "../../../../src/profiles/profile.ts";
import { systemClock } from "../../../../src/system/clock.ts";
import type { Screen } from "../../../../src/system/terminal/terminal.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { CODE } from "../../../support/fixtures/device_code_fixture.ts";

const DISPLAY = { DISPLAY: ":0" };
const SSH = { SSH_CONNECTION: "192.0.2.1 50000 192.0.2.2 22", USER: "ada" };

function issued(name: string): IssuedTokens {
  return {
    token: { accessToken: new Secret(name), tokenType: "Bearer", scopes: [], expiresAt: 1, account: null },
    cache: new Secret("cache"),
  };
}

/** A machine on which a browser and a device code succeed at once. */
class Machine {
  variables: Record<string, string> = {};
  hasScreen = true;
  /** Whether the user enters the device code. */
  entersCode = true;
  readonly events: string[] = [];
  readonly opened: string[] = [];
  sessions = 0;

  async signIn(flow: Flow, manner: Partial<SignInManner> = {}): Promise<[string, Flow | undefined]> {
    const { signal } = new AbortController();
    const signedIn = await signInByFlow(
      {
        flow,
        options: { scopes: ["User.Read"] },
        manner: { ports: { kind: "random" }, showUrl: false, timeoutMs: 60_000, ...manner },
      },
      {
        os: "linux",
        env: { get: (name) => this.variables[name] },
        clock: systemClock,
        terminal: { screen: () => Promise.resolve<Screen | null>(this.hasScreen ? { show() {} } : null) },
        tokens: this.#tokens(),
        progress: ({ kind }) => void this.events.push(kind),
        listen: () => Promise.resolve(this.#server()),
        openBrowser: (url) => {
          this.opened.push(url);
          return Promise.resolve({ kind: "opened", lateFailure: Promise.resolve(null) });
        },
      },
      signal,
    );
    return [signedIn.token.accessToken.reveal(), signedIn.flow];
  }

  /** Opens a session whose events are told from others. */
  readonly openInteractiveSession = (): Promise<InteractiveSession> => {
    this.sessions++;
    return Promise.resolve({
      progress: ({ kind }: ProgressEvent) => void this.events.push(`session: ${kind}`),
      askForAddress: null,
      [Symbol.dispose]: () => void this.sessions--,
    });
  };

  #tokens(): TokenClient {
    return {
      signInWithDeviceCode: async (_options, onCode, signal) => {
        onCode(CODE);
        if (!this.entersCode) await abortable(new Promise(() => {}), signal);
        return issued("by device code");
      },
      beginSignIn: () =>
        Promise.resolve({
          state: new Secret("s"),
          acceptsIssuer: () => true,
          authorizationUrl: (_uri, mode = "form_post") => Promise.resolve(`https://login.example/${mode}`),
          redeem: () => Promise.resolve(issued("by browser")),
          refusal: () => Promise.resolve(new CliError("access_denied", "refused")),
        }),
      refresh: () => Promise.reject(new Error("not used here")),
    };
  }

  #server(): CallbackServer {
    return {
      port: 50000,
      redirectUri: "http://localhost:50000",
      traffic: noTraffic(),
      describeTraffic: () => "",
      waitForCallback: () =>
        Promise.resolve({ response: { kind: "code", code: new Secret("c") }, showOutcome: () => {} }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
}

function machine(variables: Record<string, string> = {}): Machine {
  const here = new Machine();
  here.variables = variables;
  return here;
}

Deno.test("signInByFlow() opens a browser if there is a display, or BROWSER names one", async () => {
  for (const variables of [DISPLAY, { BROWSER: "firefox" }]) {
    for (const flow of ["interactive", "authorization-code"] as const) {
      const here = machine(variables);
      assertEquals(await here.signIn(flow), ["by browser", undefined]);
      assertEquals(here.opened, ["https://login.example/form_post"]);
    }
  }
});

Deno.test("signInByFlow() shows the URL without a display if the user wants to open it", async () => {
  const here = machine();
  here.hasScreen = false;
  assertEquals(await here.signIn("interactive", { showUrl: true }), ["by browser", undefined]);
  assertEquals([here.opened, here.events], [[], ["url-to-open", "waiting-for-sign-in"]]);
});

Deno.test("signInByFlow() falls back on a device code without a display, and says so", async () => {
  const here = machine();
  const { openInteractiveSession } = here;
  assertEquals(await here.signIn("interactive", { openInteractiveSession }), [
    "by device code",
    "device-code",
  ]);
  assertEquals(here.events, ["session: no-display", "session: device-code", "session: waiting-for-sign-in"]);
  assertEquals([here.opened, here.sessions], [[], 0]);
});

Deno.test("signInByFlow() offers the browser of the other computer over SSH, beside a device code", async () => {
  const here = machine(SSH);
  here.entersCode = false;
  assertEquals(await here.signIn("interactive"), ["by browser", undefined]);
  assertEquals(here.events, ["no-display", "device-code", "other-ways", "waiting-for-sign-in"]);
});

Deno.test("signInByFlow() never uses a device code for a confidential client", async () => {
  const overSsh = machine(SSH);
  assertEquals(await overSsh.signIn("authorization-code"), ["by browser", undefined]);
  assertEquals(overSsh.events, ["other-ways", "waiting-for-sign-in"]);
  const here = machine();
  assertEquals(await here.signIn("authorization-code"), ["by browser", undefined]);
  assertEquals([here.opened, here.events], [[], ["url-to-open", "waiting-for-sign-in"]]);
});

Deno.test("signInByFlow() fails without a display and a terminal instead of waiting", async () => {
  for (const flow of ["interactive", "authorization-code"] as const) {
    const here = machine(SSH);
    here.hasScreen = false;
    const error = await assertRejects(() => here.signIn(flow), CliError);
    assertEquals([error.code, here.events], ["person_needed", []]);
    assertStringIncludes(error.hint ?? "", "--flow device-code");
  }
});

Deno.test("signInByFlow() uses a device code on request, with a display and without a terminal", async () => {
  const here = machine(DISPLAY);
  here.hasScreen = false;
  assertEquals(await here.signIn("device-code"), ["by device code", undefined]);
  assertEquals(here.events, ["device-code", "waiting-for-sign-in"]);
});

Deno.test("signInByFlow() signs no user in with a flow of an application", async () => {
  for (const flow of ["client-credentials", "managed-identity"] as const) {
    await assertRejects(() => machine(DISPLAY).signIn(flow), Error, flow);
  }
});
