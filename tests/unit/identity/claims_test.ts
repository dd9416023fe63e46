import { assertEquals } from "@std/assert";
import { mergeClaims, parseClaimsRequest } from "../../../src/identity/claims.ts";

const NBF = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}';
const POLICY = '{"access_token":{"capolids":{"essential":true,"values":["c1"]}}}';

Deno.test("parseClaimsRequest() accepts only an object of objects", () => {
  assertEquals(parseClaimsRequest(NBF), { access_token: { nbf: { essential: true, value: "1700000000" } } });
  assertEquals(parseClaimsRequest("{}"), {});
  for (
    const text of [
      "",
      "{",
      "null",
      "[]",
      "1",
      '"x"',
      '{"access_token":null}',
      '{"access_token":[]}',
      '{"a":1}',
    ]
  ) {
    assertEquals(parseClaimsRequest(text), null, text);
  }
});

Deno.test("mergeClaims() requests the claims of both, and the second wins", () => {
  assertEquals(JSON.parse(mergeClaims(NBF, POLICY) ?? ""), {
    access_token: {
      nbf: { essential: true, value: "1700000000" },
      capolids: { essential: true, values: ["c1"] },
    },
  });
  const later = NBF.replace("1700000000", "1800000000");
  assertEquals(JSON.parse(mergeClaims(NBF, later) ?? ""), JSON.parse(later));
  const user = '{"id_token":{"acr":null}}';
  assertEquals(JSON.parse(mergeClaims(NBF, user) ?? ""), { ...JSON.parse(NBF), ...JSON.parse(user) });
});

Deno.test("mergeClaims() returns a single request unchanged", () => {
  assertEquals([mergeClaims(NBF, undefined), mergeClaims(undefined, NBF)], [NBF, NBF]);
  assertEquals([mergeClaims(NBF, "{"), mergeClaims("[]", NBF)], [NBF, NBF]);
  assertEquals(mergeClaims(undefined, undefined), undefined);
});
