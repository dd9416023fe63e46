import { basename } from "@std/path/basename";
import { join } from "@std/path/join";
import { tracesOf } from "./find_secret.ts";
import { type GivenKind, secretsIn, withoutJobSecrets, withoutSecrets } from "./secret_variables.ts";
import type { SecretKind } from "../provider/secrets_on_the_wire.ts";
import type { StartedProgram } from "../program/started_programs.ts";

type Kind = SecretKind | GivenKind;

/** Something that the program put out, and what it may have in it. */
interface Output {
  /** Where it was, for a test's message. */
  readonly where: string;
  readonly text: string;
  readonly allowed: readonly Kind[];
}

/** Data that somebody asked for may be an access token; nothing else ever leaves the program but to the authority. */
const ASKED_FOR: readonly Kind[] = ["access token"];

/** Name of the file that a home folder keeps its key in, where nobody else does. */
const KEY_FILE = "key";

const LARGEST_FILE = 1024 * 1024;

/** Shorter ones could stand in a text by chance. */
const SHORTEST = 12;

type Variables = Readonly<Record<string, string>>;

/**
 * Keeps what the program puts out in a test, what it was given and what it started, to look for secrets in all of it at the
 * end: the secrets that went over the wire, those that it was given in variables, and the key of its tokens.
 */
export class SecretWatch {
  readonly #onTheWire: ReadonlyMap<string, SecretKind>;
  readonly #given = new Map<string, GivenKind>();
  readonly #variables: Record<string, string> = {};
  readonly #outputs = new Map<string, Output>();

  /** `secrets` may grow until the end. */
  constructor(secrets: ReadonlyMap<string, SecretKind>) {
    this.#onTheWire = secrets;
  }

  /** Takes note of what a run of the program printed. */
  note(args: readonly string[], { stdout, stderr }: { stdout: string; stderr: string }): void {
    const command = commandOf(args);
    this.#add({ where: `stdout of ${command}`, text: stdout, allowed: ASKED_FOR });
    this.#add({ where: `stderr of ${command}`, text: stderr, allowed: [] });
  }

  /** Takes note of the arguments of the program. */
  noteArguments(args: readonly string[]): void {
    this.#add({ where: `the arguments of ${commandOf(args)}`, text: args.join("\n"), allowed: [] });
  }

  /** Takes note of the variables of the program. Each that is there for a secret may have one; the others may not. */
  noteVariables(variables: Variables): void {
    for (const { name, value, kind } of secretsIn(variables)) {
      this.#variables[name] = value;
      if (value.length >= SHORTEST) this.#given.set(value, kind);
    }
    this.#add({ where: "the program's variables", text: list(withoutSecrets(variables)), allowed: [] });
  }

  /** Takes note of a program that the program started. It inherits the variables that were noted before. */
  noteStarted({ by, command, args, env }: StartedProgram): void {
    const inherited = { ...this.#variables, ...env };
    const isOfExec = by.length > args.length + 1 &&
      by.slice(by.length - args.length).join("\n") === args.join("\n");
    this.#add({ where: `the arguments of ${command}`, text: [command, ...args].join("\n"), allowed: [] });
    this.#add({
      where: `the variables of ${command}`,
      text: list(isOfExec ? withoutJobSecrets(inherited) : inherited),
      allowed: isOfExec ? ASKED_FOR : [],
    });
  }

  /**
   * Looks through all that was noted, and through the files in `home`, which is the program's own folder, and in `folder`
   * around it. Throws an `Error` that names what leaked where, and doesn't show it.
   */
  async assertNothingLeaked(home: string, folder: string): Promise<void> {
    const outputs = [...this.#outputs.values()];
    const secrets = new Map<string, Kind>([...this.#given, ...this.#onTheWire]);
    for await (const path of filesIn(folder)) {
      const text = await Deno.readTextFile(path);
      const isKey = basename(path) === KEY_FILE && text.trim().length >= SHORTEST;
      if (isKey) secrets.set(text.trim(), "key");
      const asked = path.startsWith(home) ? [] : ASKED_FOR;
      outputs.push({ where: path, text, allowed: isKey ? ["key"] : asked });
    }
    const leaks = findAll(secrets, outputs);
    if (leaks.size > 0) throw new Error(`A secret leaked: ${[...leaks].join(", ")}`);
  }

  /** Hundreds of runs may say the same. */
  #add(output: Output): void {
    this.#outputs.set(JSON.stringify([output.where, output.text]), output);
  }
}

function findAll(secrets: ReadonlyMap<string, Kind>, outputs: readonly Output[]): Set<string> {
  const leaks = new Set<string>();
  for (const [secret, kind] of secrets) {
    const { whole, parts } = tracesOf(secret);
    const isOfAnother = (part: string) =>
      secrets.keys().some((other) => other !== secret && other.includes(part));
    for (const { where, text, allowed } of outputs) {
      if (allowed.includes(kind)) continue;
      const isThere = whole.some((trace) => text.includes(trace)) ||
        parts.some((part) => text.includes(part) && !isOfAnother(part));
      if (isThere) leaks.add(`${kind} in ${where}`);
    }
  }
  return leaks;
}

function commandOf(args: readonly string[]): string {
  return args.find((arg) => !arg.startsWith("-")) ?? "the program";
}

function list(variables: Variables): string {
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`).join("\n");
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* filesIn(path);
    else if (entry.isFile && (await Deno.stat(path)).size <= LARGEST_FILE) yield path;
  }
}
