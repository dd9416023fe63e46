import { assertEquals } from "@std/assert";
import {
  audienceName,
  clientAuthentication,
  listClaim,
  textClaim,
} from "../../../../src/cli/output/token_report.ts";

Deno.test("textClaim() returns the first claim that is a string, and nothing from a prototype", () => {
  assertEquals(textClaim({ a: 5, b: "", c: "c", d: "d" }, "a", "b", "c", "d"), "c");
  assertEquals(textClaim({}, "toString", "x"), undefined);
});

Deno.test("listClaim() splits words, accepts lists, and omits items that are not strings", () => {
  assertEquals(listClaim({ x: " a  b " }, "x"), ["a", "b"]);
  assertEquals(listClaim({ x: ["a b", 5, null] }, "x"), ["a b"]);
  assertEquals(listClaim({ x: 5 }, "x"), []);
  assertEquals(listClaim({}, "toString"), []);
});

Deno.test("audienceName() knows Microsoft's APIs by ID and by URL, and no others", () => {
  assertEquals(audienceName("https://graph.microsoft.com/"), "Microsoft Graph");
  assertEquals(audienceName("https://graph.microsoft.us"), "Microsoft Graph");
  assertEquals(audienceName("00000003-0000-0000-C000-000000000000"), "Microsoft Graph");
  assertEquals(audienceName("https://management.core.windows.net//"), "Azure Resource Manager");
  assertEquals(audienceName("api://payroll"), undefined);
  assertEquals(audienceName(""), undefined);
});

Deno.test("clientAuthentication() tells how the application authenticated, in tokens of both versions", () => {
  assertEquals(clientAuthentication({ azpacr: "0" }), "as a public client");
  assertEquals(clientAuthentication({ appidacr: "1" }), "with a client secret");
  assertEquals(clientAuthentication({ azpacr: "9" }), undefined);
  assertEquals(clientAuthentication({}), undefined);
});
