import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path/join";
import { grantFlags, type GrantKind } from "../../../src/cli/permissions/permission_grants.ts";
import { enterDeviceCode } from "../browser/enter_device_code.ts";
import type { ProgramResult, RunningProgram } from "./program.ts";
import { ADA } from "../provider/directory.ts";
import type { Sandbox } from "./sandbox.ts";

/** A way to use a command. */
export interface Use {
  readonly args: readonly string[];
  readonly stdin?: string;
  /** How the user signs in. */
  readonly signsIn?: "at the URL that is shown" | "with the code that is shown";
  /** A program that the user runs with it, which is not in the documented list. */
  readonly runs?: string;
  /** Paths in the flags of the user, which are not in the documented list: files to read, and folders to write to. */
  readonly opens?: { readonly read?: readonly string[]; readonly write?: readonly string[] };
  /** Variables in addition to those of the sandbox. */
  readonly env?: Readonly<Record<string, string>>;
  /** The exit code with all permissions. Default: 0. */
  readonly code?: number;
  /** The flags without which the command continues, doing what it can and naming the flag. */
  readonly continuesWithout?: RegExp;
  /** The flags among them that it does not name. */
  readonly silentWithout?: RegExp;
}

/** A token is returned even if it cannot be saved. */
export const SAVING = /^--allow-write=/;

/** The documented permissions of a command, as `permissions` prints them. */
export type Permissions = Record<GrantKind, string[]>;

/** A permission that Deno checked, with its variable, address or path. */
export interface Asked {
  readonly kind: string;
  readonly value: string;
}

/** A documented permission. */
export interface Documented {
  readonly kind: GrantKind;
  readonly name: string;
}

/** Variables of a machine without a display. */
const NO_SCREEN = { BROWSER: "", DISPLAY: "", WAYLAND_DISPLAY: "" };

/** Runs commands of a sandbox with exactly the given permissions. */
export class PermissionMatrix {
  #homes = 0;

  constructor(readonly sandbox: Sandbox) {}

  /** Returns what `permissions` prints for a command, a profile and these variables. */
  async documented(command: string, profile = "default", env: Use["env"] = {}): Promise<Permissions> {
    const args = ["permissions", command, "--profile", profile, "--output", "json"];
    const { code, stdout, stderr } = await this.sandbox.run(args, { env: { ...NO_SCREEN, ...env } });
    assertEquals(code, 0, stderr);
    return JSON.parse(stdout).permissions;
  }

  /**
   * Checks that a command works with its documented permissions, uses no others, and, without each one that it uses,
   * exits with 8 and names it. Returns the used permissions. `isWithheld` selects the permissions to withhold.
   */
  async examine(
    use: Use,
    documented: Permissions,
    isWithheld: (one: Documented) => boolean = () => true,
  ): Promise<Asked[]> {
    const { read = [], write = [] } = use.opens ?? {};
    const needed = {
      ...documented,
      read: [...documented.read, ...read],
      write: [...documented.write, ...write],
    };
    const all = listed(needed);
    const whole = await this.#use(use, needed);
    assertEquals(whole.code, use.code ?? 0, whole.stderr);
    assertEquals(whole.asked.filter((asked) => !all.some((one) => covers(one, asked))), []);
    const used = all.filter((one) => whole.asked.some((asked) => covers(one, asked)));
    for (const one of used.filter(isWithheld)) {
      // Without `localhost`, `localhost:443` must go too.
      const asked = whole.asked.filter((asked) => covers(one, asked));
      const rest = without(needed, all.filter((other) => asked.some((each) => covers(other, each))));
      const { code, stdout, stderr } = await this.#use(use, rest);
      const flag = `--allow-${one.kind}=${one.name}`;
      const said = `without ${flag}: ${stderr}${stdout}`;
      if (use.continuesWithout?.test(flag)) assert([0, 1, 8, use.code].includes(code), said);
      else assertEquals([code, stdout], [8, ""], said);
      if (!use.silentWithout?.test(flag)) assert(isNamed(one, stderr + stdout), said);
      assertEquals(/^\s+at |NotCapable|Uncaught/m.exec(stderr), null, said);
    }
    return whole.asked;
  }

