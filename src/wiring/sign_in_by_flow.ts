import type { IssuedTokens, SignInOptions, TokenClient } from "../entra/token_client.ts";
import type { SignInManner } from "../flows/flows.ts";
import type { Progress } from "../flows/progress.ts";
import type { Flow } from "../profiles/profile.ts";
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
type RunFlow = (signIn: SignIn, system: System) => Promise<IssuedTokens>;

/** Each flow by its name. None is loaded where a token is in the cache. */
const FLOWS: Readonly<Record<Flow, RunFlow>> = {
  "interactive": interactive,
  "device-code": deviceCode,
};

/** Signs in by the flow that the user chose. @throws {CliError} What the flow throws. */
export function signInByFlow(flow: Flow, signIn: SignIn, system: System): Promise<IssuedTokens> {
  return FLOWS[flow](signIn, system);
}

async function interactive(
  { tokens, options, manner, progress, signal }: SignIn,
  system: System,
): Promise<IssuedTokens> {
  const { signInInteractively } = await import("../flows/interactive_sign_in.ts");
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

async function deviceCode(
  { tokens, options, manner, progress, signal }: SignIn,
  system: System,
): Promise<IssuedTokens> {
  const { signInWithDeviceCode } = await import("../flows/device_code_sign_in.ts");
  const { timeoutMs } = manner;
  return await signInWithDeviceCode(
    { ...options, timeoutMs },
    { clock: system.clock, tokens, progress },
    signal,
  );
}
