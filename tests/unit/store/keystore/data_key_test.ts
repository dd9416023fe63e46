import { assertEquals, assertRejects } from "@std/assert";
import { generateKeyBytes, importDataKey } from "../../../../src/store/keystore/key_store.ts";

Deno.test("importDataKey() makes a key whose bytes can't be taken out again", async () => {
  const { key } = await importDataKey(generateKeyBytes());
  assertEquals([key.extractable, key.algorithm], [false, { name: "AES-GCM", length: 256 }]);
  await assertRejects(() => crypto.subtle.exportKey("raw", key), DOMException);
});
