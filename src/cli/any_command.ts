import type { Command } from "@cliffy/command";

/**
 * A command with flags of whatever type: Cliffy's types tell every set of flags apart, and a list of commands can't.
 *
 * @internal
 */
// deno-lint-ignore no-explicit-any -- what Cliffy itself takes for "any command"
export type AnyCommand = Command<any>;
