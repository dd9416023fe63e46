import { CliError } from "../errors.ts";
import { shellWord } from "../text/shell_word.ts";
import { INTEGRATIONS, ownArguments } from "./arguments.ts";
import { COMMAND_OPTIONS, type CommandName } from "./options/command_options.ts";
import type { Option, OptionTable } from "./options/option_table.ts";
import { takesProfileWord } from "./options/profile_argument.ts";
import { EDIT_PROFILE_OPTIONS, IMPORT_PROFILE_OPTIONS } from "./options/profile_options.ts";
import { GET_TOKEN_OPTIONS, GLOBAL_OPTIONS, TOKEN_OPTIONS } from "./options/token_options.ts";

/** Commands of other tools, as typed, and the command to use here instead. */
const COMMANDS_ELSEWHERE: Readonly<Record<string, CommandName | "--version">> = {
  ...named(
    "get-token",
    "login signin sign-in auth token get-access-token print-access-token get-credentials",
  ),
  ...named("clear-cache", "logout signout sign-out cache clear purge forget"),
  ...named("status", "whoami account info me current-context current-profile"),
  ...named("inspect", "decode decode-token jwt introspect"),
  ...named("create-profile", "add-profile new-profile add new init configure setup create"),
  ...named("delete-profile", "remove-profile rm-profile remove rm delete"),
  ...named("edit-profile", "update-profile set-profile update set"),
  ...named("list-profiles", "config list ls profile profiles get-contexts"),
  ...named("use-profile", "switch use select activate set-default use-context"),
  ...named("show-profile", "show get-profile view"),
  ...named("import-profile", "import"),
  ...named("export-profile", "export"),
  ...named("credential-helper", "setup-git git-credential"),
  ...named("exec", "run"),
  ...named("request", "rest api curl"),
  ...named("doctor", "check diagnose health"),
  ...named("explain", "error aadsts"),
  ...named("completions", "completion"),
  ...named("--version", "version"),
  "account show": "status",
  "account set": "use-profile",
};

/** Commands of other tools that have commands of their own. */
const GROUPS: readonly string[] = ["account", "auth", "cache", "config", "profile", "profiles", "token"];

function named<Target extends string>(target: Target, words: string): Record<string, Target> {
  return Object.fromEntries(words.split(" ").map((word) => [word, target]));
}

/** A flag of az, azd, gh or kubectl, and what to use here instead. */
interface FlagElsewhere {
  /** As typed, separated by blanks. */
  readonly flags: string;
  /** What to type, where `{value}` stands for the value that was typed. */
  readonly use: string;
  /** Whether it is the name of the command that takes `use`, and not a flag of the one that was called. */
  readonly isCommand?: true;
}

const {
  scope: { flag: scope },
  flow: { flag: flow },
  loginHint: { flag: loginHint },
  certificate: { flag: certificate },
  caCert: { flag: caCert },
} = TOKEN_OPTIONS;
const { output: { flag: output } } = GET_TOKEN_OPTIONS;

