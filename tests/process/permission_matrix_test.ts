import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { COMMAND_NAMES } from "../../src/commands/program.ts";
import { grantFlags, type GrantKind } from "../../src/grants.ts";
import { APPLICATION_VARIABLES, MACHINE_VARIABLES } from "../support/application_variables.ts";
import { enterDeviceCode } from "../support/enter_device_code.ts";
import type { ProgramResult, RunningProgram } from "../support/program.ts";
import { ADA } from "../support/provider/directory.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../support/sandbox.ts";

/** One way to use a command. */
interface Use {
  readonly args: readonly string[];
  readonly stdin?: string;
  /** How somebody signs in. */
  readonly signsIn?: "at the URL that is shown" | "with the code that is shown";
  /** A program that the user has it run, which no list of the program's can hold. */
  readonly runs?: string;
  /** Variables besides those of the sandbox. */
  readonly env?: Readonly<Record<string, string>>;
  /** How it ends with all that it needs; 0 by default. */
  readonly code?: number;
  /** The flags whose lack it doesn't end for. Where it doesn't do all that it should, it says so and names the flag. */
  readonly goesOnWithout?: RegExp;
}

const SHOWN = ["--force", "--show-url", "--timeout", "30s"];
const AT_URL = "at the URL that is shown";
const TENANT = "11111111-2222-4333-8444-555555555555";
const IDS = ["--tenant-id", TENANT, "--client-id", TENANT];
const AZURE_REPOS = "protocol=https\nhost=dev.azure.com\n\n";
const AZURE_REPOS_SCOPE = "499b84ac-1321-427f-aa17-267ca6975798/user_impersonation";
const PORTABLE = JSON.stringify({
  format: "entra-auth-cli-profiles",
  version: 1,
  profiles: { default: { tenantId: TENANT, clientId: TENANT, flow: "interactive", scopes: ["User.Read"] } },
});
/** A token that somebody signed in for is given, though it can't be saved. */
const SAVING = /^--allow-write=/;
const ANYTHING = /^/;

/** Ways to use each command. A new command gets a line here. */
const USES: readonly Use[] = [
  { args: ["get-token"] },
  { args: ["get-token", ...SHOWN], signsIn: AT_URL, goesOnWithout: SAVING },
  {
    args: ["get-token", "--force", "--flow", "device-code"],
    signsIn: "with the code that is shown",
    goesOnWithout: SAVING,
  },
  { args: ["get-token", "--force"], code: 9, goesOnWithout: SAVING },
  { args: ["get-token", "--output", "exec-credential"] },
  { args: ["exec", "--", "true"], runs: "true" },
  { args: ["credential-helper", "--profile", "repos", "get"], stdin: AZURE_REPOS },
  { args: ["refresh"] },
  { args: ["inspect"] },
  { args: ["inspect", "--verify"] },
  { args: ["status"] },
  { args: ["explain", "AADSTS50011"], goesOnWithout: ANYTHING },
  { args: ["clear-cache"] },
  { args: ["create-profile", "--name", "other", ...IDS] },
  {
    args: [
      "create-profile",
      "--name",
      "app",
      "--flow",
      "client-credentials",
      "--client-secret-stdin",
      ...IDS,
    ],
    stdin: "a secret\n",
  },
  { args: ["list-profiles"] },
  { args: ["show-profile"] },
  { args: ["edit-profile", "--name", "default", "--scope", "Mail.Read"] },
  { args: ["edit-profile", "--name", "default", "--rename", "other"] },
  { args: ["delete-profile", "--name", "default"] },
  { args: ["export-profile", "--all"] },
  {
    args: ["export-profile", "--all", "--include-secrets", "--passphrase-stdin"],
    stdin: "a passphrase of many words\n",
  },
  { args: ["import-profile", "--force"], stdin: PORTABLE },
  { args: ["completions", "bash"] },
  { args: ["__complete", "get-token", "--profile", ""], goesOnWithout: ANYTHING },
  { args: ["permissions"] },
  { args: ["doctor"], goesOnWithout: ANYTHING },
];

/** Commands that get a token as another one does, which shows what that needs. */
const LIKE: Readonly<Record<string, string>> = { "exec": "get-token", "credential-helper": "get-token" };

/** What is read only on a terminal, where nothing names the folder, or where the network fails. */
const ELSEWHERE = /^(HOME|NO_COLOR|USER|TERM|LANG|LC_\w+|\w+_PROXY)$/i;
/** Those of applications have a test of their own. */
const BY_APPLICATIONS: readonly string[] = [...APPLICATION_VARIABLES, ...MACHINE_VARIABLES];

/** Nobody has a screen here. */
const NO_SCREEN = { BROWSER: "", DISPLAY: "", WAYLAND_DISPLAY: "" };

