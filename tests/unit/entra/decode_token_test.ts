import { assertEquals } from "@std/assert";
import { CompactEncrypt, SignJWT } from "jose";
import { decodeToken } from "../../../src/entra/decode_token.ts";

Deno.test("decodeToken() returns the header and claims of a JWT", async () => {
  const token = await new SignJWT({ aud: "api" }).setProtectedHeader({ alg: "HS256", kid: "k" }).sign(
    new Uint8Array(32),
  );
  assertEquals(decodeToken(token), { header: { alg: "HS256", kid: "k" }, claims: { aud: "api" } });
});

Deno.test("decodeToken() returns only the header of an encrypted JWT", async () => {
  const token = await new CompactEncrypt(new TextEncoder().encode("{}"))
    .setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(new Uint8Array(32));
  assertEquals(decodeToken(token), { header: { alg: "dir", enc: "A256GCM" }, claims: null });
});

Deno.test("decodeToken() returns null for text that is not a JWT", () => {
  const part = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "");
  const wrong = [
    "",
    "x",
    "a.b.c",
    "0.AXoA-refresh",
    `${part({})}.${part([])}.x`,
    `${part(5)}.${part({})}.x`,
    "..",
    "....",
  ];
  for (const text of wrong) assertEquals(decodeToken(text), null, text);
});

Deno.test("decodeToken() returns null for a header or claims nested 10,000 levels deep", () => {
  const deep = btoa(`{"alg":"none","a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`).replaceAll("=", "");
  const shallow = btoa('{"alg":"none"}').replaceAll("=", "");
  assertEquals(decodeToken(`${shallow}.${deep}.x`), null);
  assertEquals(decodeToken(`${deep}.${shallow}.x`), null);
});
