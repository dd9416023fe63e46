import { assertEquals } from "@std/assert";
import { isGuid } from "../../../src/identity/guid.ts";
import { TENANT_ID } from "../../support/fixtures/entra_fixture.ts";

Deno.test("A GUID is recognized in upper and lower case, and only as the whole text", () => {
  assertEquals(
    ["", TENANT_ID, TENANT_ID.toUpperCase(), `{${TENANT_ID}}`, `${TENANT_ID}\n`, "a b"].map(isGuid),
    [
      false,
      true,
      true,
      false,
      false,
      false,
    ],
  );
});
