import { assertEquals } from "@std/assert";
import { describeTraffic, noTraffic } from "../../../src/loopback/callback_traffic.ts";

Deno.test("describeTraffic() reports that nothing arrived", () => {
  assertEquals(describeTraffic(noTraffic()), "Nothing reached the callback server.");
});

Deno.test("describeTraffic() counts harmless requests", () => {
  assertEquals(
    describeTraffic({ ...noTraffic(), requests: 1 }),
    "1 request reached the callback server, but not the response to this sign-in.",
  );
});

Deno.test("describeTraffic() explains why requests were refused", () => {
  assertEquals(
    describeTraffic({ ...noTraffic(), requests: 4, wrongState: 2, wrongPath: 1 }),
    "4 requests reached the callback server, but not the response to this sign-in " +
      "(2 for another sign-in (wrong state), 1 for another path).",
  );
});

Deno.test("describeTraffic() distinguishes connections without a request", () => {
  assertEquals(
    describeTraffic({ ...noTraffic(), silent: 1, tls: 2 }),
    "No request reached the callback server, but 1 connection that sent nothing, " +
      "2 connections over TLS (the URL begins with http://, not https://).",
  );
  assertEquals(
    describeTraffic({ ...noTraffic(), requests: 1, wrongPath: 1, unreadable: 1 }),
    "1 request reached the callback server, but not the response to this sign-in (1 for another path). " +
      "Also: 1 connection without a complete request.",
  );
});
