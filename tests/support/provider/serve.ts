import { ADA } from "./directory.ts";
import { startProvider } from "./provider.ts";

/**
 * Runs the provider as a process of its own until it is interrupted: `deno run --allow-all serve.ts [CA_FILE]`. It
 * prints one line of JSON with all that a client needs, and writes the root certificate to CA_FILE if there is one.
 */
if (import.meta.main) {
  await using provider = await startProvider();
  const [caFile] = Deno.args;
  if (caFile !== undefined) await Deno.writeTextFile(caFile, provider.caPem);
  const { origin, tenantId, clientId, issuer, caPem } = provider;
  const line = JSON.stringify({
    origin,
    tenantId,
    clientId,
    issuer,
    username: ADA.username,
    password: ADA.password,
    ...(caFile === undefined ? { caPem } : { caFile }),
  });
  await Deno.stdout.write(new TextEncoder().encode(`${line}\n`));
  await interrupted();
}

/** Waits for Ctrl-C or, except on Windows, SIGTERM. */
async function interrupted(): Promise<void> {
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  const { promise, resolve } = Promise.withResolvers<void>();
  const onSignal = () => resolve();
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  await promise;
  for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
}
