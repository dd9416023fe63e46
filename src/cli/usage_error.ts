import { CliError } from "../errors.ts";
import { ownArguments } from "./own_arguments.ts";
import { shellWord } from "../text/shell_word.ts";

/** What other programs call it, and what it is called here. */
const CALLED_HERE: ReadonlyMap<string, string> = new Map([
  ["login", "get-token"],
  ["signin", "get-token"],
  ["sign-in", "get-token"],
  ["auth", "get-token"],
  ["token", "get-token"],
  ["get-access-token", "get-token"],
  ["print-access-token", "get-token"],
  ["logout", "clear-cache"],
  ["signout", "clear-cache"],
  ["sign-out", "clear-cache"],
  ["whoami", "status"],
  ["account", "status"],
  ["config", "list-profiles"],
  ["list", "list-profiles"],
  ["ls", "list-profiles"],
  ["profile", "list-profiles"],
  ["profiles", "list-profiles"],
  ["version", "--version"],
]);

/** The flag that takes what was typed without one, of the commands where that is a likely mistake. */
const FLAG_OF_WORD: ReadonlyMap<string, string> = new Map([
  ["get-token", "--profile"],
  ["refresh", "--profile"],
  ["clear-cache", "--profile"],
  ["doctor", "--profile"],
  ["create-profile", "--name"],
  ["show-profile", "--name"],
  ["edit-profile", "--name"],
  ["delete-profile", "--name"],
  ["export-profile", "--name"],
  ["import-profile", "--file"],
  ["exec", "--"],
]);

/** A command line that can't be read. */
export interface WrongUsage {
  /** What was typed. */
  readonly args: readonly string[];
  /** The command that it names; null where there is no such command. */
  readonly called: string | null;
  /** The names of all commands. */
  readonly commands: readonly string[];
  /** What Cliffy says of it. */
  readonly message: string;
}

/** The error for a command line that can't be read, with what to type in its place where that can be guessed. */
export function usageError({ args, called, commands, message }: WrongUsage): CliError {
  const own = ownArguments(args);
  const help = `See: entra-auth-cli ${called === null ? "" : `${called} `}--help`;
  const [first = ""] = own;
  const later = own.find((arg) => commands.includes(arg));
  if (later !== undefined && message.startsWith(`Unknown option "${first.replace(/=.*/s, "")}"`)) {
    return withHint(
      withoutGuess(message),
      `Flags come after the command: entra-auth-cli ${later} ${first} …`,
    );
  }
  if (called === null && !first.startsWith("-") && first !== "") return unknownCommand(own, message, help);
  // The flags after exec's own are those of a command that lacks its two dashes.
  if (called !== null && (called === "exec" || /^No arguments allowed/.test(message))) {
    return withHint(withoutGuess(message), [...misplacedWord(own, called), help].join("\n"));
  }
  return withHint(message.replace(/\.$/, ""), help);
}

function withHint(message: string, hint: string): CliError {
  return new CliError("usage", message, { hint });
}

function unknownCommand(own: readonly string[], message: string, help: string): CliError {
  const [first = "", second = ""] = own;
  const here = CALLED_HERE.get(second) ?? CALLED_HERE.get(first);
  if (here !== undefined) {
    return withHint(`Unknown command "${first}"`, `Here it is: entra-auth-cli ${here}\n${help}`);
  }
  const [, guess = ""] = /Did you mean command "(.*)"\?$/.exec(message) ?? [];
  return withHint(resembles(first, guess) ? message : `Unknown command "${first}"`, help);
}

/** To Cliffy the nearest command is always near enough: it takes `foo` for `exec`. */
function resembles(typed: string, guess: string): boolean {
  return typed[0] === guess[0] || (typed.length > 2 && guess.includes(typed));
}

function withoutGuess(message: string): string {
  return message.replace(/\.( Did you mean .*)?$/, "");
}

function misplacedWord(own: readonly string[], called: string): string[] {
  const word = own[own.indexOf(called) + 1] ?? "";
  const flag = FLAG_OF_WORD.get(called);
  if (flag === undefined || word === "" || word.startsWith("-")) return [];
  return [`Did you mean: entra-auth-cli ${called} ${flag} ${shellWord(word)}`];
}
