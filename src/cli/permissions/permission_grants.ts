import { CliError } from "../../errors.ts";

/** The kinds of Deno permissions that this program uses. */
export const GRANT_KINDS = ["read", "write", "net", "env", "run", "sys", "ffi"] as const;

export type GrantKind = typeof GRANT_KINDS[number];

/** A permission set as in `deno.json`: `true` grants everything of a kind, an absent kind grants nothing. */
export type Grants = { readonly [Kind in GrantKind]?: boolean | readonly string[] };

/**
 * Returns the flags of Deno that grant `grants` and nothing else.
 *
 * @throws {CliError} `usage` for a name that would grant something else: an empty one, or one with a comma.
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
  throw new CliError("usage", `Cannot grant ${kind} for ${JSON.stringify(name)} alone`, {
    hint: "Use a name without a comma, which ends a name for Deno; an empty name grants everything.",
  });
}
