import { deadline } from "@std/async/deadline";
import type { Provider } from "../../tests/support/provider/provider.ts";
import { CONFIDENTIAL_APPLICATION } from "../../tests/support/provider/directory.ts";
import { median, type TimedCommand } from "./compare.ts";

/** A provider that takes longer to respond is broken. */
const TIMEOUT_MS = 30_000;

/** Runs for a median of memory, which varies little. */
const MEMORY_RUNS = 5;

/**
 * Returns how long the provider takes for the token request of a refresh, in milliseconds: the median of `runs`, each over a
 * new connection as a new process has it.
 */
export async function timeProvider(provider: Provider, runs: number): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    using client = Deno.createHttpClient({ caCerts: [provider.caPem] });
    const startMs = performance.now();
    await deadline(requestToken(provider, client), TIMEOUT_MS);
    times.push(performance.now() - startMs);
  }
  return median(times);
}

async function requestToken({ origin, tenantId }: Provider, client: Deno.HttpClient): Promise<void> {
  const endpoint = `${origin}/${tenantId}/oauth2/v2.0/token`;
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: CONFIDENTIAL_APPLICATION.clientId,
    client_secret: CONFIDENTIAL_APPLICATION.secret ?? "",
    scope: "https://graph.microsoft.com/.default",
  });
  const response = await fetch(endpoint, { client, method: "POST", body });
  if (!response.ok) throw new Error(`The provider issued no token: ${await response.text()}`);
  await response.body?.cancel();
}

/**
 * Returns the peak memory of a command in MiB, or null without GNU time. Throws an `Error` if the command fails.
 */
export async function peakMemory({ name, command, env }: TimedCommand): Promise<number | null> {
  const peaks: number[] = [];
  for (let run = 0; run < MEMORY_RUNS; run++) {
    const output = await gnuTime(command, env);
    if (output === null) return null;
    const text = new TextDecoder().decode(output.stderr).trim();
    if (!output.success) throw new Error(`Cannot measure ${name}: ${text}`);
    peaks.push(Number(text.split("\n").at(-1)) / 1024);
  }
  return median(peaks);
}

async function gnuTime(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Deno.CommandOutput | null> {
  const args = ["--format=%M", ...command];
  try {
    return await new Deno.Command("/usr/bin/time", { args, env: { ...env }, clearEnv: true, stdin: "null" })
      .output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Returns how long `count` commands take that start at once, in milliseconds. Throws an `Error` if one fails. */
export async function timeAtOnce({ name, command, env }: TimedCommand, count: number): Promise<number> {
  const [program = "", ...args] = command;
  const options = { args, env: { ...env }, clearEnv: true, stdin: "null" } as const;
  const startMs = performance.now();
  const outputs = await Promise.all(
    Array.from({ length: count }, () => new Deno.Command(program, options).output()),
  );
  const elapsedMs = performance.now() - startMs;
  if (outputs.some(({ success }) => !success)) {
    throw new Error(`Cannot time ${count} concurrent runs of ${name}`);
  }
  return elapsedMs;
}
