import { CliError } from "../errors.ts";

/** The signals that end the program, and the exit codes by which a shell knows them. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

type SignalName = keyof typeof EXIT_CODES;

/** Turns Ctrl-C and its like into an abort, so that ports, locks and files are let go before the end. */
export interface Interrupts extends Disposable {
  /** Aborted with a {@linkcode CliError} `interrupted` when the first signal comes. */
  readonly signal: AbortSignal;
  /** The exit code for the signal that came, or null. */
  exitCode(): number | null;
}

/** Listens for the signals until disposed. The second one ends the process at once. */
export function listenForInterrupts(): Interrupts {
  const controller = new AbortController();
  let received: SignalName | null = null;
  // Windows knows SIGINT alone of these three as something a console sends.
  const names: SignalName[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  const listeners = names.map((name) => {
    const listener = () => {
      if (received !== null) Deno.exit(EXIT_CODES[name]);
      received = name;
      controller.abort(new CliError("interrupted", "Interrupted"));
    };
    Deno.addSignalListener(name, listener);
    return { name, listener };
  });
  return {
    signal: controller.signal,
    exitCode: () => received === null ? null : EXIT_CODES[received],
    [Symbol.dispose]() {
      for (const { name, listener } of listeners) Deno.removeSignalListener(name, listener);
    },
  };
}
