import { forwardCommand, isOverSsh } from "../browser/ssh_session.ts";
import { signInWithDeviceCode } from "../flows/sign_in/device_code_sign_in.ts";
import type { SignedIn } from "../flows/get_token/token_request.ts";
import { noTerminalError } from "../flows/sign_in/no_terminal_error.ts";
import type { InteractiveSession } from "../flows/sign_in/interactive_session.ts";
import type { System } from "../system/system.ts";
import { inBrowser, type SignIn } from "./sign_in_by_flow.ts";

/** Signs in with a device code, because the user wants that. @throws {CliError} What the flow throws. */
export async function signInWithCode(signIn: SignIn, system: System): Promise<SignedIn> {
  using person = await meet(signIn);
  return await runDeviceCode(signIn, system, person);
}

/**
 * Signs in where no browser can be shown: with a device code, over SSH also in the browser of the computer at the other
 * end.
 *
 * @throws {CliError} `person_needed` where nobody could see the code; what the flow throws.
 */
export async function signInWithoutDisplay(signIn: SignIn, system: System): Promise<SignedIn> {
  if (await system.terminal.screen() === null) throw noTerminalError();
  using person = await meet(signIn);
  person.progress({ kind: "no-display" });
  if (isOverSsh(system.env)) return await runRemotely(signIn, system, person, { withDeviceCode: true });
  return { ...await runDeviceCode(signIn, system, person), flow: "device-code" };
}

/** Signs in where no browser can be shown, and without a device code: by the URL. @throws {CliError} The same. */
export async function signInByUrl(signIn: SignIn, system: System): Promise<SignedIn> {
  if (await system.terminal.screen() === null) throw noTerminalError();
  using person = await meet(signIn);
  if (isOverSsh(system.env)) return await runRemotely(signIn, system, person, { withDeviceCode: false });
  const manner = { ...signIn.manner, showUrl: true };
  return await inBrowser({ ...signIn, manner, progress: person.progress }, system);
}

async function runDeviceCode(
  { tokens, options, manner: { timeoutMs }, signal }: SignIn,
  { clock }: System,
  { progress }: InteractiveSession,
): Promise<SignedIn> {
  return await signInWithDeviceCode({ ...options, timeoutMs }, { clock, tokens, progress }, signal);
}

async function runRemotely(
  { tokens, options, manner: { ports, timeoutMs }, signal }: SignIn,
  { clock, env, os }: System,
  person: InteractiveSession,
  { withDeviceCode }: { withDeviceCode: boolean },
): Promise<SignedIn> {
  const { signInRemotely } = await import("../flows/sign_in/remote_sign_in.ts");
  const { listenForCallback } = await import("../loopback/callback_server.ts");
  const { validatePastedAddress } = await import("../loopback/validate_callback.ts");
  return await signInRemotely({ ...options, timeoutMs, withDeviceCode }, {
    clock,
    tokens,
    person,
    listen: (expected) => listenForCallback(ports, expected, os),
    forwardCommand: (port) => forwardCommand(env, port),
    validateAddress: validatePastedAddress,
  }, signal);
}

async function meet({ manner, progress }: SignIn): Promise<InteractiveSession> {
  return await manner.openInteractiveSession?.() ?? { progress, askForAddress: null, [Symbol.dispose]() {} };
}
