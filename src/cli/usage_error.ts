import { CliError } from "../errors.ts";
import { shellWord } from "../text/shell_word.ts";
import { ownArguments } from "./arguments.ts";
import { CLEAR_CACHE_OPTIONS, type CommandName, DOCTOR_OPTIONS } from "./options/command_options.ts";
import {
  CREATE_PROFILE_OPTIONS,
  DELETE_PROFILE_OPTIONS,
  EDIT_PROFILE_OPTIONS,
  EXPORT_PROFILE_OPTIONS,
  IMPORT_PROFILE_OPTIONS,
  SHOW_PROFILE_OPTIONS,
} from "./options/profile_options.ts";
import { GET_TOKEN_OPTIONS, REFRESH_OPTIONS } from "./options/token_options.ts";

/** The commands of other programs, and their equivalents here. */
const EQUIVALENTS: ReadonlyMap<string, CommandName | "--version"> = new Map([
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

/** The flag for a word that was typed without one, of the commands for which that is a likely mistake. */
const FLAG_FOR_WORD: Readonly<{ [Name in CommandName]?: string }> = {
  "get-token": GET_TOKEN_OPTIONS.profile.flag,
  "refresh": REFRESH_OPTIONS.profile.flag,
  "clear-cache": CLEAR_CACHE_OPTIONS.profile.flag,
  "doctor": DOCTOR_OPTIONS.profile.flag,
  "create-profile": CREATE_PROFILE_OPTIONS.name.flag,
  "show-profile": SHOW_PROFILE_OPTIONS.name.flag,
  "edit-profile": EDIT_PROFILE_OPTIONS.name.flag,
  "delete-profile": DELETE_PROFILE_OPTIONS.name.flag,
  "export-profile": EXPORT_PROFILE_OPTIONS.name.flag,
  "import-profile": IMPORT_PROFILE_OPTIONS.file.flag,
  "exec": "--",
};

/** A command line that cannot be parsed. */
export interface WrongUsage {
  /** The arguments as typed. */
  readonly args: readonly string[];
  /** The command among them; null if there is none. */
  readonly called: CommandName | null;
  /** The names of all commands. */
  readonly commands: readonly string[];
  /** Cliffy's error. */
  readonly message: string;
}

/** Returns the error for a command line that cannot be parsed, with a suggestion if there is a likely one. */
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
  // An unknown flag of exec most likely belongs to a command that lacks its two dashes.
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
  const equivalent = EQUIVALENTS.get(second) ?? EQUIVALENTS.get(first);
  if (equivalent !== undefined) {
    return withHint(`Unknown command "${first}"`, `Use: entra-auth-cli ${equivalent}\n${help}`);
  }
  const [, guess = ""] = /Did you mean command "(.*)"\?$/.exec(message) ?? [];
  return withHint(resembles(first, guess) ? message : `Unknown command "${first}"`, help);
}

/** Cliffy suggests the nearest command, however far it is: `exec` for `foo`. */
function resembles(typed: string, guess: string): boolean {
  return typed[0] === guess[0] || (typed.length > 2 && guess.includes(typed));
}

function withoutGuess(message: string): string {
  return message.replace(/\.( Did you mean .*)?$/, "");
}

function misplacedWord(own: readonly string[], called: CommandName): string[] {
  const word = own[own.indexOf(called) + 1] ?? "";
  const flag = FLAG_FOR_WORD[called];
  if (flag === undefined || word === "" || word.startsWith("-")) return [];
  return [`Did you mean: entra-auth-cli ${called} ${flag} ${shellWord(word)}`];
}
