import { openerCommands } from "../../browser/opener.ts";
import { CliError } from "../../errors.ts";
import { type Flow, isApplicationFlow, needsCredential, type Profile } from "../../profiles/profile.ts";
import type { ProfileStore } from "../../profiles/profile_store.ts";
import { decideFlow, resolveAuthority } from "../../profiles/settings.ts";
import type { Environment } from "../../system/environment.ts";
import type { SpecialFile } from "../../system/files/held_files.ts";
import type { Files } from "../../system/files/files.ts";
import type { Os } from "../../system/os.ts";
import { pathRules } from "../../system/path.ts";
import type { WorkerGrants } from "../../system/run_worker.ts";
import { COMPLETE, ownArguments, withoutConfigAlias, withoutJoinedValues } from "../arguments.ts";
import { COMMAND_OPTIONS, type CommandName } from "../options/command_options.ts";
import { withProfileFlag } from "../options/profile_argument.ts";
import { profileName } from "../options/chosen_profile.ts";
import type { Option } from "../options/option_table.ts";
import type { GrantKind } from "./permission_grants.ts";
import {
  CREDENTIALS,
  ENDPOINT_VARIABLES,
  grantsFor,
  type Need,
  needFor,
  needsOf,
} from "./permission_needs.ts";

import denoJson from "../../../deno.json" with { type: "json" };

/** Inputs, besides the arguments, that decide the permissions of a command line. */
export interface GrantContext {
  readonly os: Os;
  readonly env: Environment;
  readonly home: string;
  readonly profiles: Pick<ProfileStore, "find" | "current">;
  readonly files: Pick<Files, "lstat" | "readLink" | "realPath">;
}

/** A command line, as far as its permissions depend on it. */
interface CommandLine {
  readonly command: CommandName | null;
  readonly needs: readonly Need[];
  readonly flags: ReadonlyMap<string, string>;
  /** The words that are neither a flag nor its value, without the command. */
  readonly words: readonly string[];
  /** The words after `--`. */
  readonly literal: readonly string[];
}

/**
 * Returns the permissions that a command line needs: those of the command, and the folder, files, hosts, programs and
 * variables that its flags, the environment and its profile name. What is not plainly right is left out, and the command
 * then reports the mistake.
 */
export async function commandGrants(args: readonly string[], context: GrantContext): Promise<WorkerGrants> {
  const line = parseCommandLine(args);
  // A list of thousands of profiles is read only if one of them decides.
  const isProfileUsed = line.command === "edit-profile" ||
    (["authority", "credentials"] as const).some((need) => line.needs.includes(need));
  const profiles = [isProfileUsed ? await findProfile(line, context) : null];
  const permissions = permissionsOf(line, { profiles, hasClouds: false }, context);
  const grant = granter(permissions);
  if (line.command === "exec") grant("run", line.literal[0]);
  if (line.command === "docker-credential") {
    const host = line.flags.get("host");
    grant("net", host === undefined ? undefined : hostOf(`https://${host}`));
  }
  if (line.command === "serve") grant("net", ...hostsOf(line.flags.get("listen")));
  if (line.command === "install-shims" && line.words[0] !== undefined) {
    grant("read", resolve(context.os, line.words[0]));
    grant("write", resolve(context.os, line.words[0]));
  }
  const named = namedFiles(line);
  for (const { path, access } of named) {
    if (access === "read") grant("read", path);
    else {
      const folders = await foldersOf(path, context);
      grant("read", ...folders);
      grant("write", ...folders);
    }
  }
  const written = named.flatMap(({ path, access }) => access === "write" ? [path] : []);
  return {
    permissions: startable(permissions, context),
    held: await heldFiles(line, { read: permissions.read, written }, context),
    home: line.needs.includes("home") ? attempt(() => context.home) : undefined,
  };
}

/**
 * Returns the permissions of `command` without further arguments under `deno run`: those of {@linkcode commandGrants}, and
 * the programs by which `deno run` replaces what the main thread of an executable does. Without a command they are for
 * all commands, and without a profile then for all profiles and clouds.
 *
 * @param profile The profile to use. Default: the one that the command uses.
 * @param words The arguments of the command, of `request` alone.
 */
