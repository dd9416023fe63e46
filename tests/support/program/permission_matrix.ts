import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path/join";
import { grantFlags, type GrantKind } from "../../../src/cli/permissions/permission_grants.ts";
import { enterDeviceCode } from "../browser/enter_device_code.ts";
import type { ProgramResult, RunningProgram } from "./program.ts";
import { ADA } from "../provider/directory.ts";
import type { Sandbox } from "./sandbox.ts";

/** One way to use a command. */
export interface Use {
  readonly args: readonly string[];
  readonly stdin?: string;
  /** How somebody signs in. */
  readonly signsIn?: "at the URL that is shown" | "with the code that is shown";
  /** A program that the user has it run, which no list of the program's can hold. */
  readonly runs?: string;
  /** What flags of the user's name, which no list holds either: files to read, folders to write a file in. */
  readonly opens?: { readonly read?: readonly string[]; readonly write?: readonly string[] };
  /** Variables besides those of the sandbox. */
  readonly env?: Readonly<Record<string, string>>;
  /** How it ends with all that it needs; 0 by default. */
  readonly code?: number;
  /** The flags whose lack it doesn't end for: it does what it can, and names the flag. */
  readonly goesOnWithout?: RegExp;
  /** Those of them that it doesn't name. */
  readonly silentWithout?: RegExp;
}

/** A token that somebody waits for is given, though it can't be saved. */
export const SAVING = /^--allow-write=/;

/** What a command is documented to need, as `permissions` says it. */
export type Permissions = Record<GrantKind, string[]>;

/** A permission that Deno was asked for: its kind, and the variable, the address, the path. */
export interface Asked {
  readonly kind: string;
  readonly value: string;
}

/** A documented permission. */
export interface Documented {
  readonly kind: GrantKind;
  readonly name: string;
}

/** Nobody has a screen here. */
const NO_SCREEN = { BROWSER: "", DISPLAY: "", WAYLAND_DISPLAY: "" };

/** Uses commands of a sandbox with nothing but the permissions that they are given. */
export class PermissionMatrix {
  #homes = 0;

  constructor(readonly sandbox: Sandbox) {}

  /** What `permissions` says of a command for one profile, where these variables are set. */
  async documented(command: string, profile = "default", env: Use["env"] = {}): Promise<Permissions> {
    const args = ["permissions", command, "--profile", profile, "--output", "json"];
    const { code, stdout, stderr } = await this.sandbox.run(args, { env });
    assertEquals(code, 0, stderr);
    return JSON.parse(stdout).permissions;
  }

  /**
   * Sees that a command does with what is documented, asks for nothing else, and, without each single permission that it
   * asks for, ends in exit code 8 and names it. Gives what it asked for. `isWithheld` leaves permissions out of that.
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
      // With `localhost` there is `localhost:443` too.
      const asked = whole.asked.filter((asked) => covers(one, asked));
      const rest = without(needed, all.filter((other) => asked.some((each) => covers(other, each))));
      const { code, stdout, stderr } = await this.#use(use, rest);
      const flag = `--allow-${one.kind}=${one.name}`;
      const said = `without ${flag}: ${stderr}${stdout}`;
      if (use.goesOnWithout?.test(flag)) assert([0, 1, 8, use.code].includes(code), said);
      else assertEquals([code, stdout], [8, ""], said);
      if (!use.silentWithout?.test(flag)) assert(isNamed(one, stderr + stdout), said);
      assertEquals(/^\s+at |NotCapable|Uncaught/m.exec(stderr), null, said);
    }
    return whole.asked;
  }

  /** Uses a command with exactly these permissions, on a copy of the folder. `asked` is what it asked Deno for, with the folder's own name. */
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
      isAlone: true,
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

  /** Does what the person does, unless the program ends before. */
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

/** Deno logs an `import` for every module of the program itself that comes from JSR, which no command asks for. */
function parseLog(text: string): Asked[] {
  const entries = text.split("\n").filter(Boolean).map((line) => {
    const { permission, value } = JSON.parse(line);
    return { kind: permission, value };
  });
  return entries.filter(({ kind }) => kind !== "import");
}

/** All that is documented, one by one. */
export function listed(permissions: Permissions): Documented[] {
  const kinds = Object.keys(permissions) as GrantKind[];
  return kinds.flatMap((kind) => permissions[kind].map((name) => ({ kind, name })));
}

/** The same without some. */
function without(permissions: Permissions, some: readonly Documented[]): Permissions {
  const rest = { ...permissions };
  for (const { kind, name } of some) rest[kind] = rest[kind].filter((other) => other !== name);
  return rest;
}

/** Whether a documented permission is the one that was asked for. */
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

/** Whether a text has a flag of Deno that grants all of it; of addresses, the part that is needed. */
function isNamed({ kind, name }: Documented, text: string): boolean {
  const flags = text.matchAll(new RegExp(`--allow-${kind}=([^\\s"]+)`, "g"));
  const granted = [...flags].flatMap(([, values = ""]) => values.split(","));
  return granted.some((value) => value === name || kind === "net" && covers({ kind, name }, { kind, value }));
}
