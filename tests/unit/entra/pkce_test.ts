import { assert, assertEquals, assertMatch } from "@std/assert";
import { deriveChallenge, generatePkcePair, generateRandomValue } from "../../../src/entra/pkce.ts";

Deno.test("deriveChallenge() returns the challenge of RFC 7636 appendix B", async () => {
  assertEquals(
    await deriveChallenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  );
});

Deno.test("generatePkcePair() returns a new verifier of 43 unreserved characters each time", async () => {
  const verifiers = new Set<string>();
  for (let count = 0; count < 50; count++) {
    const { verifier } = await generatePkcePair();
    assertMatch(verifier.reveal(), /^[A-Za-z0-9\-._~]{43}$/);
    verifiers.add(verifier.reveal());
  }
  assertEquals(verifiers.size, 50);
});

Deno.test("generatePkcePair() derives the challenge from its own verifier", async () => {
  const { verifier, challenge } = await generatePkcePair();
  assertEquals(challenge, await deriveChallenge(verifier.reveal()));
  assert(challenge !== verifier.reveal());
});

Deno.test("generateRandomValue() uses every bit of its 32 octets", () => {
  const seen = new Uint8Array(32);
  const always = new Uint8Array(32).fill(0xff);
  for (let count = 0; count < 200; count++) {
    const octets = Uint8Array.from(
      atob(generateRandomValue().reveal().replaceAll("-", "+").replaceAll("_", "/")),
      (character) => character.charCodeAt(0),
    );
    assertEquals(octets.length, 32);
    octets.forEach((octet, index) => {
      seen[index] = (seen[index] ?? 0) | octet;
      always[index] = (always[index] ?? 0) & octet;
    });
  }
  assertEquals([...seen], Array(32).fill(0xff), "bits that were never set");
  assertEquals([...always], Array(32).fill(0), "bits that were always set");
});

Deno.test("Random values and verifiers print as stars", async () => {
  const { verifier } = await generatePkcePair();
  assertEquals(`${verifier} ${JSON.stringify(generateRandomValue())}`, '*** "***"');
});
