import { assertRejects } from "@std/assert";
import { join } from "@std/path/join";
import { SecretsOnTheWire } from "../../support/provider/secrets_on_the_wire.ts";
import { SecretWatch } from "../../support/secrets/secret_watch.ts";

const ACCESS = "an-access-token-of-some-length";
const REFRESH = "a-refresh-token-of-some-length";

/** Opens a watch in an empty folder, after `access` and `refresh` were issued. */
async function withWatch(test: (watch: SecretWatch, home: string, folder: string) => Promise<void>) {
  const wire = new SecretsOnTheWire();
  wire.noteResponse({ access_token: ACCESS, refresh_token: REFRESH });
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

Deno.test("SecretWatch allows an access token on stdout and in a requested file", async () => {
  await withWatch(async (watch, home, folder) => {
    watch.note(["get-token"], { stdout: ACCESS, stderr: "✓ Using cached token\n" });
    await Deno.writeTextFile(join(folder, "token"), ACCESS);
    await watch.assertNothingLeaked(home, folder);
  });
});

Deno.test("SecretWatch finds an access token in any other place", async () => {
  await withWatch(async (watch, home, folder) => {
    watch.note(["get-token"], { stdout: "", stderr: `Cause: ${ACCESS}` });
    await assertLeak(watch, home, folder, "access token in stderr of get-token");
  });
  await withWatch(async (watch, home, folder) => {
    await Deno.writeTextFile(join(home, "profiles.json"), `{"x": "${ACCESS}"}`);
    await assertLeak(watch, home, folder, "access token in ");
  });
});

Deno.test("SecretWatch finds every other secret anywhere", async () => {
  await withWatch(async (watch, home, folder) => {
    watch.note(["get-token"], { stdout: `{"refresh_token": "${REFRESH}"}`, stderr: "" });
    await assertLeak(watch, home, folder, "refresh token in stdout of get-token");
  });
  await withWatch(async (watch, home, folder) => {
    await Deno.writeTextFile(join(folder, "core"), `...${REFRESH}...`);
    await assertLeak(watch, home, folder, "refresh token in ");
  });
});

Deno.test("SecretWatch finds parts of a long secret and encoded secrets", async () => {
  const long = Array.from({ length: 30 }, (_, index) => `part-${index}.`).join("");
  const wire = new SecretsOnTheWire();
  wire.noteResponse({ refresh_token: long });
  wire.noteForm({ client_secret: "with spaces & more" });
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  try {
    for (
      const [stderr, kind] of [
        [long.slice(0, 100), "refresh token"],
        [btoa(`{"x": "${long}"}`), "refresh token"],
        ["with%20spaces%20%26%20more", "client secret"],
        ["with+spaces+%26+more", "client secret"],
      ] as const
    ) {
      const watch = new SecretWatch(wire.found);
      watch.note(["refresh"], { stdout: "", stderr });
      await assertRejects(() => watch.assertNothingLeaked(folder, folder), Error, `${kind} in stderr`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("SecretWatch finds a secret in the arguments and in an unrelated variable", async () => {
  await withWatch(async (watch, home, folder) => {
    watch.noteArguments(["get-token", `--hint=${REFRESH}`]);
    await assertLeak(watch, home, folder, "refresh token in the arguments of get-token");
  });
  await withWatch(async (watch, home, folder) => {
    watch.noteVariables({ LANG: ACCESS });
    await assertLeak(watch, home, folder, "access token in the program's variables");
  });
});

const KEY = btoa("k".repeat(32));
const JOB = "what-lets-this-job-ask";

/** The variables that the program must empty for its children. */
const EMPTIED = { ENTRA_AUTH_CLI_KEY: "", SYSTEM_ACCESSTOKEN: "" };

Deno.test("SecretWatch finds secrets that a started program receives or inherits", async () => {
  for (
    const [args, env, words] of [
      [[REFRESH], EMPTIED, "refresh token in the arguments of opener"],
      [[], { ...EMPTIED, X: ACCESS }, "access token in the variables of opener"],
      [[], { SYSTEM_ACCESSTOKEN: "" }, "key in the variables of opener"],
      [[], { ENTRA_AUTH_CLI_KEY: "" }, "token of the pipeline in the variables of opener"],
    ] as const
  ) {
    await withWatch(async (watch, home, folder) => {
      watch.noteVariables({ ENTRA_AUTH_CLI_KEY: KEY, SYSTEM_ACCESSTOKEN: JOB });
      watch.noteStarted({ by: ["get-token"], command: "opener", args, env });
      await assertLeak(watch, home, folder, words);
    });
  }
});

Deno.test("SecretWatch allows the command of exec the access token, the data key and the variables of its job, and no more", async () => {
  const by = ["exec", "--", "env", "-0"];
  const started = { by, command: "env", args: ["-0"] };
  await withWatch(async (watch, home, folder) => {
    watch.noteVariables({ ENTRA_AUTH_CLI_KEY: KEY, SYSTEM_ACCESSTOKEN: JOB });
    watch.noteStarted({ ...started, env: { ENTRA_AUTH_CLI_KEY: "", ACCESS_TOKEN: ACCESS } });
    await watch.assertNothingLeaked(home, folder);
    watch.noteStarted({ ...started, env: { ACCESS_TOKEN: ACCESS } });
    await watch.assertNothingLeaked(home, folder);
    watch.noteStarted({ ...started, env: { ACCESS_TOKEN: REFRESH } });
    await assertLeak(watch, home, folder, "refresh token in the variables of env");
  });
});

Deno.test("SecretWatch finds the key of a home folder anywhere outside its file", async () => {
  await withWatch(async (watch, home, folder) => {
    await Deno.writeTextFile(join(home, "key"), `${KEY}\n`);
    await watch.assertNothingLeaked(home, folder);
    await Deno.writeTextFile(join(home, "profiles.json"), KEY);
    await assertLeak(watch, home, folder, "key in ");
  });
});
