import { basename } from "@std/path/basename";
import { join } from "@std/path/join";
import { toFileUrl } from "@std/path/to-file-url";
import { openProfileStore } from "../../../src/profiles/profile_store.ts";
import { Secret } from "../../../src/text/secret.ts";
import { openTokenStore } from "../../../src/store/token_store.ts";
import type { Session } from "../../../src/store/session.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { systemFiles } from "../../../src/system/files/deno_files.ts";
import { systemLocks } from "../../../src/system/files/lock.ts";
import { systemOs } from "../../../src/system/os.ts";
import { openPrivateFolder } from "../../../src/system/files/private_folder.ts";

/** A function in a module: where its text begins and ends, in characters, and whether it was called. */
export interface FunctionRange {
  /** Offset of its first character. */
  readonly start: number;
  /** Offset after its last. */
  readonly end: number;
  /** Whether it was. */
  readonly isCalled: boolean;
}

/** What Deno writes of a module for `--coverage`. */
interface Coverage {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly {
      readonly startOffset: number;
      readonly endOffset: number;
      readonly count: number;
    }[];
  }[];
}

/** Has the main thread find the token, as in an executable, and the program end without `Deno.exit()`, which ends coverage. */
const AS_EXECUTABLE = `
Object.defineProperty(Deno, "build", { value: { ...Deno.build, standalone: true } });
Deno.exit = () => {};
`;

const CLIENT_ID = "00000000-0000-4000-8000-000000000001";
const GET_TOKEN = ["get-token", "--quiet", "--output", "token"];
const AS_APPLICATION = ["--flow", "client-credentials", "--scope", "https://graph.microsoft.com/.default"];

/**
 * The functions of each module in `folder`, by the module's name, and whether those calls need them that find a token in
 * the cache, a person's and an application's. Throws an `Error` where such a call fails.
 */
export async function calledFunctions(
  folder: string,
  main: string,
): Promise<ReadonlyMap<string, readonly FunctionRange[]>> {
  const work = await Deno.makeTempDir({ prefix: "entra-auth-cli-called-" });
  try {
    const home = join(work, "home");
    await keepTokens(home);
    const coverage = join(work, "coverage");
    const asExecutable = join(work, "as_executable.js");
    await Deno.writeTextFile(asExecutable, AS_EXECUTABLE);
    const flags = [`--coverage=${coverage}`, `--preload=${asExecutable}`, main];
    for (const args of [GET_TOKEN, [...GET_TOKEN, ...AS_APPLICATION]]) await run([...flags, ...args], home);
    const called = await readCoverage(coverage, toFileUrl(`${folder}/`).href);
    if (!called.has(basename(main))) throw new Error(`Deno tells nothing about ${main}`);
    return called;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Makes a store in `home` as a sign-in leaves it, with tokens of no worth. */
async function keepTokens(home: string): Promise<void> {
  const notice = () => {};
  const folder = openPrivateFolder({ path: home, files: systemFiles, locks: systemLocks, notice });
  const tenantId = "contoso.onmicrosoft.com";
  const profiles = openProfileStore({ folder });
  await profiles.add({
    name: "default",
    tenantId,
    clientId: CLIENT_ID,
    flow: "interactive",
    scopes: [],
    authority: "https://login.microsoftonline.com",
  });
  const store = openTokenStore({
    folder,
    env: { get: (name) => name === "ENTRA_AUTH_CLI_KEYRING" ? "file" : undefined },
    os: systemOs,
    processes: { run: () => Promise.resolve({ kind: "not-found" }) },
    dataProtection: () => {
      throw new Error("The key is in a file");
    },
    clock: systemClock,
    notice,
  });
  const { identity } = await profiles.lookUp("default");
  await store.save({ ...sessionFor(tenantId, "User.Read"), identity });
  await store.save({
    ...sessionFor(tenantId, "https://graph.microsoft.com/.default"),
    identity,
    owner: "application",
  });
}

function sessionFor(tenant: string, scope: string): Omit<Session, "identity"> {
  const now = Math.floor(Date.now() / 1000);
  return {
    profile: "default",
    authority: "https://login.microsoftonline.com",
    tenant,
    clientId: CLIENT_ID,
    account: null,
    tokens: [{
      accessToken: new Secret("token"),
      tokenType: "Bearer",
      scopes: [scope],
      requestedScopes: [scope],
      expiresAt: now + 3600,
      obtainedAt: now,
      account: null,
    }],
    msalCache: new Secret("{}"),
  };
}

async function run(args: readonly string[], home: string): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", "--no-lock", "--allow-all", ...args],
    env: { ...systemVariables(), ENTRA_AUTH_CLI_HOME: home },
    clearEnv: true,
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  const [printed, said] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  if (!success || printed !== "token") throw new Error(`Cannot call the bundled program: ${said}`);
}

/** What Deno needs to start on Windows, and to find its own files. */
function systemVariables(): Record<string, string> {
  const names = ["SystemRoot", "DENO_DIR", "HOME", "USERPROFILE", "LOCALAPPDATA"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** What the runs called, of the modules whose addresses begin with `base`. */
async function readCoverage(
  folder: string,
  base: string,
): Promise<ReadonlyMap<string, readonly FunctionRange[]>> {
  const modules = new Map<string, Map<string, FunctionRange>>();
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".json")) continue;
    const { url, functions }: Coverage = JSON.parse(await Deno.readTextFile(join(folder, name)));
    if (!url.startsWith(base)) continue;
    const module = url.slice(base.length);
    const known = modules.get(module) ?? new Map<string, FunctionRange>();
    modules.set(module, known);
    for (const { ranges: [whole] } of functions) {
      if (whole === undefined) continue;
      const { startOffset: start, endOffset: end, count } = whole;
      const key = `${start}-${end}`;
      known.set(key, { start, end, isCalled: count > 0 || (known.get(key)?.isCalled ?? false) });
    }
  }
  return new Map([...modules].map(([name, ranges]) => [name, [...ranges.values()]]));
}
