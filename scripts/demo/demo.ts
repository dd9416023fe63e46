/**
 * Shows a complete sign-in without an account or an app registration: starts a provider that behaves like Entra ID,
 * creates a profile in a temporary folder, and runs the program. Removes everything at the end. With `--keep` the
 * provider runs until Ctrl-C, for a user who tries the program in another terminal.
 */

import { join } from "@std/path/join";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { openChromium } from "../../tests/support/browser/chromium.ts";
import { inheritedVariables, programCommand } from "../../tests/support/program/program.ts";
import { ADA } from "../../tests/support/provider/directory.ts";
import { type Provider, startProvider } from "../../tests/support/provider/provider.ts";
import { openUrlInbox } from "../../tests/support/browser/url_inbox.ts";
import { findChromium } from "../check/find_chromium.ts";
import { keepDemo } from "./keep.ts";
import { hasDisplay } from "../../src/browser/display.ts";
import { systemEnvironment } from "../../src/system/environment.ts";
import { systemOs } from "../../src/system/os.ts";

/** Runs the program and returns its stdout. */
type RunProgram = (...args: string[]) => Promise<string>;

function say(text = ""): void {
  // deno-lint-ignore no-console -- a script's own output
  console.log(text);
}

/** Returns a function that runs the program and prints its stderr as it arrives. */
function programRunner(command: readonly string[], env: Readonly<Record<string, string>>): RunProgram {
  return async (...args) => {
    say(`\n$ entra-auth-cli ${args.join(" ")}`);
    const [executable = "", ...before] = command;
    const child = new Deno.Command(executable, {
      args: [...before, ...args],
      env: { ...env },
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const [{ success }, data] = await Promise.all([
      child.status,
      new Response(child.stdout).text(),
      child.stderr.pipeTo(Deno.stdout.writable, { preventClose: true }),
    ]);
    if (!success) throw new Error(`entra-auth-cli ${args[0]} failed`);
    return data;
  };
}

/** Returns the variables that the user's browser needs. */
function desktopVariables(): Record<string, string> {
  const names = [
    "HOME",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
    "XDG_CURRENT_DESKTOP",
    "XDG_DATA_DIRS",
  ];
  const more = [
    "DBUS_SESSION_BUS_ADDRESS",
    "XAUTHORITY",
    "WSL_DISTRO_NAME",
    "WSL_INTEROP",
    "BROWSER",
    "USERPROFILE",
  ];
  const present = [...names, ...more].map((name) => [name, Deno.env.get(name)]);
  return Object.fromEntries(present.filter(([, value]) => value !== undefined));
}

/** Signs in with the browser of the user, who types the password. */
async function signInOnScreen(provider: Provider, env: Record<string, string>): Promise<RunProgram> {
  say("Your browser opens now. Sign in with");
  say(`  account   ${ADA.username}`);
  say(`  password  ${ADA.password}`);
  say("The browser warns about the certificate of the provider, which is new: continue to localhost.");
  const run = programRunner(programCommand([new URL(provider.origin).host], "any-browser"), {
    ...desktopVariables(),
    ...env,
  });
  await createProfile(run, provider);
  await run("get-token", "--flow", "interactive");
  return run;
}

/** Signs in with headless Chromium, which types the password. */
async function signInWithoutScreen(provider: Provider, env: Record<string, string>): Promise<RunProgram> {
  if (await findChromium() === undefined) {
    throw new Error("no display and no Chromium found. Install Chromium, or set CHROMIUM_BIN to its path.");
  }
  say("No display found: headless Chromium signs in.");
  await using inbox = openUrlInbox();
  await using chromium = await openChromium();
  const run = programRunner(programCommand([new URL(provider.origin).host], "scripted-browser"), {
    ...env,
    BROWSER: inbox.browser,
  });
  await createProfile(run, provider);
  const signedIn = run("get-token", "--flow", "interactive");
  const url = await Promise.race([inbox.next(), signedIn.then(() => null)]);
  if (url !== null) {
    const page = await chromium.signIn(url, ADA);
    await signedIn;
    say(`\nChromium signed in as ${ADA.username} and shows: ${page.title}`);
  }
  return run;
}

async function createProfile(run: RunProgram, { origin, tenantId, clientId }: Provider): Promise<void> {
  const ids = ["--tenant-id", tenantId, "--client-id", clientId];
  await run("create-profile", "--name", "default", ...ids, "--authority", origin);
}

/** Prints the token and its claims. */
function showToken(json: string): void {
  const { access_token: token, ...rest } = JSON.parse(json);
  say(JSON.stringify({ access_token: `${token.slice(0, 20)}...`, ...rest }, null, 2));
  say("\nThe token, decoded:");
  say(JSON.stringify({ header: decodeProtectedHeader(token), claims: decodeJwt(token) }, null, 2));
}

const USAGE =
  `Shows a sign-in with a provider on this machine that behaves like Entra ID. It needs no account.

Usage: sh scripts/dev.sh demo [--keep]

  --keep   keep the provider running until Ctrl-C, and print what to type in another terminal:
           sign in, then use the token with curl and git
  --help   show this help

The demo works in a temporary folder and removes it at the end.`;

/** Starts the provider and shows the sign-in, or keeps the provider for one in another terminal. */
async function demo(isKept: boolean): Promise<void> {
  const interrupted = watchInterrupts();
  await using provider = await startProvider();
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-demo-" });
  try {
    say(`Started a provider that behaves like Entra ID at ${provider.origin}`);
    const isOnScreen = Deno.env.get("BROWSER") !== undefined || hasDisplay(systemOs, systemEnvironment);
    if (isKept) await keepDemo({ provider, folder, isOnScreen, say, interrupted });
    else await showSignIn(provider, folder, isOnScreen);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  say(isKept ? "\nStopped the provider and removed its files." : "\nRemoved the profile and the tokens.");
}

async function showSignIn(provider: Provider, folder: string, isOnScreen: boolean): Promise<void> {
  const caFile = join(folder, "ca.pem");
  await Deno.writeTextFile(caFile, provider.caPem);
  const env = {
    ...inheritedVariables(),
    ENTRA_AUTH_CLI_HOME: join(folder, "home"),
    // The key store of the user would keep the key of the demo.
    ENTRA_AUTH_CLI_KEYRING: "file",
    ENTRA_AUTH_CLI_CA_CERT: caFile,
  };
  const run = isOnScreen ? await signInOnScreen(provider, env) : await signInWithoutScreen(provider, env);
  await provider.stop();
  say(
    "\nStopped the provider. The second run returns the token from the cache, without browser and network:",
  );
  showToken(await run("get-token", "--output", "json"));
}

/** Resolves at Ctrl-C, or when the terminal closes. The process goes on, so that it can remove its files. */
function watchInterrupts(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const signals = Deno.build.os === "windows"
    ? ["SIGINT"] as const
    : ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, resolve);
  return promise;
}

if (import.meta.main) {
  const [flag, ...others] = Deno.args;
  if (flag === "--help" || flag === "-h") {
    say(USAGE);
    Deno.exit(0);
  }
  if (others.length > 0 || flag !== undefined && flag !== "--keep") {
    // deno-lint-ignore no-console -- a script's own output
    console.error(`Invalid argument "${others[0] ?? flag}": expected --keep or --help`);
    Deno.exit(2);
  }
  try {
    await demo(flag === "--keep");
    Deno.exit(0);
  } catch (error) {
    say(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
    Deno.exit(1);
  }
}
