import { assert, assertEquals } from "@std/assert";
import {
  type CallbackVerdict,
  type PastedVerdict,
  validateCallback,
  validatePastedAddress,
} from "../../../src/loopback/validate_callback.ts";
import { Secret } from "../../../src/text/secret.ts";

const ISSUER = "https://login.example/tenant/v2.0";

const expected = {
  state: new Secret("right-state"),
  acceptsIssuer: (iss: string | null) => iss === null || iss === ISSUER,
};

function validate(encoded: string): CallbackVerdict {
  return validateCallback(encoded, expected);
}

function rejected(fault: "wrongState" | "wrongIssuer" | "malformed"): CallbackVerdict {
  return { kind: "rejected", fault };
}

function codeOf(verdict: CallbackVerdict): string | null {
  return verdict.kind === "accepted" && verdict.response.kind === "code"
    ? verdict.response.code.reveal()
    : null;
}

Deno.test("validateCallback() accepts a code with the right state", () => {
  assertEquals(codeOf(validate("code=1.AbC-_~%2B%2F&state=right-state&session_state=x")), "1.AbC-_~+/");
});

Deno.test("validateCallback() decodes a plus sign as a space", () => {
  assertEquals(codeOf(validate("state=right-state&code=a+b")), "a b");
});

Deno.test("validateCallback() rejects a state that is missing, empty, wrong, longer, shorter or in another case", () => {
  for (
    const state of ["", "&state", "&state=", "&state=wrong-state", "&state=right-statex", "&state=right-stat"]
      .concat("&state=Right-State", "&STATE=right-state", "&state[]=right-state", "&state=right-state%00")
  ) {
    assertEquals(validate(`code=abc${state}`), rejected("wrongState"), state);
  }
});

Deno.test("validateCallback() rejects a repeated state, even if one or both are right", () => {
  assertEquals(validate("code=abc&state=right-state&state=right-state"), rejected("wrongState"));
  assertEquals(validate("code=abc&state=right-state&state=other"), rejected("wrongState"));
  assertEquals(validate("code=abc&state=other&state=right-state"), rejected("wrongState"));
  assertEquals(validate("code=abc&state=right-state&st%61te=other"), rejected("wrongState"));
});

Deno.test("validateCallback() ignores an error without the right state", () => {
  assertEquals(validate("error=access_denied"), rejected("wrongState"));
  assertEquals(validate("error=access_denied&state=other"), rejected("wrongState"));
});

Deno.test("validateCallback() checks the issuer only after the state", () => {
  let asked = 0;
  const curious = { state: expected.state, acceptsIssuer: () => ++asked > 0 };
  assertEquals(validateCallback("code=abc&state=other&iss=x", curious), rejected("wrongState"));
  assertEquals(asked, 0);
});

Deno.test("validateCallback() accepts a refusal with the right state", () => {
  assertEquals(validate("error=access_denied&error_description=The+user+said+no&state=right-state"), {
    kind: "accepted",
    response: { kind: "refused", error: "access_denied", description: "The user said no" },
  });
});

Deno.test("validateCallback() keeps Entra's subcode and the page on an error", () => {
  const parameters = "error=access_denied&error_subcode=cancel&error_uri=https%3A%2F%2Flogin.example%2Ferror";
  assertEquals(validate(`${parameters}&state=right-state`), {
    kind: "accepted",
    response: {
      kind: "refused",
      error: "access_denied",
      description: null,
      subcode: "cancel",
      uri: "https://login.example/error",
    },
  });
});

Deno.test("validateCallback() returns null for a missing or blank description", () => {
  for (const description of ["", "&error_description=", "&error_description=+%0A"]) {
    assertEquals(validate(`error=server_error&state=right-state${description}`), {
      kind: "accepted",
      response: { kind: "refused", error: "server_error", description: null },
    });
  }
});

Deno.test("validateCallback() removes control characters from a description and truncates it", () => {
  const hostile = encodeURIComponent("a\u001b[2Jb\r\nc\u202ed\u009b1m" + "x ".repeat(2500));
  const verdict = validate(`error=e&state=right-state&error_description=${hostile}`);
  assert(verdict.kind === "accepted" && verdict.response.kind === "refused");
  const description = verdict.response.description ?? "";
  assertEquals(description.length, 1000);
  assertEquals(description.slice(0, 14), "a [2Jb c d 1mx");
});

Deno.test("validateCallback() masks a token or a code in a description", () => {
  const verdict = validate(`error=e&state=right-state&error_description=${"a".repeat(90)}+is+wrong`);
  assert(verdict.kind === "accepted" && verdict.response.kind === "refused");
  assertEquals(verdict.response.description, "*** is wrong");
});

Deno.test("validateCallback() rejects an error that RFC 6749 does not allow", () => {
  for (const error of ["", "a%0Ab", "a%22b", "a%5Cb", "%C3%A9", "e".repeat(201)]) {
    assertEquals(validate(`error=${error}&state=right-state`), rejected("malformed"), error);
  }
});

Deno.test("validateCallback() rejects a code that is empty, not printable or too long", () => {
  for (const code of ["", "%00", "a%0D%0AX-Evil:1", "%C3%A9", "%7F", "c".repeat(60_000)]) {
    assertEquals(validate(`code=${code}&state=right-state`), rejected("malformed"), code.slice(0, 20));
  }
  assertEquals(codeOf(validate(`code=${"c".repeat(16_384)}&state=right-state`))?.length, 16_384);
});

