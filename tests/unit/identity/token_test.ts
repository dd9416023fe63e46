import { assertEquals } from "@std/assert";
import { isExpired, REFRESH_MARGIN_SECONDS } from "../../../src/identity/token.ts";

Deno.test("isExpired() is true from the second of the expiry", () => {
  const token = { expiresAt: 1000 };
  assertEquals(isExpired(token, 999_000), false);
  assertEquals(isExpired(token, 999_999), false);
  assertEquals(isExpired(token, 1_000_000), true);
  assertEquals(isExpired(token, 1_000_001), true);
});

Deno.test("isExpired() with a margin is true that long before the expiry", () => {
  const token = { expiresAt: 1000 };
  const marginStart = (1000 - REFRESH_MARGIN_SECONDS) * 1000;
  assertEquals(isExpired(token, marginStart, REFRESH_MARGIN_SECONDS), false);
  assertEquals(isExpired(token, marginStart + 1, REFRESH_MARGIN_SECONDS), true);
});

Deno.test("isExpired() is true for an invalid expiry", () => {
  assertEquals(isExpired({ expiresAt: NaN }, 0), true);
});
