import { join } from "@std/path/join";
import { systemProcesses } from "../../../src/system/processes/processes.ts";
import type { Processes } from "../../../src/system/processes/processes.ts";

/** A private D-Bus session with a Secret Service (gnome-keyring) that contains no other keys. */
export interface SecretService extends AsyncDisposable {
  /** The variables that make a program use this session. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs programs in this session. */
  readonly processes: Pick<Processes, "run">;
  /** Locks the keyring. No user answers its password prompt. */
  lock(): Promise<void>;
  /** Restarts the service with a locked keyring, which shows less than after `lock`. */
  restartLocked(): Promise<void>;
  /** Restarts the service with an unlocked keyring. */
  unlock(): Promise<void>;
  /** Makes the service hang: it is present but never responds. */
  freeze(): void;
  /** Stops the service. The session continues without one. */
  stop(): Promise<void>;
}

export interface SecretServiceOptions {
  /** `none`: no service. `no keyring`: a service that was never used. Default: an unlocked keyring. */
  readonly keyring?: "open" | "no keyring" | "none";
}

const NEEDED = ["dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool"];

/** Whether the programs of a Secret Service are not installed here. */
export const hasNoSecretService: boolean = Deno.build.os !== "linux" || !NEEDED.every(isInstalled);

const PASSWORD = "the keyring's password";

/** Starts a session with a Secret Service in a temporary folder. */
export async function openSecretService(options: SecretServiceOptions = {}): Promise<SecretService> {
  const { keyring = "open" } = options;
  await using parts = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  parts.defer(() => Deno.remove(folder, { recursive: true }));
  const env = {
    HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
    XDG_CACHE_HOME: folder,
    XDG_RUNTIME_DIR: folder,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(folder, "bus")}`,
  };
  const processes: Pick<Processes, "run"> = {
    run: (command, args, given) =>
      systemProcesses.run(command, args, { ...given, env: { ...env, ...given.env } }),
  };
  parts.use(await startBus(folder, env));
  let daemon = keyring === "none" ? null : await startKeyring(keyring, processes, env);
  parts.defer(async () => await daemon?.[Symbol.asyncDispose]());
  const owned = parts.move();
  return {
    env,
    processes,
    async lock() {
      await call(processes, "Lock", `array:objpath:${LOGIN_KEYRING}`);
    },
    async restartLocked() {
      await daemon?.[Symbol.asyncDispose]();
      daemon = await startKeyring("no keyring", processes, env);
    },
    async unlock() {
      await daemon?.[Symbol.asyncDispose]();
      daemon = await startKeyring("open", processes, env);
    },
    freeze: () => daemon?.kill("SIGSTOP"),
    async stop() {
      await daemon?.[Symbol.asyncDispose]();
      daemon = null;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Configures a bus that starts no service of this machine by itself. */
function busConfiguration(folder: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${join(folder, "bus")}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;
}

async function startBus(folder: string, env: Record<string, string>): Promise<Daemon> {
  const configuration = join(folder, "bus.conf");
  await Deno.writeTextFile(configuration, busConfiguration(folder));
  const child = new Deno.Command("dbus-daemon", {
    args: [`--config-file=${configuration}`, "--nofork", "--print-address"],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  // The daemon prints its address once it listens.
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  await reader.cancel();
  const daemon = new Daemon(child);
  if (!done) return daemon;
  await daemon[Symbol.asyncDispose]();
  throw new Error("dbus-daemon did not start");
}

const LOGIN_KEYRING = "/org/freedesktop/secrets/collection/login";

async function startKeyring(
  keyring: "open" | "no keyring",
  processes: Pick<Processes, "run">,
  env: Record<string, string>,
): Promise<Daemon> {
  const child = new Deno.Command("gnome-keyring-daemon", {
    args: ["--foreground", "--components=secrets", ...(keyring === "open" ? ["--unlock"] : [])],
    env,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const daemon = new Daemon(child);
  daemon.type(PASSWORD);
  const ready = keyring === "open" ? LOGIN_KEYRING : "object path";
  while (!(await call(processes, "ReadAlias", "string:default")).includes(ready)) {
    if (!daemon.hasEnded) continue;
    await daemon[Symbol.asyncDispose]();
    throw new Error("gnome-keyring-daemon did not start");
  }
  return daemon;
}

/** Calls a method of the Secret Service and returns the reply, or an empty text on failure. */
async function call(processes: Pick<Processes, "run">, method: string, argument: string): Promise<string> {
  const result = await processes.run("dbus-send", [
    "--session",
    "--print-reply",
    "--dest=org.freedesktop.secrets",
    "/org/freedesktop/secrets",
    `org.freedesktop.Secret.Service.${method}`,
    argument,
  ], { timeoutMs: 10_000 });
  return result.kind === "ended" && result.code === 0 ? result.stdout : "";
}

/** A program that runs until it is killed. */
class Daemon implements AsyncDisposable {
  /** Settles when the program has ended. */
  readonly exited: Promise<void>;
  readonly #child: Deno.ChildProcess;
  #hasEnded = false;
  #typed: Promise<void> = Promise.resolve();

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.exited = child.status.then(() => {
      this.#hasEnded = true;
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  kill(signal: Deno.Signal): void {
    if (!this.#hasEnded) this.#child.kill(signal);
  }

  /** Writes the whole standard input. The program may end without reading it. */
  type(text: string): void {
    const stdin = new Blob([text]).stream().pipeTo(this.#child.stdin);
    this.#typed = stdin.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await Promise.all([this.exited, this.#typed]);
  }
}

function isInstalled(program: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(join(folder, program)).isFile;
    } catch {
      return false;
    }
  });
}
