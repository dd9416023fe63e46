import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { CRYPT32, openDataProtection } from "../../../../src/system/windows/data_protection.ts";

const ignore = Deno.build.os !== "windows";
const PURPOSE = new TextEncoder().encode("a test");

for (const length of [1, 2, 3, 32, 10_000]) {
  Deno.test({
    name: `openDataProtection() decrypts ${length} bytes that it has encrypted`,
    ignore,
    // Proves that no other permission is needed.
    permissions: { ffi: [CRYPT32] },
    fn() {
      const data = crypto.getRandomValues(new Uint8Array(length));
      const sealed = openDataProtection().protect(data, PURPOSE);
      assertNotEquals(sealed.subarray(-length), data);
      assertEquals(openDataProtection().unprotect(sealed, PURPOSE), data);
    },
  });
}

Deno.test({
  name: "openDataProtection() decrypts nothing with other entropy, and nothing changed or foreign",
  ignore,
  permissions: { ffi: [CRYPT32] },
  fn() {
    const dpapi = openDataProtection();
    const sealed = dpapi.protect(new TextEncoder().encode("a secret of the test"), PURPOSE);
    assertEquals(dpapi.unprotect(sealed, new TextEncoder().encode("another test")), null);
    assertEquals(dpapi.unprotect(new TextEncoder().encode("was never sealed by anybody"), PURPOSE), null);
    assertEquals(dpapi.unprotect(new Uint8Array(0), PURPOSE), null);
    const changed = sealed.slice();
    const last = changed.length - 1;
    changed[last] = (changed[last] ?? 0) ^ 1;
    assertEquals(dpapi.unprotect(changed, PURPOSE), null);
  },
});

Deno.test({
  name: "openDataProtection() names the missing Deno flag",
  permissions: "none",
  fn() {
    const error = assertThrows(() => openDataProtection().protect(new Uint8Array(32), PURPOSE), CliError);
    assertEquals([error.code, error.message], ["permission", "Using Windows DPAPI is not permitted"]);
    assertEquals(error.hint, `Add the Deno flag "--allow-ffi=${CRYPT32}"`);
  },
});
