import { CliError } from "../../errors.ts";

/** The signals that end the program, and the exit codes by which a shell knows them. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

type SignalName = keyof typeof EXIT_CODES;

/** The signals that another program can be told of in place of this one. */
export type PassedSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT";

/** Hands the signals over to `receive` until the result is disposed: they end nothing meanwhile. */
export type ForwardSignals = (receive: (signal: PassedSignal) => void) => Disposable;

/**
 * Turns Ctrl-C and its like into an abort, so that ports, locks and files are let go before the end. Until somebody asks
 * for `signal`, they end the process as they end any: whoever waits, takes a lock or begins to write a file asks for it
 * before.
 */
export interface Signals extends Disposable {
  /** Aborted with a {@linkcode CliError} `interrupted` when the first signal comes after this was asked for. */
  readonly signal: AbortSignal;
  /** The exit code for the signal that came, or null. */
  exitCode(): number | null;
  /** See {@linkcode ForwardSignals}. */
  readonly forwardSignals: ForwardSignals;
}

/** Listens for the signals, once that is asked for, until disposed. The second one ends the process at once. */
export function handleSignals(): Signals {
  let heard: Signals | null = null;
  return {
    get signal() {
      return (heard ??= listenForSignals()).signal;
    },
    exitCode: () => heard?.exitCode() ?? null,
    forwardSignals: (receive) => (heard ??= listenForSignals()).forwardSignals(receive),
    [Symbol.dispose]: () => heard?.[Symbol.dispose](),
  };
}

function listenForSignals(): Signals {
  const controller = new AbortController();
  let received: SignalName | null = null;
  let receiver: ((signal: PassedSignal) => void) | null = null;
  // Windows knows SIGINT alone of these three as something a console sends.
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
  return {
    signal: controller.signal,
    exitCode: () => received === null ? null : EXIT_CODES[received],
    forwardSignals(receive) {
      receiver = receive;
      // Alone it ends the program without a word, which is what it is for.
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

function listen(name: PassedSignal, listener: () => void): Disposable {
  Deno.addSignalListener(name, listener);
  return { [Symbol.dispose]: () => Deno.removeSignalListener(name, listener) };
}
