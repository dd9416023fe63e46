import { assertEquals } from "@std/assert";
import { type FormBody, readForm } from "../../../src/loopback/read_form.ts";

function post(body: BodyInit | null, headers: Record<string, string> = {}): Request {
  return new Request("http://localhost/", { method: "POST", body, headers });
}

function read(
  request: Request,
  limits: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<FormBody> {
  const { timeoutMs = 60_000, signal = new AbortController().signal } = limits;
  return readForm(request, { maxBytes: 10, timeoutMs, signal });
}

/** A body that sends `first` and then nothing more; `cancelled` tells whether it was given up. */
function stalledBody(first: string): { body: ReadableStream<Uint8Array>; cancelled: Promise<void> } {
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(first)),
    cancel: () => cancelled.resolve(),
  });
  return { body, cancelled: cancelled.promise };
}

Deno.test("readForm() reads a body up to the limit", async () => {
  assertEquals(await read(post("0123456789")), { kind: "text", text: "0123456789" });
  assertEquals(await read(post("")), { kind: "text", text: "" });
  assertEquals(await read(post(null)), { kind: "text", text: "" });
});

Deno.test("readForm() refuses a body that is longer than the limit, announced or not", async () => {
  assertEquals(await read(post("01234567890")), { kind: "refused", status: 413 });
  assertEquals(await read(post("a", { "content-length": "11" })), { kind: "refused", status: 413 });
});

Deno.test("readForm() stops reading an endless body at the limit", async () => {
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(4)),
    cancel: () => cancelled.resolve(),
  });
  assertEquals(await read(post(body)), { kind: "refused", status: 413 });
  await cancelled.promise;
});

Deno.test("readForm() gives up a body that does not come to its end in time", async () => {
  const { body, cancelled } = stalledBody("abc");
  assertEquals(await read(post(body), { timeoutMs: 1 }), { kind: "refused", status: 408 });
  await cancelled;
});

Deno.test("readForm() gives up a body when its signal is aborted", async () => {
  const { body, cancelled } = stalledBody("abc");
  const closing = new AbortController();
  const reading = read(post(body), { signal: closing.signal });
  closing.abort();
  assertEquals(await reading, { kind: "refused", status: 503 });
  await cancelled;
});

Deno.test("readForm() refuses bytes that are not UTF-8, and a body that breaks off", async () => {
  assertEquals(await read(post(new Uint8Array([0x61, 0xff]))), { kind: "refused", status: 400 });
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new TypeError("connection closed")),
  });
  assertEquals(await read(post(broken)), { kind: "refused", status: 400 });
});
