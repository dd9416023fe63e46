import { basename } from "@std/path/basename";
import { join } from "@std/path/join";
import { tracesOf } from "./find_secret.ts";
import { type GivenKind, secretsIn, withoutJobSecrets, withoutSecrets } from "./secret_variables.ts";
import type { SecretKind } from "../provider/secrets_on_the_wire.ts";
import type { StartedProgram } from "../program/started_programs.ts";

type Kind = SecretKind | GivenKind;

/** An output of the program, and the secrets that it may contain. */
interface Output {
  /** Its origin, for the message of a test. */
  readonly where: string;
  readonly text: string;
  readonly allowed: readonly Kind[];
}

/** Requested data may be an access token. No other secret may leave the program, except to the authority. */
const ASKED_FOR: readonly Kind[] = ["access token"];

/** The name of the file that stores the key, and the only place for it. */
const KEY_FILE = "key";

const LARGEST_FILE = 1024 * 1024;

/** Shorter values could occur in a text by chance. */
const SHORTEST = 12;

type Variables = Readonly<Record<string, string>>;

/**
 * Records what the program prints, receives and starts during a test, and finally searches all of it for secrets:
 * those sent over the network, those in its variables, and the token key.
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

  /** Records the output of a run of the program. */
  note(args: readonly string[], { stdout, stderr }: { stdout: string; stderr: string }): void {
    const command = commandOf(args);
    this.#add({ where: `stdout of ${command}`, text: stdout, allowed: ASKED_FOR });
    this.#add({ where: `stderr of ${command}`, text: stderr, allowed: [] });
  }

  /** Records the arguments of the program. */
  noteArguments(args: readonly string[]): void {
    this.#add({ where: `the arguments of ${commandOf(args)}`, text: args.join("\n"), allowed: [] });
  }

  /** Records the variables of the program. A variable for a secret may contain it; others may not. */
  noteVariables(variables: Variables): void {
    for (const { name, value, kind } of secretsIn(variables)) {
      this.#variables[name] = value;
      if (value.length >= SHORTEST) this.#given.set(value, kind);
    }
    this.#add({ where: "the program's variables", text: list(withoutSecrets(variables)), allowed: [] });
  }

  /** Records a program that the program started. It inherits the variables recorded before. */
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
   * Searches everything recorded, and the files in `home`, the folder of the program, and in `folder` around it.
   * Throws an `Error` that names each leak without showing it.
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

  /** Hundreds of runs may print the same. */
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
