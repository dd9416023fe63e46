import { assert, assertEquals, assertRejects, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { systemNetwork } from "../../../../src/system/network/deno_network.ts";
import type { HttpRequest, HttpResponse } from "../../../../src/system/network/network.ts";

/** Sends a request to a server on this machine. */
async function send(handler: Deno.ServeHandler, changes: Partial<HttpRequest> = {}): Promise<HttpResponse> {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  return await systemNetwork().send(request(`http://127.0.0.1:${server.addr.port}/`, changes));
}

function request(url: string, changes: Partial<HttpRequest> = {}): HttpRequest {
  const { signal } = new AbortController();
  return { url, method: "GET", headers: {}, timeoutMs: 30_000, maxBytes: 1000, signal, ...changes };
}

Deno.test("systemNetwork() returns status, headers and the whole body", async () => {
  const response = await send(
    async (got) => new Response(`${got.method} ${await got.text()}`, { status: 418 }),
    {
      method: "POST",
      body: "hello",
    },
  );
  assertEquals([response.status, new TextDecoder().decode(response.body)], [418, "POST hello"]);
  assertEquals(response.headers["content-type"], "text/plain;charset=UTF-8");
});

Deno.test("systemNetwork() names an invalid header without its value", async () => {
  for (const value of ["Bearer one\ntwo", "Bearer one\0two", "Bearer \u0142"]) {
    const error = await assertRejects(
      () => systemNetwork().send(request("https://localhost:1/", { headers: { authorization: value } })),
      CliError,
      'header "authorization"',
    );
    assertEquals([error.code, error.cause], ["usage", undefined]);
    assert(!error.message.includes("Bearer"));
  }
});

Deno.test("systemNetwork() does not follow redirects", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    let requests = 0;
    const response = await send(() => {
      requests++;
      return new Response(null, { status, headers: { location: "/elsewhere" } });
    }, { method: "POST", body: "secret" });
    assertEquals([response.status, response.headers.location, requests], [status, "/elsewhere", 1]);
  }
});

Deno.test("systemNetwork() accepts a body of the size limit and rejects one byte more", async () => {
  assertEquals((await send(() => new Response("x".repeat(1000)))).body.length, 1000);
  const error = await assertRejects(
    () => send(() => new Response("x".repeat(1001))),
    CliError,
    "larger than",
  );
  assertEquals(error.code, "network");
});

Deno.test("systemNetwork() limits the decompressed size of a body", async () => {
  const packed = new Response("x".repeat(100_000)).body?.pipeThrough(new CompressionStream("gzip")) ?? null;
  const answer = new Response(packed, { headers: { "content-encoding": "gzip" } });
  await assertRejects(() => send(() => answer), CliError, "larger than");
});

Deno.test("systemNetwork() times out without a response", async () => {
  const end = Promise.withResolvers<Response>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => end.promise);
  const slow = request(`http://127.0.0.1:${server.addr.port}/`, { timeoutMs: 100 });
  const error = await assertRejects(() => systemNetwork().send(slow), CliError);
  end.resolve(new Response());
  assertEquals(error.code, "network");
  assertStringIncludes(error.message, "within 0.1 s");
});

Deno.test("systemNetwork() rejects with the reason of the signal", async () => {
  const reason = new CliError("interrupted", "Interrupted");
  const aborted = request("http://127.0.0.1:9/", { signal: AbortSignal.abort(reason) });
  assertStrictEquals(await assertRejects(() => systemNetwork().send(aborted)), reason);
});

Deno.test("systemNetwork() distinguishes a refused connection from invalid TLS, whatever the URL contains", async () => {
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  const refused = await assertRejects(
    () => systemNetwork().send(request(`https://127.0.0.1:${port}/tls`)),
    CliError,
  );
  assertEquals([refused.code, refused.message], ["network", `127.0.0.1:${port} refused the connection`]);

  await using plain = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("plain"),
  );
  const noTls = request(`https://127.0.0.1:${plain.addr.port}/`);
  const broken = await assertRejects(
    () => systemNetwork().send(noTls),
    CliError,
    "sent an invalid TLS response",
  );
  assertEquals(broken.code, "network");
});

Deno.test("systemNetwork() reports invalid root certificates as a usage error", async () => {
  for (const inside of ["!!!", btoa("not a certificate")]) {
    const roots = [`-----BEGIN CERTIFICATE-----\n${inside}\n-----END CERTIFICATE-----`];
    const error = await assertRejects(
      () => systemNetwork(roots).send(request("https://127.0.0.1:9/")),
      CliError,
    );
    assertEquals(error.code, "usage");
    assertStringIncludes(error.hint ?? "", "--ca-cert");
  }
});

Deno.test("systemNetwork() times out when a response stops in its body", async () => {
  const body = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode("{")) });
  const error = await assertRejects(() => send(() => new Response(body), { timeoutMs: 1000 }), CliError);
  assertEquals(error.code, "network");
  assertStringIncludes(error.message, "No response from 127.0.0.1");
});
