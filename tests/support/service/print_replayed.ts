/** Prints how many entries of the corpus a test replayed, and how many passed. `sh scripts/dev.sh corpus` adds them up. */
export async function printReplayed(kind: string, replayed: number, passed: number): Promise<void> {
  await Deno.stderr.write(
    new TextEncoder().encode(`corpus ${kind}: ${replayed} replayed, ${passed} passed\n`),
  );
}
