import { deadline } from "@std/async/deadline";
import type { Provider } from "../../tests/support/provider/provider.ts";
import { CONFIDENTIAL_APPLICATION } from "../../tests/support/provider/directory.ts";
import { median } from "./compare.ts";

/** A provider that takes longer to answer is broken. */
const PATIENCE_MS = 30_000;

/**
 * How long the provider itself takes for the two requests of a refresh, its description and a token, in milliseconds: the
 * median of `runs`, each over a connection of its own as a new process has it.
 */
export async function timeProvider(provider: Provider, runs: number): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    using client = Deno.createHttpClient({ caCerts: [provider.caPem] });
    const startMs = performance.now();
    await deadline(askOnce(provider, client), PATIENCE_MS);
    times.push(performance.now() - startMs);
  }
  return median(times);
}

async function askOnce({ origin, tenantId }: Provider, client: Deno.HttpClient): Promise<void> {
  const base = `${origin}/${tenantId}`;
  const described = await fetch(`${base}/v2.0/.well-known/openid-configuration`, { client });
  const { token_endpoint: endpoint } = await described.json();
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: CONFIDENTIAL_APPLICATION.clientId,
    client_secret: CONFIDENTIAL_APPLICATION.secret ?? "",
    scope: "https://graph.microsoft.com/.default",
  });
  const answer = await fetch(endpoint, { client, method: "POST", body });
  if (!answer.ok) throw new Error(`The provider gave no token: ${await answer.text()}`);
  await answer.body?.cancel();
}