export async function denoRunPermissions(
  command: CommandName | undefined,
  profile: string | undefined,
  context: Omit<GrantContext, "files"> & { readonly profiles: Pick<ProfileStore, "find" | "list"> },
  words: readonly string[] = [],
): Promise<Record<GrantKind, string[]>> {
  const flags = new Map(profile === undefined ? [] : [["profile", profile]]);
  const line = { command: command ?? null, needs: needsOf(command) ?? [], flags, words, literal: [] };
  const isForAll = command === undefined && profile === undefined;
  const profiles = isForAll ? await context.profiles.list() : [await findProfile(line, context)];
  return permissionsOf(line, { profiles, hasClouds: isForAll }, context);
}

/** The profiles of a command line, null for one that does not exist, and whether it may use each cloud. */
interface Reach {
  readonly profiles: readonly (Profile | null)[];
  readonly hasClouds: boolean;
}

/** Returns what a command line needs, except for the files and the program that it names. */
function permissionsOf(
  line: CommandLine,
  { profiles, hasClouds }: Reach,
  context: Omit<GrantContext, "files" | "profiles">,
): Record<GrantKind, string[]> {
  const { os, env } = context;
  const uses = (need: Need) => line.needs.includes(need);
  const applications = profiles.filter((profile) => isApplication(flowOf(line, profile)));
  // Without any profile, the environment may describe an application.
  const isForApplication = applications.length > 0 || profiles.length === 0;
  const permissions = grantsFor(
    denoJson.permissions.default,
    line.needs.filter((need) => isForApplication || !uses("credentials") || !CREDENTIALS.includes(need)),
    os,
  );
  const grant = granter(permissions);
  const home = uses("home") ? attempt(() => context.home) : undefined;
  grant("read", home);
  if (uses("write-home")) grant("write", home);
  // The terminal, for messages that the user must see even if stderr is redirected.
  if (uses("controlling-terminal") && os === "windows") grant("write", "CONOUT$");
  const variable = (name: string) => attempt(() => env.get(name));
  grant("env", line.flags.get("assertionEnv"));
  if (uses("authority")) grant("read", variable("ENTRA_AUTH_CLI_CA_CERT"));
  if (isForApplication && uses("credentials")) {
    // A managed identity has no credential.
    const isManaged = (profile: Profile | null) => flowOf(line, profile) === "managed-identity";
    if (profiles.length === 0 || !applications.every(isManaged)) {
      grant("read", variable("AZURE_CLIENT_CERTIFICATE_PATH"), variable("AZURE_FEDERATED_TOKEN_FILE"));
    }
    grant("read", ...applications.map((profile) => profile?.certificate));
    if (applications.some(isManaged)) grant("read", ...arcFiles(os, variable));
    const endpoints = ENDPOINT_VARIABLES.map((name) => hostOf(variable(name)));
    // For Azure Arc, MSAL replaces localhost.
    grant("net", ...endpoints.flatMap((host) => [host, host?.replace(/^localhost:/, "127.0.0.1:")]));
  }
  if (uses("authority")) {
    const { authority: clouds = [], other = [] } = Object.groupBy(
      permissions.net,
      (name) => needFor("net", name) === "authority" ? "authority" : "other",
    );
    permissions.net = hasClouds ? clouds : [];
    for (const profile of profiles) {
      grant("net", hostOf(attempt(() => resolveAuthority(typedAuthority(line), env, profile))));
    }
    permissions.net.push(...other);
  }
  if (line.command === "request") grant("net", hostOf(line.words.at(-1)));
  // Removed from the environment of a command with an endpoint, also for a user.
  if (line.command === "exec") grant("env", "IDENTITY_SERVER_THUMBPRINT");
  if (line.command === "edit-profile") grant("read", ...profiles.map((profile) => profile?.certificate));
  const openers = uses("opener") && uses("sign-in")
    ? attempt(() => openerCommands("https://localhost/", { os, env })) ?? []
    : [];
  grant("run", ...openers.map(({ command }) => command));
  if (uses("doctor")) {
    const az = os === "windows" ? ["az.com", "az.exe", "az.bat", "az.cmd"] : ["az"];
    grant("read", ...placesOf([...openers.map(({ command }) => command), ...az], context));
  }
  return permissions;
}

/** Returns a function that adds names to `permissions`, each once, without those that Deno does not take. */
function granter(permissions: Record<GrantKind, string[]>) {
  return (kind: GrantKind, ...names: readonly (string | undefined)[]): void => {
    for (const name of names) {
      if (name === undefined || !isPlain(kind, name) || permissions[kind].includes(name)) continue;
      permissions[kind].push(name);
    }
  };
}

