/** What a started program shares with this one, and what it gets. */
export interface SpawnOptions extends Pick<Deno.CommandOptions, "stdin" | "stdout" | "stderr"> {
  /** Variables to set besides those that it inherits. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it gets a process group of its own, which Ctrl-C in the terminal doesn't reach. */
  readonly detached: boolean;
}

/** Why a program was not started: there is none of that name, Deno may not start it, or the system refused. */
export type SpawnFailure = { kind: "not-found" | "not-permitted" | "refused" };

/** Whether spawning failed. */
export function isFailure(spawned: Deno.ChildProcess | SpawnFailure): spawned is SpawnFailure {
  return "kind" in spawned;
}

/**
 * Variables by which this program is given secrets. They are no concern of the programs that it starts; what is inherited
 * can't be unset without the permission to read every variable, so it is emptied.
 */
const OWN_SECRETS = {
  ENTRA_AUTH_CLI_KEY: "",
  AZURE_CLIENT_SECRET: "",
  AZURE_CLIENT_CERTIFICATE_PASSWORD: "",
};

/** Starts `command`, looked up in PATH when it has no slash, with exactly `args`: no shell reads them. */
export function trySpawn(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Deno.ChildProcess | SpawnFailure {
  try {
    return spawnPastLoaderVariables(command, args, options);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return { kind: "not-permitted" };
    if (error instanceof Deno.errors.NotFound) return { kind: "not-found" };
    return { kind: "refused" };
  }
}

/**
 * Spawns `command`. With a list of allowed programs Deno starts none while a variable is set that makes the loader run
 * other code (`LD_PRELOAD`, `LD_LIBRARY_PATH`, `DYLD_…`), and names those in its message. Emptied for the child they do
 * nothing, so that is tried next.
 */
function spawnPastLoaderVariables(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Deno.ChildProcess {
  try {
    return spawn(command, args, options);
  } catch (error) {
    const variables = error instanceof Deno.errors.NotCapable
      ? error.message.match(/\b(?:LD|DYLD)_\w+/g)
      : null;
    if (variables === null) throw error;
    const emptied = Object.fromEntries(variables.map((name) => [name, ""]));
    return spawn(command, args, { ...options, env: { ...options.env, ...emptied } });
  }
}

function spawn(
  command: string,
  args: readonly string[],
  { env, ...options }: SpawnOptions,
): Deno.ChildProcess {
  return new Deno.Command(command, { ...options, args: [...args], env: { ...OWN_SECRETS, ...env } }).spawn();
}
