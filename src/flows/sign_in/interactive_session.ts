import type { AuthorizationResponse, PastedVerdict } from "../../loopback/validate_callback.ts";
import type { Progress } from "../progress.ts";

export type { AuthorizationResponse, PastedVerdict };

/**
 * Asks for the address at which a browser ended elsewhere, until `judge` takes one. What is wrong with one is said.
 * Ends with the reason of `signal`, the terminal being as before.
 */
export type AskForAddress = (
  validate: (text: string) => PastedVerdict,
  signal: AbortSignal,
) => Promise<AuthorizationResponse>;

/** The person at this program, met where somebody has to be asked. Disposed of when that is over. */
export interface InteractiveSession extends Disposable {
  /** Tells what happens, and how much time is left. */
  readonly progress: Progress;
  /** Asks for an address; null where nobody can type one. */
  readonly askForAddress: AskForAddress | null;
}
