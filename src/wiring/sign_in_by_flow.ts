import type { SignInOptions, TokenClient } from "../entra/token_client.ts";
import type { SignInManner } from "../flows/get_token/token_request.ts";
import type { SignedIn } from "../flows/get_token/token_request.ts";
import type { Progress } from "../flows/progress.ts";
import type { UserFlow } from "../profiles/profile.ts";
import type { System } from "../system/system.ts";

/** One sign-in, as the user wants it. */
export interface SignIn {
  /** Talks to the authority. */
  readonly tokens: TokenClient;
  /** What to ask for. */
  readonly options: SignInOptions;
  /** How the user is asked. */
  readonly manner: SignInManner;
  /** Hears what happens. */
  readonly progress: Progress;
  /** Ends the sign-in. */
  readonly signal: AbortSignal;
}

/** Joins one flow with what it uses, and runs it. */
type RunFlow = (signIn: SignIn, system: System) => Promise<SignedIn>;

/** Each flow by its name. None is loaded where a token is in the cache. */
const FLOWS: Readonly<Record<UserFlow, RunFlow>> = {
  "interactive": interactive,
  "device-code": deviceCode,
  "authorization-code": authorizationCode,
};

/** Signs in by the flow that the user chose. @throws {CliError} What the flow throws. */
export function signInByFlow(flow: UserFlow, signIn: SignIn, system: System): Promise<SignedIn> {
  return FLOWS[flow](signIn, system);
}

async function interactive(signIn: SignIn, system: System): Promise<SignedIn> {
  if (await isHere(signIn, system)) return await inBrowser(signIn, system);
  const { signInWithoutDisplay } = await import("./sign_in_elsewhere.ts");
  return await signInWithoutDisplay(signIn, system);
}

/** The same with a client that proves itself, for which there is no device code. */
async function authorizationCode(signIn: SignIn, system: System): Promise<SignedIn> {
  if (await isHere(signIn, system)) return await inBrowser(signIn, system);
  const { signInByUrl } = await import("./sign_in_elsewhere.ts");
  return await signInByUrl(signIn, system);
}

/** Whether the browser is one on this machine, as far as anybody knows. */
async function isHere({ manner }: SignIn, { os, env }: System): Promise<boolean> {
  const { mayOpenBrowser } = await import("../browser/display.ts");
  return manner.showUrl || mayOpenBrowser(os, env);
}

/** Signs in with a browser on this machine, or by the URL for one. @throws {CliError} What the flow throws. */
export async function inBrowser(
  { tokens, options, manner, progress, signal }: SignIn,
  system: System,
): Promise<SignedIn> {
  const { signInInteractively } = await import("../flows/sign_in/interactive_sign_in.ts");
  const { listenForCallback } = await import("../loopback/callback_server.ts");
  const { openBrowser } = await import("../browser/open_browser.ts");
  const { ports, showUrl, timeoutMs } = manner;
  return await signInInteractively({ ...options, showUrl, timeoutMs }, {
    clock: system.clock,
    tokens,
    progress,
    listen: (expected) => listenForCallback(ports, expected, system.os),
    openBrowser: (url, openSignal) => openBrowser(url, system, openSignal),
  }, signal);
}

async function deviceCode(signIn: SignIn, system: System): Promise<SignedIn> {
  const { signInWithCode } = await import("./sign_in_elsewhere.ts");
  return await signInWithCode(signIn, system);
}
