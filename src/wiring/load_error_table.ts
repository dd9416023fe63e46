import type { ErrorTable } from "../flows/error_table.ts";

/** Loads what is known of Entra's errors. */
export async function loadErrorTable(): Promise<ErrorTable> {
  const { findRemedy, knownNumbers } = await import("../entra/errors/aadsts/find_remedy.ts");
  return {
    explain(aadsts, subject) {
      const remedy = findRemedy(aadsts);
      return remedy === null ? null : { aadsts, message: remedy.message, hint: remedy.hint(subject) };
    },
    numbers: knownNumbers,
  };
}
