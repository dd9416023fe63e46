import { assertEquals } from "@std/assert";
import { type PastedVerdict, validatePastedAddress } from "../../../src/loopback/pasted_address.ts";
import { Secret } from "../../../src/text/secret.ts";

const REDIRECT_URI = "http://localhost:50000";
const EXPECTED = {
  state: new Secret("the-state"),
  acceptsIssuer: (iss: string | null) => iss !== "https://evil.example",
};

function validate(text: string, redirectUri = REDIRECT_URI): PastedVerdict {
  return validatePastedAddress(text, redirectUri, EXPECTED);
}

function reasonFor(text: string): string | null {
  const verdict = validate(text);
  return verdict.kind === "rejected" ? verdict.reason : null;
}

function codeIn(verdict: PastedVerdict): string | null {
  return verdict.kind === "accepted" && verdict.response.kind === "code"
    ? verdict.response.code.reveal()
    : null;
}

Deno.test("validatePastedAddress() takes the address as browsers give it", () => {
  for (
    const text of [
      "http://localhost:50000/?code=the-code&state=the-state",
      "http://localhost:50000?code=the-code&state=the-state",
      "HTTP://LOCALHOST:50000/?code=the-code&state=the-state",
      "  http://localhost:50000/?code=the-code&state=the-state#\n",
      "localhost:50000/?code=the-code&state=the-state&session_state=x",
    ]
  ) assertEquals(codeIn(validate(text)), "the-code", text);
  assertEquals(
    codeIn(validate("http://localhost/?code=the-code&state=the-state", "http://localhost:80")),
    "the-code",
  );
});

Deno.test("validatePastedAddress() takes a refusal that belongs to this sign-in", () => {
  const verdict = validate(`${REDIRECT_URI}/?error=access_denied&error_description=no&state=the-state`);
  assertEquals(verdict, {
    kind: "accepted",
    response: { kind: "refused", error: "access_denied", description: "no" },
  });
});

Deno.test("validatePastedAddress() says what is wrong with an address that leads elsewhere", () => {
  for (
    const text of [
      "",
      "code=the-code&state=the-state",
      "?code=the-code&state=the-state",
      "http://localhost:50000/",
      "http://localhost:50001/?code=the-code&state=the-state",
      "https://localhost:50000/?code=the-code&state=the-state",
      "http://localhost:50000/path?code=the-code&state=the-state",
      "http://localhost:50000@evil.example/?code=the-code&state=the-state",
      "http://ada@localhost:50000/?code=the-code&state=the-state",
      "http://evil.example/?code=the-code&state=the-state",
      "http://localhost:50000/?code=the code&state=the-state",
      "ABCD-EFGH",
    ]
  ) assertEquals(reasonFor(text), "That is not an address that begins with http://localhost:50000/?", text);
});

Deno.test("validatePastedAddress() judges the query as that of any callback", () => {
  const cases: [string, string][] = [
    ["code=the-code&state=another", "That address is from another sign-in"],
    ["code=the-code", "That address is from another sign-in"],
    ["code=the-code&state=the-state&state=the-state", "That address is from another sign-in"],
    ["error=access_denied&state=another", "That address is from another sign-in"],
    ["code=the-code&state=the-state&iss=https://evil.example", "That address names another sign-in service"],
    ["state=the-state", "That address is not complete"],
    ["code=&state=the-state", "That address is not complete"],
    ["code=%ZZ&state=the-state", "That address is not complete"],
    ["code=a&code=b&state=the-state", "That address is not complete"],
  ];
  for (const [query, reason] of cases) assertEquals(reasonFor(`${REDIRECT_URI}/?${query}`), reason, query);
});
