import { assertEquals } from "@std/assert";
import { acceptsIdentity, newProfileIdentity } from "../../../src/identity/profile_identity.ts";

const ONE = { ...newProfileIdentity(), generation: 4 };
const OTHER = { ...newProfileIdentity(), generation: 4 };

Deno.test("acceptsIdentity() accepts the profile's own generation and the next, and nothing of another profile", () => {
  assertEquals([3, 4, 5, 6].map((generation) => acceptsIdentity(ONE, { ...ONE, generation })), [
    ...[false, true, true, false],
  ]);
  assertEquals(acceptsIdentity(ONE, OTHER), false);
  assertEquals(acceptsIdentity(null, OTHER), false);
});

Deno.test("acceptsIdentity() accepts what is not bound only for a profile without an identity, or while it gets one", () => {
  assertEquals([null, { ...ONE, generation: 0 }, ONE].map((profile) => acceptsIdentity(profile, null)), [
    ...[true, true, false],
  ]);
});