const FLAGS_ELSEWHERE: readonly FlagElsewhere[] = [
  { flags: "--resource --audience", use: `${scope} {value}/.default` },
  { flags: "--use-device-code --device-code --use-device --device", use: `${flow} device-code` },
  { flags: "--web --browser", use: `${flow} interactive` },
  { flags: "--service-principal", use: `${flow} client-credentials` },
  { flags: "--identity --mi --managed-identity", use: `${flow} managed-identity` },
  { flags: "--no-browser --no-launch-browser --skip-browser", use: TOKEN_OPTIONS.showUrl.flag },
  { flags: "--json", use: `${output} json` },
  { flags: "--yaml", use: `${output} yaml` },
  { flags: "--raw --token-only --print-token", use: `${output} token` },
  { flags: "--format --out", use: `${output} {value}` },
  { flags: "--query --jq --template", use: `${output} json, and jq for a part of it` },
  { flags: "--username --user --account --email -u", use: `${loginHint} {value}` },
  { flags: "--debug --trace --log-level -v -d", use: GLOBAL_OPTIONS.verbose.flag },
  { flags: "--no-prompt --non-interactive", use: TOKEN_OPTIONS.interactive.flag },
  { flags: "--only-show-errors", use: TOKEN_OPTIONS.quiet.flag },
  { flags: "--tenant --directory-id --organization -t", use: `${TOKEN_OPTIONS.tenantId.flag} {value}` },
  { flags: "--client --app-id --application-id --appid", use: `${TOKEN_OPTIONS.clientId.flag} {value}` },
  { flags: "--hostname --instance --endpoint", use: `${TOKEN_OPTIONS.authority.flag} {value}` },
  { flags: "--context --profile-name --config", use: `${TOKEN_OPTIONS.profile.flag} {value}` },
  { flags: "--cert --client-certificate --certificate-path --pfx", use: `${certificate} {value}` },
  { flags: "--federated-token --client-assertion", use: `${TOKEN_OPTIONS.assertionFile.flag} FILE` },
  { flags: "--insecure --insecure-skip-tls-verify --no-verify-ssl -k", use: `${caCert} FILE` },
  { flags: "--redirect-port --listen-port --callback-port", use: `${TOKEN_OPTIONS.port.flag} {value}` },
  { flags: "--no-color --no-colour --color", use: GLOBAL_OPTIONS.plain.flag },
  { flags: "--overwrite --clobber", use: TOKEN_OPTIONS.force.flag },
  { flags: "--force-refresh --renew --refresh", use: "refresh", isCommand: true },
  { flags: "--password --client-secret --secret", use: EDIT_PROFILE_OPTIONS.clientSecretStdin.flag },
  {
    flags: "--password --client-secret --secret",
    use: `edit-profile ${EDIT_PROFILE_OPTIONS.clientSecretStdin.flag}`,
    isCommand: true,
  },
  { flags: "--decode", use: "inspect", isCommand: true },
];

/** The flag for a word that was typed without one, of the commands for which that is a likely mistake. */
const FLAG_FOR_WORD: Readonly<{ [Name in CommandName]?: string }> = {
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
  const plain = plainMessage(message, own, called);
  const [, flag] = /^Unknown option "([^"]*)"/.exec(message) ?? [];
  const later = own.find((arg) => commands.includes(arg));
  if (called === null && later !== undefined && flag === first.replace(/=.*/s, "")) {
    return withHints(plain, `Flags come after the command: entra-auth-cli ${later} ${first} …`);
  }
  if (called === null && !first.startsWith("-") && first !== "") {
    const command = similarCommand(own, commands);
    const suggestion = command === null ? [] : [`Did you mean: entra-auth-cli ${command}`];
    return withHints(`Unknown command "${first}"`, ...suggestion, help);
  }
  // An unknown flag of exec most likely belongs to a command that lacks its two dashes.
  const misplaced = called === null || flag === undefined && !/^No arguments allowed/.test(message)
    ? []
    : misplacedWord(own, called, flag);
  if (misplaced.length > 0) return withHints(plain, ...misplaced, help);
  const similar = flag === undefined ? null : similarFlag(flag, own, called);
  return withHints(plain, ...(similar === null ? [] : [`Did you mean: ${similar}`]), help);
}

/** Returns the error for `help` with a word that names neither a command nor a topic. */
export function unknownTopicError(
  word: string,
  commands: readonly string[],
  topics: readonly string[],
): CliError {
  const similar = nearest(word, topics) ?? similarCommand([word], commands);
  const suggestion = similar === null || similar.startsWith("-")
    ? []
    : [`Did you mean: entra-auth-cli help ${similar}`];
  return withHints(
    `Unknown command or topic "${word}"`,
    ...suggestion,
    `Topics: ${topics.join(", ")}`,
    "See: entra-auth-cli --help",
  );
}

/** Returns Cliffy's message in the words of the other errors, without its own suggestion. */
function plainMessage(message: string, own: readonly string[], called: CommandName | null): string {
  const word = called !== null && /^No arguments allowed/.test(message) ? firstWord(own, called) : undefined;
  if (word !== undefined) {
    const expected = called === "exec" ? "expected -- before the command" : `${called} takes none`;
    return `Unexpected argument ${JSON.stringify(word)}: ${expected}`;
  }
  return message.replace(/\.( Did you mean .*)?$/, "").replace(
    /^Missing argument\(s\): /,
    "Missing argument: ",
  );
}

/** Returns the first word after the command that is neither a flag nor the value of one. */
function firstWord(own: readonly string[], called: CommandName): string | undefined {
  const options: readonly Option[] = Object.values<Option>(COMMAND_OPTIONS[called]);
  const takesValue = (word = "") =>
    options.some(({ flag, short, value }) => value !== undefined && (word === flag || word === short));
  const rest = own.slice(own.indexOf(called));
  return rest.find((word, at) => at > 0 && !word.startsWith("-") && !takesValue(rest[at - 1]));
}

