import { fail, type Finding, ok } from "./finding.ts";

/** A permission that a sign-in needs. */
export interface PermissionFacts {
  /** The flag of Deno that gives it. */
  readonly flag: string;
  /** Whether it was given. */
  readonly isGranted: boolean;
}

/** Whether Deno lets the program do what a sign-in takes. Openers have a check of their own. */
export function checkPermissions(permissions: readonly PermissionFacts[]): Finding {
  const missing = permissions.filter(({ isGranted }) => !isGranted).map(({ flag }) => flag);
  if (missing.length === 0) return ok("permissions", "Deno grants what a sign-in needs");
  return fail(
    "permissions",
    `Deno does not grant ${missing.join(" ")}`,
    "Add these flags, or run the program with the permission set `default` of deno.json.",
  );
}
