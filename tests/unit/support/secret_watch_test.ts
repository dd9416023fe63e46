import { assertRejects } from "@std/assert";
import { join } from "@std/path/join";
import { SecretsOnTheWire } from "../../support/provider/secrets_on_the_wire.ts";
import { SecretWatch } from "../../support/secret_watch.ts";

const ACCESS = "an-access-token-of-some-length";
const REFRESH = "a-refresh-token-of-some-length";

/** A watch in an empty folder, once `access` and `refresh` were issued. */
async function withWatch(test: (watch: SecretWatch, home: string, folder: string) => Promise<void>) {
  const wire = new SecretsOnTheWire();
  wire.noteAnswer({ access_token: ACCESS, refresh_token: REFRESH });
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  const home = join(folder, "home");
  await Deno.mkdir(home);
  try {
    await test(new SecretWatch(wire.found), home, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function assertLeak(watch: SecretWatch, home: string, folder: string, words: string): Promise<void> {
  const error = await assertRejects(() => watch.assertNothingLeaked(home, folder), Error, words);
  if ([ACCESS, REFRESH].some((secret) => error.message.includes(secret))) {
    throw new Error("The message shows the secret");
  }
}

Deno.test("SecretWatch allows an access token as data, and in a file that was asked for", async () => {
  await withWatch(async (watch, home, folder) => {
    watch.note(["get-token"], { stdout: ACCESS, stderr: "✓ Using cached token\n" });
    await Deno.writeTextFile(join(folder, "token"), ACCESS);
    await watch.assertNothingLeaked(home, folder);
  });
});

Deno.test("SecretWatch finds an access token where it was not asked for", async () => {
  await withWatch(async (watch, home, folder) => {
    watch.note(["get-token"], { stdout: "", stderr: `Cause: ${ACCESS}` });
    await assertLeak(watch, home, folder, "access token in stderr of get-token");
  });
  await withWatch(async (watch, home, folder) => {
    await Deno.writeTextFile(join(home, "profiles.json"), `{"x": "${ACCESS}"}`);
    await assertLeak(watch, home, folder, "access token in ");
  });
});

Deno.test("SecretWatch finds any other secret wherever it is", async () => {
  await withWatch(async (watch, home, folder) => {
    watch.note(["get-token"], { stdout: `{"refresh_token": "${REFRESH}"}`, stderr: "" });
    await assertLeak(watch, home, folder, "refresh token in stdout of get-token");
  });
  await withWatch(async (watch, home, folder) => {
    await Deno.writeTextFile(join(folder, "core"), `...${REFRESH}...`);
    await assertLeak(watch, home, folder, "refresh token in ");
  });
});
