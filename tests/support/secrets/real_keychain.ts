import { join } from "@std/path/join";
import { systemProcesses } from "../../../src/system/processes/processes.ts";

const PROGRAM = "/usr/bin/security";

/** Whether the tests must not use the Keychain: they replace the user's default keychain, so only CI on macOS may. */
export const hasNoRealKeychain: boolean = Deno.build.os !== "darwin" || !Deno.env.has("CI");

async function security(...args: string[]): Promise<string> {
  const result = await systemProcesses.run(PROGRAM, args, { timeoutMs: 60_000 });
  if (result.kind === "ended" && result.code === 0) return result.stdout;
  throw new Error(`security ${args[0]} failed: ${Deno.inspect(result)}`);
}

/** Creates a keychain and makes it the user's default one until it is disposed of. */
export async function openRealKeychain(): Promise<AsyncDisposable> {
  const before = (await security("default-keychain", "-d", "user")).trim().replaceAll('"', "");
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  const keychain = join(folder, "test.keychain-db");
  await security("create-keychain", "-p", "password", keychain);
  await security("default-keychain", "-d", "user", "-s", keychain);
  await security("unlock-keychain", "-p", "password", keychain);
  return {
    async [Symbol.asyncDispose]() {
      await security("default-keychain", "-d", "user", "-s", before);
      await security("delete-keychain", keychain);
      await Deno.remove(folder, { recursive: true });
    },
  };
}
