import { ownArguments } from "../own_arguments.ts";

/**
 * The arguments with `-ojson` as `-o json`, which az and kubectl read so; Cliffy would take each letter for a flag. That
 * is for short flags that have a value in every command that knows them.
 */
export function withoutJoinedValues(args: readonly string[]): readonly string[] {
  const own = ownArguments(args);
  const apart = own.flatMap((arg) => /^-[finops][^=]/.test(arg) ? [arg.slice(0, 2), arg.slice(2)] : [arg]);
  return [...apart, ...args.slice(own.length)];
}
