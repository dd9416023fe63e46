/** Prints how many cases a table test tried and survived. `sh scripts/dev.sh attack` adds them up. */
export async function printFigures(what: string, cases: number, more = "0 lost"): Promise<void> {
  await Deno.stderr.write(new TextEncoder().encode(`${what}: ${cases} cases, ${more}\n`));
}
