import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { makeStoreHome } from "../../support/fixtures/store_fixture.ts";

const SCRIPT = fromFileUrl(import.meta.resolve("../../support/fixtures/save_sessions.ts"));
const CONFIG = fromFileUrl(import.meta.resolve("../../../deno.json"));

async function saveInProcess(home: string, umask: string, ...profiles: string[]): Promise<void> {
  const flags = Deno.env.get("DENO_FLAGS")?.split(" ").filter((flag) => flag !== "") ?? [];
  const grants = [
    `--allow-read=${home}`,
    `--allow-write=${home}`,
    umask === "-" ? "--allow-sys=uid" : "--allow-sys",
  ];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-check",
      `--config=${CONFIG}`,
      ...flags,
      ...grants,
      SCRIPT,
      home,
      umask,
      ...profiles,
    ],
    stdin: "null",
    stdout: "null",
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
}

Deno.test("Processes that save at once generate one key, lose nothing, and access only the home folder", async () => {
  await using home = await makeStoreHome();
  const profiles = [["a", "b", "c"], ["d", "e", "f"], ["g", "h", "i"]];
  await Promise.all(profiles.map((names) => saveInProcess(home.path, "-", ...names)));
  assertEquals((await home.store().list()).map(({ profile }) => profile).sort(), profiles.flat());
  assertEquals(await home.names(), ["key", "tokens.enc", "tokens.lock"]);
});

Deno.test({
  name: "Under every umask, files are accessible to the user alone",
  ignore: Deno.build.os === "windows",
  async fn() {
    for (const umask of ["000", "077", "777"]) {
      await using home = await makeStoreHome();
      await saveInProcess(home.path, umask, "work");
      const modes = await Promise.all(
        ["", "tokens.enc", "key", "tokens.lock"].map((name) => home.mode(name)),
      );
      assertEquals(modes, [0o700, 0o600, 0o600, 0o600], umask);
      assertEquals((await home.store().list()).length, 1);
    }
  },
});
