/**
 * One flag of a command. It is plain data: a cached `get-token` reads its flags from here without loading Cliffy, and
 * help, completions, hints and suggestions take the flag's name from here too.
 */
export interface Option {
  /** As typed and printed. `--no-cache` stands for `cache: false`, and `cache` is true by default. */
  readonly flag: `--${string}`;
  readonly short?: `-${string}`;
  /** The placeholder for the value in the help; a flag without one is a switch. */
  readonly value?: string;
  /** The values that a shell offers: these, or the names of the profiles. */
  readonly completions?: readonly string[] | "profiles" | undefined;
  readonly description: string;
  /** Set if the flag can be repeated. */
  readonly repeats?: true;
  /** Set for aliases that the help does not show. */
  readonly hidden?: true;
  /** Where the help lists the flag; by default among the options of the command itself. */
  readonly group?: OptionGroup;
  /** Set for flags that the help lists only with `--all`. */
  readonly rare?: true;
}

/** The groups of flags in the help, in its order. */
export const OPTION_GROUPS = ["sign-in", "application", "network"] as const;

export type OptionGroup = (typeof OPTION_GROUPS)[number];

/** The flags of a command, by the names that the program reads their values by. */
export type OptionTable = Readonly<Record<string, Option>>;

/**
 * The flags of `Table` as parsed. A flag that does not agree with its key is left out: renaming a flag fails the type
 * check wherever it is read or printed, until its key is renamed too.
 */
export type FlagsOf<Table extends OptionTable> = {
  readonly [
    Key in keyof Table & string as Table[Key]["flag"] extends FlagFor<Key> ? Key : never
  ]?: ValueOf<Table[Key]> | undefined;
};

type ValueOf<Each extends Option> = Each extends { readonly value: string }
  ? Each extends { readonly repeats: true } ? readonly string[] : string
  : boolean;

/** Parsed flags of any table. */
export type FlagValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** The flags that Cliffy parses into `Key`: `--domain-hint` into `domainHint`, `--no-cache` into `cache`. */
type FlagFor<Key extends string> = `--${KebabCase<Key>}` | `--no-${KebabCase<Key>}`;

type KebabCase<Text extends string> = Text extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `-${Lowercase<First>}`}${KebabCase<Rest>}`
  : Text;

/**
 * Returns the flags with the values in `flags`, as words of a command line.
 *
 * @param keys Which of the flags, in this order; all of them by default.
 */
export function flagWords(
  table: OptionTable,
  flags: FlagValues,
  keys: readonly string[] = Object.keys(flags),
): string[] {
  return keys.flatMap((key) => {
    const flag = table[key]?.flag;
    const value = flags[key];
    if (flag === undefined || value === undefined) return [];
    if (typeof value === "boolean") return value === isSetByDefault(flag) ? [] : [flag];
    return [flag, typeof value === "string" ? value : value.join(" ")];
  });
}

/** Reports whether a switch is true unless its flag is typed, such as `--no-cache`. */
export function isSetByDefault(flag: string): boolean {
  return flag.startsWith("--no-");
}