/** Returns the program of Azure Arc's agent, by which MSAL finds it, and the folder of the keys that answer its challenges. */
function arcFiles(os: Os, variable: (name: string) => string | undefined): string[] {
  if (os === "linux") return ["/opt/azcmagent/bin/himds", "/var/opt/azcmagent/tokens"];
  const [programs, data] = ["ProgramFiles", "ProgramData"].map(variable);
  if (os !== "windows" || programs === undefined || data === undefined) return [];
  const agent = "AzureConnectedMachineAgent";
  return [`${programs}\\${agent}\\himds.exe`, `${data}\\${agent}\\Tokens`];
}

function parseCommandLine(args: readonly string[]): CommandLine {
  const split = withoutJoinedValues(withoutConfigAlias(args[0] === "help" ? args.slice(1) : args));
  const called = ownArguments(split).find((word) => !word.startsWith("-"));
  const command = isCommand(called) ? called : null;
  const typed = withProfileFlag(split, command);
  const own = ownArguments(typed);
  const needs: readonly Need[] = args[0] === COMPLETE
    ? ["home", "terminal"]
    : needsOf(called) ?? ["terminal"];
  const { flags, words } = readFlags(own, command);
  return { command, needs, flags, words, literal: typed.slice(own.length + 1) };
}

/** Reports whether the program has a command of this name. */
export function isCommand(name: string | undefined): name is CommandName {
  return name !== undefined && Object.hasOwn(COMMAND_OPTIONS, name);
}

/** Returns the values of the flags, by the keys of the option table, and the other words. The last value counts. */
function readFlags(
  own: readonly string[],
  command: CommandName | null,
): { flags: Map<string, string>; words: string[] } {
  const flags = new Map<string, string>();
  if (command === null) return { flags, words: [] };
  const options = Object.entries<Option>(COMMAND_OPTIONS[command]);
  const values = new Set<number>();
  for (const [at, word] of own.entries()) {
    const equals = word.indexOf("=");
    const name = equals === -1 ? word : word.slice(0, equals);
    const [key, option] = options.find(([, { flag, short }]) => flag === name || short === name) ?? [];
    if (key === undefined || option?.value === undefined) continue;
    const value = equals === -1 ? own[at + 1] : word.slice(equals + 1);
    if (equals === -1) values.add(at + 1);
    if (value !== undefined) flags.set(key, value);
  }
  const words = own.filter((word, at) => !word.startsWith("-") && !values.has(at)).slice(1);
  return { flags, words };
}

async function findProfile(
  { flags }: CommandLine,
  context: Pick<GrantContext, "env" | "profiles">,
): Promise<Profile | null> {
  try {
    // Opening the profiles fails if the home folder cannot be determined.
    const name = await profileName(flags.get("profile") ?? flags.get("name"), context);
    return await context.profiles.find(name);
  } catch (error) {
    if (error instanceof CliError && error.code !== "permission") return null;
    throw error;
  }
}

/** Returns the flow of a command line, or undefined for an unknown one. */
function flowOf({ flags }: CommandLine, profile: Profile | null): Flow | undefined {
  return attempt(() => decideFlow(flags.get("flow"), profile));
}

function isApplication(flow: Flow | undefined): boolean {
  return flow === undefined || isApplicationFlow(flow) || needsCredential(flow);
}

/** Returns an address with any port, to listen on and to be reached at. */
function hostsOf(address: string | undefined): string[] {
  return address !== undefined && /^\d{1,3}(\.\d{1,3}){3}$/.test(address) ? [address] : [];
}

function typedAuthority({ flags }: CommandLine) {
  return { authority: flags.get("authority"), cloud: flags.get("cloud") };
}

/** Returns the host and port of a URL, or undefined. */
function hostOf(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  if (!["http:", "https:"].includes(protocol) || hostname === "") return undefined;
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
}

/** The flags that name a file to read, in every command that has them. */
const READ_FLAGS = ["certificate", "assertionFile", "caCert", "passphraseFile", "input"];

interface NamedFile {
  readonly path: string;
  readonly access: "read" | "write";
}

