import { assertEquals } from "@std/assert";
import { systemEnvironment } from "../../../src/system/environment.ts";

Deno.test("systemEnvironment tells an empty variable from one that is unset", () => {
  // Of this test alone: other files run beside it in the same process.
  const name = "ENTRA_AUTH_CLI_TEST_OF_AN_EMPTY_VARIABLE";
  const seen = () => [systemEnvironment.get(name), systemEnvironment.isEmpty?.(name)];
  assertEquals(seen(), [undefined, false]);
  try {
    Deno.env.set(name, "");
    assertEquals(seen(), [undefined, true]);
    Deno.env.set(name, "x");
    assertEquals(seen(), ["x", false]);
  } finally {
    Deno.env.delete(name);
  }
});