Deno.test("validateCallback() rejects both a code and an error, and neither of them", () => {
  assertEquals(validate("code=abc&error=access_denied&state=right-state"), rejected("malformed"));
  assertEquals(validate("state=right-state"), rejected("malformed"));
});

Deno.test("validateCallback() rejects any repeated parameter", () => {
  for (const twice of ["code=a&code=a", "code=a&iss=x&iss=y", "code=a&other=1&other=1", "code=a&c%6Fde=b"]) {
    assertEquals(validate(`state=right-state&${twice}`), rejected("malformed"), twice);
  }
});

Deno.test("validateCallback() rejects malformed escapes and text that is not UTF-8", () => {
  for (const broken of ["code=%ZZ", "code=a%", "code=%C0%AF", "code=%ED%A0%80", "%FF=1&code=a"]) {
    assertEquals(validate(`state=right-state&${broken}`), rejected("malformed"), broken);
  }
});

Deno.test("validateCallback() requires the expected issuer, for a refusal too", () => {
  const right = encodeURIComponent(ISSUER);
  assertEquals(codeOf(validate(`code=a&state=right-state&iss=${right}`)), "a");
  for (const wrong of ["", "https%3A%2F%2Fevil.example", `${right}%2F`]) {
    assertEquals(validate(`code=a&state=right-state&iss=${wrong}`), rejected("wrongIssuer"), wrong);
    assertEquals(
      validate(`error=access_denied&state=right-state&iss=${wrong}`),
      rejected("wrongIssuer"),
      wrong,
    );
  }
});

Deno.test("validateCallback() rejects a callback without an issuer if one is required", () => {
  const strict = { state: expected.state, acceptsIssuer: (iss: string | null) => iss === ISSUER };
  assertEquals(validateCallback("code=a&state=right-state", strict), rejected("wrongIssuer"));
});

Deno.test("validateCallback() hides the code when its verdict is inspected", () => {
  const verdict = validate("code=canary&state=right-state");
  assertEquals(codeOf(verdict), "canary");
  assert(!Deno.inspect(verdict, { depth: 9 }).includes("canary"));
  assert(!JSON.stringify(verdict).includes("canary"));
});

const REDIRECT_URI = "http://localhost:50000";
const EXPECTED = {
  state: new Secret("the-state"),
  acceptsIssuer: (iss: string | null) => iss !== "https://evil.example",
};

function validatePasted(text: string, redirectUri = REDIRECT_URI): PastedVerdict {
  return validatePastedAddress(text, redirectUri, EXPECTED);
}

function reasonFor(text: string): string | null {
  const verdict = validatePasted(text);
  return verdict.kind === "rejected" ? verdict.reason : null;
}

function codeIn(verdict: PastedVerdict): string | null {
  return verdict.kind === "accepted" && verdict.response.kind === "code"
    ? verdict.response.code.reveal()
    : null;
}

Deno.test("validatePastedAddress() accepts the address as browsers show it", () => {
  for (
    const text of [
      "http://localhost:50000/?code=the-code&state=the-state",
      "http://localhost:50000?code=the-code&state=the-state",
      "HTTP://LOCALHOST:50000/?code=the-code&state=the-state",
      "  http://localhost:50000/?code=the-code&state=the-state#\n",
      "localhost:50000/?code=the-code&state=the-state&session_state=x",
    ]
  ) assertEquals(codeIn(validatePasted(text)), "the-code", text);
  assertEquals(
    codeIn(validatePasted("http://localhost/?code=the-code&state=the-state", "http://localhost:80")),
    "the-code",
  );
});

Deno.test("validatePastedAddress() accepts a refusal of this sign-in", () => {
  const verdict = validatePasted(`${REDIRECT_URI}/?error=access_denied&error_description=no&state=the-state`);
  assertEquals(verdict, {
    kind: "accepted",
    response: { kind: "refused", error: "access_denied", description: "no" },
  });
});

Deno.test("validatePastedAddress() explains what is expected for any other address", () => {
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
  ) {
    assertEquals(
      reasonFor(text),
      "Invalid address: expected one that begins with http://localhost:50000/?",
      text,
    );
  }
});

Deno.test("validatePastedAddress() validates the query like that of any callback", () => {
  const cases: [string, string][] = [
    ["code=the-code&state=another", "Invalid address: it belongs to another sign-in"],
    ["code=the-code", "Invalid address: it belongs to another sign-in"],
    ["code=the-code&state=the-state&state=the-state", "Invalid address: it belongs to another sign-in"],
    ["error=access_denied&state=another", "Invalid address: it belongs to another sign-in"],
    ["code=the-code&state=the-state&iss=https://evil.example", "Invalid address: it names another issuer"],
    ["state=the-state", "Invalid address: it is incomplete"],
    ["code=&state=the-state", "Invalid address: it is incomplete"],
    ["code=%ZZ&state=the-state", "Invalid address: it is incomplete"],
    ["code=a&code=b&state=the-state", "Invalid address: it is incomplete"],
  ];
  for (const [query, reason] of cases) assertEquals(reasonFor(`${REDIRECT_URI}/?${query}`), reason, query);
});
