import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { keychainKeyStore } from "../../../../src/store/keystore/keychain.ts";
import type { Processes } from "../../../../src/system/processes/processes.ts";

/** A `security` that ends with this code and complaint, whatever it is to do; notes what that was. */
function answering(code: number, stderr: string): Pick<Processes, "run"> & { readonly actions: string[] } {
  const actions: string[] = [];
  return {
    actions,
    run(_command, [action = ""]) {
      actions.push(action);
      return Promise.resolve({ kind: "ended", code, stdout: "", stderr });
    },
  };
}

Deno.test("keychainKeyStore() says that there is an item for the new key already, and looks no further", async () => {
  const processes = answering(45, "security: SecKeychainItemCreateFromContent: already exists\n");
  const error = await assertRejects(() => keychainKeyStore(processes).obtain(".old"), CliError);
  assertEquals([error.code, error.message], ["store", "The macOS Keychain already has a key with this id"]);
  assertStringIncludes(error.hint ?? "", "Try again");
  assertEquals(processes.actions, ["-i"]);
});

Deno.test("keychainKeyStore() passes on the first line of a complaint that it doesn't know, and not too much of it", async () => {
  const said = {
    "security: so it is\nand so": "so it is",
    "": "exit code 99",
    ["x".repeat(999)]: "x".repeat(200),
  };
  for (const [stderr, complaint] of Object.entries(said)) {
    const keyStore = keychainKeyStore(answering(99, stderr));
    const id = new Uint8Array(8);
    for (const use of [() => keyStore.load(id), () => keyStore.obtain(".old"), () => keyStore.forget(id)]) {
      const error = await assertRejects<CliError>(use, CliError);
      assertEquals([error.code, error.message], ["store", `The macOS Keychain can't be used: ${complaint}`]);
    }
  }
});
