import { CliError } from "../../errors.ts";

/** The kinds of Deno permissions that the program uses. */
export const GRANT_KINDS = ["read", "write", "net", "env", "run", "ffi"] as const;

/** One of {@linkcode GRANT_KINDS}. */
export type GrantKind = typeof GRANT_KINDS[number];

/** What is permitted, as a permission set of `deno.json` says it: `true` is everything of a kind, absent nothing. */
export type Grants = { readonly [Kind in GrantKind]?: boolean | readonly string[] };

/**
 * The flags of Deno that permit what `grants` says and nothing else.
 *
 * @throws {CliError} `usage` for a name that would permit something else: the empty one, or one with a comma.
 */
export function grantFlags(grants: Grants): string[] {
  return GRANT_KINDS.flatMap((kind) => {
    const granted = grants[kind];
    if (granted === true) return [`--allow-${kind}`];
    if (granted === undefined || granted === false || granted.length === 0) return [];
    return [`--allow-${kind}=${granted.map((name) => single(kind, name)).join(",")}`];
  });
}

function single(kind: GrantKind, name: string): string {
  if (name !== "" && !name.includes(",")) return name;
  throw new CliError("usage", `No flag of Deno can grant ${kind} for ${JSON.stringify(name)} alone`, {
    hint: "Deno takes a comma for the end of a name, and an empty name for everything.",
  });
}
