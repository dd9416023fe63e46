import { join } from "@std/path/join";
import { openProfileStore } from "../../../src/profiles/profile_store.ts";
import { systemFiles } from "../../../src/system/files/deno_files.ts";
import { systemLocks } from "../../../src/system/files/lock.ts";
import { openPrivateFolder } from "../../../src/system/files/private_folder.ts";
import {
  inheritedVariables,
  type ProgramOptions,
  type ProgramResult,
  type RunningProgram,
  startProgram,
} from "./program.ts";
import { ADA } from "../provider/directory.ts";
import { type Provider, type ProviderOptions, startProvider } from "../provider/provider.ts";
import { SecretWatch } from "../secrets/secret_watch.ts";
import { openStartRecord } from "./started_programs.ts";
import { openUrlInbox, type UrlInbox } from "../browser/url_inbox.ts";
import { type CallbackPage, UserAgent, type Visitor } from "../browser/user_agent.ts";

/** An isolated environment for a test: a home folder, a provider, a browser, and the program. */
export interface Sandbox extends AsyncDisposable {
  /** The folder of the program. */
  readonly home: string;
  /** A folder for the files of the test. */
  readonly folder: string;
  /** The variables of the program. */
  readonly env: Readonly<Record<string, string>>;
  readonly provider: Provider;
  readonly browser: UrlInbox;
  /** The browser of the user, which remembers sign-ins. */
  readonly userAgent: UserAgent;
  /**
   * Searches, when the sandbox is disposed, for secrets in everything that the program printed, stored and passed on.
   */
  readonly watch: SecretWatch;
  /** The URL of the module by which the program records the programs that it starts. */
  readonly recorder: string;
  /** Runs the program to its end. */
  run(args: readonly string[], options?: Partial<ProgramOptions>): Promise<ProgramResult>;
  /** Starts the program. */
  start(args: readonly string[], options?: Partial<ProgramOptions>): RunningProgram;
  /** Runs a command that signs in, and signs in in the browser. */
  signIn(
    args: readonly string[],
    visitor?: Visitor,
    options?: Partial<ProgramOptions>,
  ): Promise<ProgramResult & { page: CallbackPage }>;
}

export interface SandboxOptions extends ProviderOptions {
  /** The executable to run. Default: the source. */
  readonly executable?: string;
  /** Whether hundreds of processes will run at once, which would block the databases of Deno for other tests. */
  readonly isCrowded?: boolean;
}

/** Opens a sandbox with the profile `default` for the public application of the provider. */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  await using parts = new AsyncDisposableStack();
  const provider = parts.use(await startProvider(options));
  const browser = parts.use(openUrlInbox());
  const userAgent = parts.use(new UserAgent(provider));
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  parts.defer(() => Deno.remove(folder, { recursive: true }));
  const home = join(folder, "home");
  const watch = new SecretWatch(provider.secrets);
  const record = parts.use(await openStartRecord());
  parts.defer(async () => {
    const { runs, started } = await record.read();
    for (const args of runs) watch.noteArguments(args);
    for (const program of started) watch.noteStarted(program);
    await watch.assertNothingLeaked(home, folder);
  });
  const caFile = join(folder, "ca.pem");
  await Deno.writeTextFile(caFile, provider.caPem);

  const env = {
    ENTRA_AUTH_CLI_HOME: home,
    ENTRA_AUTH_CLI_CA_CERT: caFile,
    BROWSER: browser.browser,
    ...(provider.proxyUrl === null
      ? {}
      : { HTTPS_PROXY: provider.proxyUrl, NO_PROXY: "localhost,127.0.0.1" }),
    // A keychain belongs to the user, not to a folder, so tests must not use it.
    ...(Deno.build.os === "darwin" ? { ENTRA_AUTH_CLI_KEYRING: "file" } : {}),
    ...(options.isCrowded ? { DENO_DIR: await denoFolderApart(folder) } : {}),
  };
  const complete = (given: Partial<ProgramOptions> = {}): ProgramOptions => ({
    hosts: [
      `localhost:${provider.port}`,
      ...options.authorities?.map(({ host }) => `${host}:443`) ?? [],
    ],
    preload: record.recorder,
    ...(options.executable === undefined ? {} : { executable: options.executable }),
    ...given,
    env: { ...env, ...given.env },
  });
  const sandbox: Omit<Sandbox, typeof Symbol.asyncDispose> = {
    home,
    folder,
    env,
    provider,
    browser,
    userAgent,
    watch,
    recorder: record.recorder,
    run: (args, given) => sandbox.start(args, given).ended,
    start(args, given) {
      const all = complete(given);
      watch.noteArguments(args);
      watch.noteVariables(all.env);
      const program = startProgram(args, all);
      program.ended.then((result) => watch.note(args, result));
      return program;
    },
    async signIn(args, visitor = ADA, given = {}) {
      const program = sandbox.start(args, given);
      // If the program ends first, there is no browser to wait for.
      const url = await Promise.race([browser.next(), program.ended]);
      if (typeof url !== "string") throw new Error(`The program did not open the browser:\n${url.stderr}`);
      const page = await userAgent.signIn(url, visitor);
      return { ...await program.ended, page };
    },
  };
  await addDefaultProfile(home, provider);
  const owned = parts.move();
  return { ...sandbox, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Adds the profile as `create-profile` does but without starting the program, since hundreds of tests need it. */
async function addDefaultProfile(path: string, { origin, tenantId, clientId }: Provider): Promise<void> {
  const folder = openPrivateFolder({ path, files: systemFiles, locks: systemLocks, notice: () => {} });
  await openProfileStore({ folder }).add({
    name: "default",
    tenantId,
    clientId,
    authority: origin,
    flow: "interactive",
    scopes: ["User.Read"],
  });
}

/** The variables of a machine without a display. */
export const NO_DISPLAY: Readonly<Record<string, string>> = { BROWSER: "", DISPLAY: "", WAYLAND_DISPLAY: "" };

/** Returns the arguments that create a profile for the public application of the provider. */
export function createProfileArgs(name: string, provider: Provider, ...more: string[]): string[] {
  const { origin, tenantId, clientId } = provider;
  const flags = ["--tenant-id", tenantId, "--client-id", clientId, "--authority", origin];
  return ["create-profile", "--name", name, ...flags, ...more];
}

/** Creates a Deno folder that shares everything but the databases with the usual one. */
async function denoFolderApart(folder: string): Promise<string> {
  const apart = join(folder, "deno");
  await Deno.mkdir(apart);
  const usual = inheritedVariables().DENO_DIR ?? "";
  for await (const { name } of Deno.readDir(usual)) {
    if (!/_cache_v\d+/.test(name)) await Deno.symlink(join(usual, name), join(apart, name));
  }
  return apart;
}
