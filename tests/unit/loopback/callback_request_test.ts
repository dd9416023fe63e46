import { assertEquals } from "@std/assert";
import {
  type Admission,
  admitRequest,
  type FormBody,
  readForm,
} from "../../../src/loopback/callback_request.ts";

const PORT = 50123;

interface Head {
  method?: string;
  target?: string;
  /** The URL of the request, if it does not follow from `Host` and target. */
  url?: string;
  host?: string | null;
  headers?: Record<string, string>;
}

function admit(head: Head, port = PORT): Admission {
  const { method = "GET", target = "/?code=a", host = `localhost:${port}`, headers = {} } = head;
  const fields = new Map(Object.entries(headers));
  if (host !== null) fields.set("host", host);
  return admitRequest({
    method,
    url: head.url ?? `http://${host ?? `localhost:${port}`}${target}`,
    headers: { get: (name) => fields.get(name) ?? null },
  }, port);
}

const FORM = { "content-type": "application/x-www-form-urlencoded" };

function refused(status: number, fault: "wrongHost" | "wrongPath" | "wrongMethod" | "malformed"): Admission {
  return { kind: "refused", status, fault };
}

Deno.test("admitRequest() accepts a query, unchanged, on every name of this machine", () => {
  for (const host of [`localhost:${PORT}`, `127.0.0.1:${PORT}`, `[::1]:${PORT}`, `LocalHost:${PORT}`]) {
    assertEquals(admit({ host, target: "/?code=%41&state=b" }), {
      kind: "query",
      parameters: "code=%41&state=b",
    });
  }
});

Deno.test("admitRequest() refuses every other host", () => {
  const hosts = [
    null,
    "",
    "localhost",
    `localhost:${PORT + 1}`,
    `evil.example:${PORT}`,
    `localhost.evil.example:${PORT}`,
  ]
    .concat([
      `localhost:${PORT}@evil.example`,
      `127.0.0.2:${PORT}`,
      `0.0.0.0:${PORT}`,
      "a b<",
      `localhost:0${PORT}`,
    ]);
  for (const host of hosts) assertEquals(admit({ host }), refused(421, "wrongHost"), String(host));
});

Deno.test("admitRequest() refuses a foreign target or Host", () => {
  const url = "http://evil.example/?code=a";
  assertEquals(admit({ url }), refused(421, "wrongHost"));
  assertEquals(
    admit({ url: `http://localhost:${PORT}/?code=a`, host: "evil.example" }),
    refused(421, "wrongHost"),
  );
  assertEquals(admit({ url: `https://localhost:${PORT}/` }), refused(421, "wrongHost"));
  assertEquals(admit({ url: "not a url" }), refused(421, "wrongHost"));
});

Deno.test("admitRequest() accepts a host without a port only on port 80", () => {
  assertEquals(admit({ host: "localhost" }, 80), { kind: "query", parameters: "code=a" });
  assertEquals(admit({ host: "localhost" }, 8080), refused(421, "wrongHost"));
});

Deno.test("admitRequest() refuses every other path, in any notation", () => {
  for (
    const target of [
      "/callback?code=a",
      "//?code=a",
      "/./?code=a",
      "/%2e?code=a",
      "/../?code=a",
      "/;x?code=a",
    ]
  ) {
    assertEquals(admit({ target }), refused(404, "wrongPath"), target);
  }
  assertEquals(admit({ target: "?code=a" }), refused(404, "wrongPath"));
});

Deno.test("admitRequest() refuses every method but GET and POST", () => {
  for (const method of ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PUT", "DELETE", "PATCH", "get"]) {
    assertEquals(admit({ method }), refused(405, "wrongMethod"), method);
  }
});

Deno.test("admitRequest() treats the bare address and the icon as harmless", () => {
  assertEquals(admit({ target: "/" }), { kind: "visit" });
  assertEquals(admit({ target: "/?" }), { kind: "visit" });
  assertEquals(admit({ target: "/favicon.ico" }), { kind: "icon" });
});

Deno.test("admitRequest() accepts a form without an origin, with a hidden or with an https origin", () => {
  const form = (origin?: string) =>
    admit({ method: "POST", target: "/", headers: origin === undefined ? FORM : { ...FORM, origin } });
  assertEquals(form(), { kind: "form" });
  assertEquals(form("null"), { kind: "form" });
  assertEquals(form("https://login.microsoftonline.com"), { kind: "form" });
  assertEquals(form("http://evil.example"), refused(403, "malformed"));
  assertEquals(form(`http://localhost:${PORT}`), refused(403, "malformed"));
  assertEquals(form(""), refused(403, "malformed"));
});

Deno.test("admitRequest() refuses a body that is not a form", () => {
  const body = (type: string) => admit({ method: "POST", target: "/", headers: { "content-type": type } });
  assertEquals(body("application/x-www-form-urlencoded; charset=UTF-8"), { kind: "form" });
  assertEquals(body("Application/X-WWW-Form-Urlencoded"), { kind: "form" });
  for (const type of ["text/plain", "multipart/form-data; boundary=x", "application/json", ""]) {
    assertEquals(body(type), refused(415, "malformed"), type);
  }
  assertEquals(admit({ method: "POST", target: "/" }), refused(415, "malformed"));
});

Deno.test("admitRequest() refuses a form with a query", () => {
  assertEquals(admit({ method: "POST", target: "/?code=a", headers: FORM }), refused(400, "malformed"));
});

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

/** A body that sends `first` and then stalls. `cancelled` reports whether its reader gave up. */
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

Deno.test("readForm() refuses a body over the limit, with or without Content-Length", async () => {
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

Deno.test("readForm() times out if a body is not complete in time", async () => {
  const { body, cancelled } = stalledBody("abc");
  assertEquals(await read(post(body), { timeoutMs: 1 }), { kind: "refused", status: 408 });
  await cancelled;
});

Deno.test("readForm() stops reading when its signal is aborted", async () => {
  const { body, cancelled } = stalledBody("abc");
  const closing = new AbortController();
  const reading = read(post(body), { signal: closing.signal });
  closing.abort();
  assertEquals(await reading, { kind: "refused", status: 503 });
  await cancelled;
});

Deno.test("readForm() refuses bytes that are not UTF-8, and an incomplete body", async () => {
  assertEquals(await read(post(new Uint8Array([0x61, 0xff]))), { kind: "refused", status: 400 });
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new TypeError("connection closed")),
  });
  assertEquals(await read(post(broken)), { kind: "refused", status: 400 });
});
