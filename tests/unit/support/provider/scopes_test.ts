import { assertEquals } from "@std/assert";
import { readResourceScope, renameOfflineAccess } from "../../../support/provider/scopes.ts";

const READ: [asked: string, resource: string, audience: string, permission: string][] = [
  ["User.Read", "https://graph.microsoft.com", "https://graph.microsoft.com", "User.Read"],
  [
    "https://graph.microsoft.com/User.Read",
    "https://graph.microsoft.com",
    "https://graph.microsoft.com",
    "User.Read",
  ],
  [
    "https://management.azure.com//.default",
    "https://management.azure.com/",
    "https://management.azure.com/",
    ".default",
  ],
  ["api://orders/Read", "api://orders", "api://orders", "Read"],
  [
    "00000003-0000-0000-c000-000000000000/.default",
    "api://00000003-0000-0000-c000-000000000000",
    "00000003-0000-0000-c000-000000000000",
    ".default",
  ],
];

for (const [asked, resource, audience, permission] of READ) {
  Deno.test(`readResourceScope() splits ${asked}`, () => {
    assertEquals(readResourceScope(asked), { asked, resource, audience, permission });
  });
}

Deno.test("renameOfflineAccess() changes nothing else", () => {
  assertEquals(renameOfflineAccess("openid  offline_access User.Read"), "openid offline_inside User.Read");
  assertEquals(renameOfflineAccess(""), "");
});