type Permissions = Record<GrantKind, string[]>;

/** What a run asked for: names of variables, hosts, paths. */
type Asked = Record<string, Set<string>>;

/** A sandbox in which somebody has signed in, and what each command is documented to need there. */
class Matrix {
  #homes = 0;

  constructor(readonly sandbox: Sandbox) {}

  async documented(command: string): Promise<Permissions> {
    const { code, stdout, stderr } = await this.sandbox.run(["permissions", command, "--output", "json"]);
    assertEquals(code, 0, stderr);
    return JSON.parse(stdout).permissions;
  }

  /** Uses a command with exactly these permissions, on a copy of the folder. What it asked Deno for is in `asked`. */
  async use(use: Use, permissions: Permissions): Promise<ProgramResult & { readonly asked: Asked }> {
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
    const result = await program.ended;
    return { ...result, stderr: result.stderr.replaceAll(home, sandbox.home), asked: await askedIn(log) };
  }

  /** Does what the person does, unless the program ends before. */
  async #signIn({ signsIn }: Use, program: RunningProgram): Promise<void> {
    if (signsIn === undefined) return;
    const { userAgent } = this.sandbox;
    try {
      if (signsIn === AT_URL) {
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

async function askedIn(log: string): Promise<Asked> {
  const asked: Asked = {};
  const text = await Deno.readTextFile(log).catch(() => "");
  for (const line of text.split("\n").filter(Boolean)) {
    const { permission, value } = JSON.parse(line);
    (asked[permission] ??= new Set()).add(value);
  }
  return asked;
}

/** Every way to leave out one of the permissions that a run asked for: each variable and address, and all paths at once. */
function withheld(documented: Permissions, asked: Asked): [flag: string, rest: Permissions][] {
  const without = (kind: GrantKind, name: string) => ({
    ...documented,
    [kind]: documented[kind].filter((other) => other !== name),
  });
  const addresses = [...asked.net ?? []].join(" ");
  return [
    ...documented.env.filter((name) => asked.env?.has(name) ?? false)
      .map((name) => [`--allow-env=${name}`, without("env", name)] as [string, Permissions]),
    ...documented.net.filter((host) => addresses.includes(host))
      .map((host) => ["--allow-net=", without("net", host)] as [string, Permissions]),
    ...(["read", "write"] as const).filter((kind) => asked[kind] !== undefined && documented[kind].length > 0)
      .map((kind) => [`--allow-${kind}=`, { ...documented, [kind]: [] }] as [string, Permissions]),
  ];
}

Deno.test({
  name:
    "each command does with exactly the permissions that it is documented to need, and names each that it lacks",
  // An executable has its permissions inside.
  ignore: Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined || Deno.build.os !== "linux",
  async fn(test) {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    await sandbox.run(createProfileArgs("repos", sandbox.provider));
    await sandbox.signIn(["get-token", "--profile", "repos", "--scope", AZURE_REPOS_SCOPE]);
    const matrix = new Matrix(sandbox);
    const askedBy = new Map<string, Set<string>>();
    const named = (use: Use) => use.args[0] === "__complete" ? "completions" : use.args[0] ?? "";

    for (const use of USES) {
      await test.step(use.args.join(" "), async () => {
        const documented = await matrix.documented(named(use));
        const whole = await matrix.use(use, documented);
        assertEquals(whole.code, use.code ?? 0, whole.stderr);
        const variables = whole.asked.env ?? new Set();
        assertEquals([...variables].filter((name) => !documented.env.includes(name)), []);
        askedBy.set(named(use), variables.union(askedBy.get(named(use)) ?? new Set()));
        for (const [flag, rest] of withheld(documented, whole.asked)) {
          if (use.goesOnWithout === ANYTHING) continue;
          const { code, stdout, stderr } = await matrix.use(use, rest);
          const goesOn = use.goesOnWithout?.test(flag) ?? false;
          assertEquals(code, goesOn ? use.code ?? 0 : 8, `without ${flag}: ${stderr}`);
          if (!goesOn) assertEquals(stdout, "");
          if (code !== 9) assertStringIncludes(stderr, flag);
          assertEquals(/^\s+at |NotCapable|Uncaught/m.exec(stderr), null, stderr);
        }
      });
    }

    await test.step("nothing is documented that is not used", async () => {
      assertEquals([...askedBy.keys()].toSorted(), COMMAND_NAMES.toSorted());
      for (const [command, asked] of askedBy) {
        const { env } = await matrix.documented(command);
        const used = asked.union(askedBy.get(LIKE[command] ?? command) ?? new Set());
        assertEquals(
          env.filter((name) => !used.has(name) && !ELSEWHERE.test(name) && !BY_APPLICATIONS.includes(name)),
          [],
          command,
        );
      }
    });
  },
});
