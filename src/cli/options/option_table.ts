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
}

/** The flags of a command, by the names that the program reads their values by. */
export type OptionTable = Readonly<Record<string, Option>>;

/** The values that the flags of `Table` have once they are parsed. */
export type FlagsOf<Table extends OptionTable> = {
  readonly [Key in keyof Table]?: ValueOf<Table[Key]> | undefined;
};

type ValueOf<Each extends Option> = Each extends { readonly value: string }
  ? Each extends { readonly repeats: true } ? readonly string[] : string
  : boolean;

/** The flags that Cliffy parses into `Key`: `--domain-hint` into `domainHint`, `--no-cache` into `cache`. */
type FlagFor<Key extends string> = `--${KebabCase<Key>}` | `--no-${KebabCase<Key>}`;

type KebabCase<Text extends string> = Text extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `-${Lowercase<First>}`}${KebabCase<Rest>}`
  : Text;

/**
 * Declares a table. A flag and its key must agree, so that a flag cannot be renamed without renaming its key, which fails
 * the type check wherever the flag is read or printed.
 */
export function optionTable<
  const Table extends { readonly [Key in keyof Table]: Option & { readonly flag: FlagFor<Key & string> } },
>(table: Table): Table {
  return table;
}

/**
 * Returns the flags with the values in `flags`, as words of a command line.
 *
 * @param keys Which of the flags, in this order; all of them by default.
 */
export function flagWords<Table extends OptionTable>(
  table: Table,
  flags: FlagsOf<Table>,
  keys: readonly (keyof Table & string)[] = Object.keys(flags),
): string[] {
  const values: Readonly<Record<string, string | boolean | readonly string[] | undefined>> = flags;
  return keys.flatMap((key) => {
    const flag = table[key]?.flag ?? "";
    const value = values[key];
    if (value === undefined) return [];
    if (typeof value === "boolean") return value === isSetByDefault(flag) ? [] : [flag];
    return [flag, typeof value === "string" ? value : value.join(" ")];
  });
}

/** Reports whether a switch is true unless its flag is typed, such as `--no-cache`. */
export function isSetByDefault(flag: string): boolean {
  return flag.startsWith("--no-");
}