function withHints(message: string, ...hints: string[]): CliError {
  return new CliError("usage", message, { hint: hints.join("\n") });
}

/** Returns the command that was probably meant: by a word of another tool, or by one that is almost right. */
function similarCommand(own: readonly string[], commands: readonly string[]): string | null {
  const [first = "", second = ""] = own;
  // In a group such as `auth refresh` and `account get-access-token` the second word says more.
  const typed = GROUPS.includes(first) ? [`${first} ${second}`, second, first] : [first];
  for (const word of typed) {
    if (commands.includes(word)) return word;
    if (!Object.hasOwn(COMMANDS_ELSEWHERE, word)) continue;
    const command = COMMANDS_ELSEWHERE[word] ?? null;
    return word === first && namesProfile(command, second) ? `${command} ${shellWord(second)}` : command;
  }
  return nearest(first, commands.filter((name) => !INTEGRATIONS.includes(name)));
}

/** Reports whether `word` after another tool's command is the profile of this one's: `switch work`. */
function namesProfile(command: CommandName | "--version" | null, word: string): boolean {
  return command !== null && command !== "--version" && /-profile$/.test(command) &&
    takesProfileWord(command) &&
    /^[^-]/.test(word);
}

/** Returns the flag that was probably meant, with its value, as a part of a command line. */
function similarFlag(typed: string, own: readonly string[], called: CommandName | null): string | null {
  const table: OptionTable = { ...(called === null ? {} : COMMAND_OPTIONS[called]), ...GLOBAL_OPTIONS };
  const options = Object.values(table);
  for (const { flags, use, isCommand } of FLAGS_ELSEWHERE) {
    if (!flags.split(" ").includes(typed)) continue;
    if (isCommand && use !== called) return `entra-auth-cli ${use}`;
    const option = options.find(({ flag }) => flag === use.split(/[ ,]/, 1)[0]);
    if (option !== undefined) {
      return use.replace("{value}", typedValue(typed, own) ?? (use.includes("/") ? "URL" : "VALUE"));
    }
  }
  const shown = options.filter(({ hidden }) => hidden !== true).map(({ flag }) => flag);
  return typed.startsWith("--") ? nearest(typed, [...shown, ...STANDARD_FLAGS]) : null;
}

const STANDARD_FLAGS = ["--help", "--version"];

/** Returns the value of a flag as typed, quoted for a shell; null if there is none. */
function typedValue(flag: string, own: readonly string[]): string | null {
  const at = own.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
  const [, joined] = /=(.*)$/s.exec(own[at] ?? "") ?? [];
  const value = joined ?? own[at + 1];
  if (value === undefined || value === "" || value.startsWith("-")) return null;
  return shellWord(value.replace(/\/$/, ""));
}

/**
 * Returns the word that `typed` is short for, or that differs from it in at most two letters; null if there is none. Short
 * words must be more alike, so that there is no misleading guess.
 */
function nearest(typed: string, words: readonly string[]): string | null {
  const bare = typed.replace(/^-+/, "");
  const longer = words.filter((word) => word.startsWith(typed));
  if (bare.length >= 3 && longer.length === 1) return longer[0] ?? null;
  const limit = Math.min(2, Math.floor(bare.length / 3));
  const near = words.map((word) => ({ word, distance: editDistance(typed, word) }))
    .toSorted((a, b) => a.distance - b.distance);
  return near[0] !== undefined && near[0].distance <= limit ? near[0].word : null;
}

/** Counts the letters to insert, delete, replace or swap with their neighbor (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + cost,
        isSwapped ? (before[column - 2] ?? 0) + 1 : Infinity,
      ));
    }
    [before, above] = [above, current];
  }
  return above[b.length] ?? 0;
}

/** Returns a suggestion for a word that was typed without its flag, or a command without its dashes. */
function misplacedWord(own: readonly string[], called: CommandName, flag: string | undefined): string[] {
  const [word = "", ...others] = own.slice(own.indexOf(called) + 1);
  const right = FLAG_FOR_WORD[called];
  const isOfCommand = flag === undefined || called === "exec";
  if (!isOfCommand || right === undefined || word === "" || word.startsWith("-")) return [];
  // The other words may hold a secret.
  const more = called === "exec" && others.length > 0 ? " …" : "";
  return [`Did you mean: entra-auth-cli ${called} ${right} ${shellWord(word)}${more}`];
}