/** Returns the files that the flags name, without `-` for a stream. */
function namedFiles({ command, flags }: CommandLine): NamedFile[] {
  const writes = command === "get-token" || command === "export-profile";
  const read = [...READ_FLAGS, ...writes ? [] : ["file"]].map((flag) => ({ flag, access: "read" } as const));
  const [, body] = /^@(.+)$/s.exec(flags.get("body") ?? "") ?? [];
  const written = (command === "export-profile" ? ["file", "output"] : writes ? ["file"] : [])
    .map((flag) => ({ flag, access: "write" } as const));
  return [...read, ...written].flatMap(({ flag, access }) => {
    const path = flags.get(flag);
    return path === undefined || path === "-" || path === "" ? [] : [{ path, access }];
  }).concat(body === undefined ? [] : [{ path: body, access: "read" }]);
}

function resolve(os: Os, ...paths: string[]): string {
  return pathRules(os).resolve(...paths);
}

/** As many links as Linux follows. */
const MAX_LINKS = 40;

/** Returns the folder of `path`, and those of the files that it links to. */
async function foldersOf(path: string, { os, files }: GrantContext): Promise<string[]> {
  const { dirname } = pathRules(os);
  const folders: string[] = [];
  let target = resolve(os, path);
  try {
    for (let links = 0; links <= MAX_LINKS; links++) {
      folders.push(dirname(target));
      if ((await files.lstat(target))?.kind !== "symlink") break;
      const next = await files.readLink(target);
      target = resolve(os, dirname(target), next);
    }
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
  }
  return folders;
}

/** Files of the system that Deno opens only with all permissions. */
function isSpecial(path: string, os: Os): boolean {
  return os !== "windows" && /^\/(?:dev|proc)\//.test(path);
}

async function heldFiles(
  { needs }: CommandLine,
  { read, written }: { readonly read: readonly string[]; readonly written: readonly string[] },
  { os, files }: GrantContext,
): Promise<SpecialFile[]> {
  const held: SpecialFile[] = written.map((path) => ({ path: resolve(os, path), access: "write" } as const))
    .filter(({ path }) => isSpecial(path, os));
  for (const path of new Set(read.map((path) => resolve(os, path)))) {
    if (isSpecial(path, os)) held.push({ path, access: "read" });
    else if (await isPipe(path, files)) held.push({ path, access: "pipe" });
  }
  if (os !== "windows" && needs.includes("controlling-terminal")) {
    held.push({ path: "/dev/tty", access: "write" });
  }
  if (os === "linux" && needs.includes("sign-in")) {
    held.push({ path: "/proc/net/tcp", access: "read" }, { path: "/proc/net/tcp6", access: "read" });
  }
  return held;
}

/**
 * Reports whether `path` is a pipe. With permission for some files only, Deno waits for the other end of a pipe in the
 * thread of the program, which then neither ends in time nor by a signal.
 */
async function isPipe(path: string, files: GrantContext["files"]): Promise<boolean> {
  try {
    return (await files.lstat(await files.realPath(path) ?? path))?.kind === "other";
  } catch {
    return false;
  }
}

/** Returns where `programs` may be found. */
function placesOf(programs: readonly string[], { os, env }: Pick<GrantContext, "os" | "env">): string[] {
  const path = attempt(() => env.get("PATH")) ?? "";
  const folders = path.split(os === "windows" ? ";" : ":").filter((folder) => folder !== "");
  return programs.flatMap((program) =>
    /[/\\]/.test(program) ? [program] : folders.map((folder) => pathRules(os).join(folder, program))
  );
}

/**
 * Leaves out what an executable does not need: the programs that write to the terminal and read the socket tables, which
 * the main thread does; and without `PATH` the programs that would be looked up in it, which Deno refuses to list.
 */
function startable(permissions: Record<GrantKind, string[]>, { os, env }: GrantContext) {
  const hasPath = os === "windows" || attempt(() => env.get("PATH")) !== undefined;
  const run = permissions.run.filter((program) =>
    !["tee", "cat"].includes(program) && (hasPath || program.includes("/"))
  );
  return { ...permissions, run };
}

/** Returns whether Deno takes `name` in a list of permissions, and as what it is. */
function isPlain(kind: GrantKind, name: string): boolean {
  if (name === "" || name.includes("\0")) return false;
  if (kind === "env") return !name.includes("=");
  return kind !== "net" || /^(?:[\w.-]+|\[[\da-f:.]+\]):\d+$/i.test(name) || /^[\d.]+$/.test(name);
}

/** Returns undefined for what is reported when the command runs. @throws {CliError} `permission` */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof CliError && error.code !== "permission") return undefined;
    throw error;
  }
}
