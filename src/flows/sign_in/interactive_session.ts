import type { AuthorizationResponse, PastedVerdict } from "../../loopback/validate_callback.ts";
import type { Progress } from "../progress.ts";

/**
 * Prompts for the address that a browser elsewhere was redirected to, until `validate` accepts one. Shows why one is rejected.
 * Rejects with the reason of `signal`; the terminal is then as before.
 */
export type AskForAddress = (
  validate: (text: string) => PastedVerdict,
  signal: AbortSignal,
) => Promise<AuthorizationResponse>;

/** A session with the user at the terminal. Dispose of it when the sign-in ends. */
export interface InteractiveSession extends Disposable {
  /** Shows what happens, and how much time is left. */
  readonly progress: Progress;
  /** Null if the user can't type an address. */
  readonly askForAddress: AskForAddress | null;
}
