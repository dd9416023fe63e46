import { assertEquals } from "@std/assert";
import { isRegistryOf } from "../../../src/flows/registry_credential.ts";

Deno.test("isRegistryOf() accepts the registries of the authority's cloud only", () => {
  const clouds = [
    ["https://login.microsoftonline.com", "azurecr.io"],
    ["https://login.microsoftonline.us", "azurecr.us"],
    ["https://login.partner.microsoftonline.cn", "azurecr.cn"],
  ] as const;
  for (const [authority, domain] of clouds) {
    for (const [, other] of clouds) {
      assertEquals(isRegistryOf(authority, `contoso.${other}`), other === domain, `${authority} ${other}`);
    }
    assertEquals(isRegistryOf(authority, `contoso-a1b2.westeurope.data.${domain}`), true);
    const others = [domain, `.${domain}`, `contoso.${domain}.evil.example`, `evil.example/.${domain}`];
    for (const host of [...others, `a@b.${domain}`, `contosoX${domain}`, `evil.example#.${domain}`]) {
      assertEquals(isRegistryOf(authority, host), false, host);
    }
  }
});
