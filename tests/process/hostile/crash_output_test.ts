import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path/join";
import { toFileUrl } from "@std/path/to-file-url";
import { isExecutable } from "../../support/program/executable.ts";
import { ADA } from "../../support/provider/directory.ts";
import type { ProgramOptions, ProgramResult, RunningProgram } from "../../support/program/program.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

/** Writes a module that runs `code` with `argument` before the program starts, and returns its URL. */
async function moduleOf<T>({ folder }: Sandbox, code: (argument: T) => void, argument: T): Promise<string> {
  const path = join(folder, `${crypto.randomUUID()}.js`);
  await Deno.writeTextFile(path, `(${code})(${JSON.stringify(argument)});\n`);
  return toFileUrl(path).href;
}

/** The name of a runtime function and a regular expression for the arguments with which it fails. */
interface Place {
  readonly name: string;
  readonly given: string;
  /** Whether it throws a string, as some libraries do. */
  readonly isText?: boolean;
}

/** Functions to which a sign-in passes secrets. */
const PLACES: readonly Place[] = [
  { name: "URLSearchParams", given: "code=", isText: true },
  { name: "fetch", given: "code_verifier=", isText: true },
  { name: "JSON.parse", given: '"refresh_token"' },
  { name: "JSON.stringify", given: "eyJ", isText: true },
  { name: "TextEncoder.prototype.encode", given: "eyJ" },
  { name: "crypto.subtle.encrypt", given: "eyJ" },
  // Last, since it fails before the browser opens.
  { name: "crypto.subtle.digest", given: "^SHA-256 [\\w-]{43}$" },
];

/** Runs inside the program from its source text. Makes a function throw an error that quotes its argument. */
function failWith({ name: path, given, isText = false }: Place): void {
  const names = path.split(".");
  const name = names.pop() ?? "";
  const owner: object = names.reduce((object, part) => Reflect.get(object, part), globalThis);
  const genuine = Reflect.get(owner, name);
  const { stringify } = JSON;
  const { decode } = TextDecoder.prototype;
  const textOf = (value: unknown): string => {
    if (typeof value === "string") return value;
    if (value instanceof Uint8Array) return decode.call(new TextDecoder(), value);
    const body = value instanceof Object && "body" in value ? value.body : "";
    return `${stringify(value)} ${body}`;
  };
  const failIf = (args: readonly unknown[]) => {
    const text = args.map(textOf).join(" ");
    if (!new RegExp(given).test(text)) return;
    if (isText) throw `${path} failed: ${text}`;
    throw new TypeError(`${path} failed: ${text}`);
  };
  const failing = new Proxy(genuine, {
    apply(target, self, args) {
      failIf(args);
      return Reflect.apply(target, self, args);
    },
    construct(target, args, made) {
      failIf(args);
      return Reflect.construct(target, args, made);
    },
  });
  Object.defineProperty(owner, name, { value: failing, configurable: true, writable: true });
}

/** Signs in as far as possible with a preloaded module. */
async function signIn(
  sandbox: Sandbox,
  options: Partial<ProgramOptions>,
  killIt: (program: RunningProgram) => Promise<void> = () => Promise.resolve(),
): Promise<ProgramResult> {
  const program = sandbox.start(["get-token", "--force", "--verbose", "--timeout", "10s"], options);
  const url = await Promise.race([sandbox.browser.next(), program.ended]);
  if (typeof url !== "string") return url;
  // The page is another place that could show a secret.
  const { body } = await sandbox.userAgent.signIn(url, ADA);
  sandbox.watch.note(["the browser's page"], { stdout: "", stderr: body });
  await killIt(program);
  return await program.ended;
}

Deno.test({
  name: "a runtime error that quotes a secret is reported without it, wherever it is thrown",
  ignore: isExecutable,
  async fn(t) {
    await using sandbox = await openSandbox();
    for (const place of PLACES) {
      await t.step(place.name, async () => {
        const result = await signIn(sandbox, { preload: await moduleOf(sandbox, failWith, place) });
        assert(result.code !== 0, "it has failed");
        assertEquals(result.stdout, "");
        assertMatch(result.stderr, /^Hint: |^error: Unexpected error/m);
      });
    }
  },
});

/** How a process dies just before the new tokens are written. */
type Death = "uncaught error" | "unhandled rejection" | "memory" | "SIGABRT" | "SIGQUIT";

const DEATHS: readonly Death[] = ["uncaught error", "unhandled rejection", "memory", "SIGABRT", "SIGQUIT"];

/**
 * Runs inside the program from its source text. Makes it die, or wait to be killed, before the new tokens are renamed
 * into place.
 */
function dieAtRename(death: Death): void {
  const never = new Promise<void>(() => {});
  const { rename } = Deno;
  Deno.rename = (from, to) => {
    if (!String(to).endsWith("tokens.enc")) return rename(from, to);
    const message = `${from} can't become ${to}`;
    switch (death) {
      case "uncaught error":
        setTimeout(() => {
          throw new Error(message);
        });
        return never;
      case "unhandled rejection":
        Promise.reject(new Error(message));
        return never;
      case "memory": {
        const kept: unknown[] = [];
        while (true) kept.push(new Array(100_000).fill(kept.length + 0.5));
      }
    }
    Deno.stderr.writeSync(new TextEncoder().encode("about to rename\n"));
    setTimeout(() => {}, 60_000);
    return never;
  };
}

Deno.test({
  name: "a program that crashes with tokens in memory prints none and leaves no file with one",
  ignore: isExecutable || Deno.build.os === "windows",
  async fn(t) {
    await using sandbox = await openSandbox();
    const cwd = join(sandbox.folder, "cwd");
    const temporary = join(sandbox.folder, "tmp");
    for (const folder of [cwd, temporary]) await Deno.mkdir(folder);
    const env = { TMPDIR: temporary };
    const flags = ["--v8-flags=--max-old-space-size=128"];
    const signedIn = await sandbox.signIn(["get-token"]);
    assertEquals(signedIn.code, 0, signedIn.stderr);
    for (const [index, death] of DEATHS.entries()) {
      await t.step(death, async () => {
        const preload = await moduleOf(sandbox, dieAtRename, death);
        const { code, stderr } = await signIn(sandbox, { preload, cwd, env, flags }, async (program) => {
          if (death !== "SIGABRT" && death !== "SIGQUIT") return;
          await program.stderrMatch(/about to rename/);
          program.kill(death);
        });
        assert(code !== 0, "it has died");
        if (death === "memory") assertMatch(stderr, /out of memory/);
        assertEquals(sandbox.provider.requestsTo("token").length, index + 2, "it had new tokens");
      });
    }
    // A core dump, if the limits of the user allow one, is written by the system, not by this program.
    const left = [...Deno.readDirSync(cwd), ...Deno.readDirSync(temporary)].map(({ name }) => name);
    assertEquals(left.filter((name) => !/^core\b/.test(name)), []);
  },
});

Deno.test("the runtime logs of a sign-in and a refresh contain no secret", async () => {
  await using sandbox = await openSandbox();
  const env = { DENO_LOG: "trace", RUST_LOG: "trace", RUST_BACKTRACE: "full", NODE_DEBUG: "*" };
  const signedIn = await sandbox.signIn(["get-token", "--verbose"], ADA, { env });
  assertEquals(signedIn.code, 0);
  assert(isExecutable || signedIn.stderr.length > 10_000, "there is a log");
  assertEquals((await sandbox.run(["refresh", "--verbose"], { env })).code, 0);
});