  /**
   * Runs a command with exactly these permissions on a copy of the folder. `asked` contains what Deno checked, with
   * the original path of the folder.
   */
  async #use(use: Use, permissions: Permissions): Promise<ProgramResult & { readonly asked: Asked[] }> {
    const { sandbox } = this;
    const home = join(sandbox.folder, `home-${this.#homes++}`);
    const log = `${home}.jsonl`;
    await copyFolder(sandbox.home, home);
    const moved = (paths: string[]) => paths.map((path) => path === sandbox.home ? home : path);
    const flags = grantFlags({
      ...permissions,
      read: moved(permissions.read),
      write: moved(permissions.write),
      run: [...permissions.run, ...(use.runs === undefined ? [] : [use.runs])],
    });
    const program = sandbox.start(use.args, {
      env: { ...NO_SCREEN, ...use.env, ENTRA_AUTH_CLI_HOME: home, DENO_AUDIT_PERMISSIONS: log },
      permissions: ["--quiet", "--no-prompt", ...flags],
      withoutTerminal: true,
      ...(use.stdin === undefined ? {} : { stdin: use.stdin }),
    });
    await this.#signIn(use, program);
    const { code, stdout, stderr } = await program.ended;
    const movedBack = (text: string) =>
      text.replaceAll(home, sandbox.home).replaceAll("$ENTRA_AUTH_CLI_HOME", sandbox.home);
    return {
      code,
      stdout: movedBack(stdout),
      stderr: movedBack(stderr),
      asked: parseLog(movedBack(await Deno.readTextFile(log).catch(() => ""))),
    };
  }

  /** Signs in as the user, unless the program ends first. */
  async #signIn({ signsIn }: Use, program: RunningProgram): Promise<void> {
    if (signsIn === undefined) return;
    const { userAgent } = this.sandbox;
    try {
      if (signsIn === "at the URL that is shown") {
        const [, url = ""] = await program.stderrMatch(/^ *(https:\S+)$/m);
        await userAgent.signIn(url, ADA);
      } else {
        await enterDeviceCode(this.sandbox, (pattern) => program.stderrMatch(pattern));
      }
    } catch (error) {
      const { code, stderr } = await program.ended;
      if (code === 0) throw new Error(`Nobody could sign in:\n${stderr}`, { cause: error });
    }
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { mode: 0o700 });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

/** Deno logs an `import` for every module of the program that comes from JSR, which no command needs. */
function parseLog(text: string): Asked[] {
  const entries = text.split("\n").filter(Boolean).map((line) => {
    const { permission, value } = JSON.parse(line);
    return { kind: permission, value };
  });
  return entries.filter(({ kind }) => kind !== "import");
}

/** Lists all documented permissions. */
export function listed(permissions: Permissions): Documented[] {
  const kinds = Object.keys(permissions) as GrantKind[];
  return kinds.flatMap((kind) => permissions[kind].map((name) => ({ kind, name })));
}

/** Returns the permissions without some. */
function without(permissions: Permissions, some: readonly Documented[]): Permissions {
  const rest = { ...permissions };
  for (const { kind, name } of some) rest[kind] = rest[kind].filter((other) => other !== name);
  return rest;
}

/** Returns whether a documented permission grants the checked one. */
export function covers({ kind, name }: Documented, asked: Asked): boolean {
  if (kind !== asked.kind) return false;
  switch (kind) {
    case "read":
    case "write":
      return asked.value === name || asked.value.startsWith(`${name}/`);
    case "net":
      // An address, or the URL of a request.
      return asked.value.replace(/^https?:\/\//, "").replace(/\/.*$/, "") === name ||
        asked.value.startsWith(`${name}:`);
    default:
      return asked.value === name;
  }
}

/** Returns whether a text contains a Deno flag that grants the permission; for an address, the needed part. */
function isNamed({ kind, name }: Documented, text: string): boolean {
  const flags = text.matchAll(new RegExp(`--allow-${kind}=([^\\s"]+)`, "g"));
  const granted = [...flags].flatMap(([, values = ""]) => values.split(","));
  return granted.some((value) => value === name || kind === "net" && covers({ kind, name }, { kind, value }));
}
