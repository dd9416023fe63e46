import { CliError } from "../../errors.ts";

/** The signals that end the program, with the exit codes that a shell gives them. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

type SignalName = keyof typeof EXIT_CODES;

/**
 * Catches SIGCHLD, without doing anything, until the result is disposed: if the parent of this process ignores it, the
 * system discards the exit codes of the programs that this process starts. Does nothing on Windows.
 */
export function catchChildSignal(): Disposable {
  return Deno.build.os === "windows" ? { [Symbol.dispose]: () => {} } : listen("SIGCHLD", () => {});
}

/** The signals that can be forwarded to another program. */
export type ForwardedSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT";

/** Forwards the signals to `receive` until the result is disposed. During that time they do not end this program. */
export type ForwardSignals = (receive: (signal: ForwardedSignal) => void) => Disposable;

/**
 * Turns Ctrl-C and similar signals into an abort, so that ports, locks and files are released before the process exits.
 * The handlers are installed when `signal` is first read, which must happen before anything that waits, locks or writes.
 * Until then, a signal ends the process as usual.
 */
export interface Signals extends Disposable {
  /** Aborted with a {@linkcode CliError} `interrupted` by the first signal after this property was read. */
  readonly signal: AbortSignal;
  /** Returns the exit code for the received signal, or null. */
  exitCode(): number | null;
  readonly forwardSignals: ForwardSignals;
}

/** Handles the signals until disposed. A second signal ends the process at once. */
export function handleSignals(): Signals {
  let listening: Signals | null = null;
  return {
    get signal() {
      return (listening ??= listenForSignals()).signal;
    },
    exitCode: () => listening?.exitCode() ?? null,
    forwardSignals: (receive) => (listening ??= listenForSignals()).forwardSignals(receive),
    [Symbol.dispose]: () => listening?.[Symbol.dispose](),
  };
}

function listenForSignals(): Signals {
  const controller = new AbortController();
  let received: SignalName | null = null;
  let receiver: ((signal: ForwardedSignal) => void) | null = null;
  // Of these, a Windows console sends only SIGINT.
  const isWindows = Deno.build.os === "windows";
  const names: SignalName[] = isWindows ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  const listeners = names.map((name) =>
    listen(name, () => {
      if (receiver !== null) return receiver(name);
      if (received !== null) Deno.exit(EXIT_CODES[name]);
      received = name;
      controller.abort(new CliError("interrupted", "Interrupted"));
    })
  );
  // A write beyond the limit of `ulimit -f` ends a process that does not catch SIGXFSZ. If it is caught, the write fails.
  // Deno handles a signal some time after it came, so the listener stays.
  if (!isWindows) listeners.push(listen("SIGXFSZ", () => {}));
  return {
    signal: controller.signal,
    exitCode: () => received === null ? null : EXIT_CODES[received],
    forwardSignals(receive) {
      receiver = receive;
      // Not handled otherwise: SIGQUIT is meant to end this program at once.
      const quit = isWindows ? null : listen("SIGQUIT", () => receive("SIGQUIT"));
      return {
        [Symbol.dispose]() {
          receiver = null;
          quit?.[Symbol.dispose]();
        },
      };
    },
    [Symbol.dispose]() {
      for (const listener of listeners) listener[Symbol.dispose]();
    },
  };
}

function listen(name: Deno.Signal, listener: () => void): Disposable {
  Deno.addSignalListener(name, listener);
  return { [Symbol.dispose]: () => Deno.removeSignalListener(name, listener) };
}
