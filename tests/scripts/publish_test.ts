import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { toFileUrl } from "@std/path/to-file-url";

const TOP = new URL("../../", import.meta.url);
/** Where `scripts/offline/jsr_from_npm.ts` keeps what stands in for JSR's packages where those can't be reached. */
const STAND_INS = [".dev/jsr", ".dev/std_typed", ".dev/import_map.json"];

async function copy(from: URL, to: string): Promise<void> {
  const facts = await Deno.stat(from);
  if (facts.isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await copy(new URL(`${from.href}/${name}`), join(to, name));
  }
}

/** A copy of what is published that resolves its imports in itself. */
async function copyWithStandIns(folder: string): Promise<void> {
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", TOP)));
  for (const name of [...config.publish.include, ...STAND_INS]) {
    await Deno.mkdir(join(folder, ".dev"), { recursive: true });
    await copy(new URL(name, TOP), join(folder, name));
  }
  const { imports } = JSON.parse(await Deno.readTextFile(join(folder, ".dev/import_map.json")));
  const moved = Object.entries<string>(imports)
    .map(([name, target]) => [name, target.replace(/^\.\//, "./.dev/")]);
  const include = [...config.publish.include, ...STAND_INS];
  await Deno.writeTextFile(
    join(folder, "deno.json"),
    JSON.stringify({
      ...config,
      lock: false,
      exclude: [],
      imports: Object.fromEntries(moved),
      publish: { include },
    }),
  );
}

Deno.test("the package is fit to be published to JSR, with nothing in it but the program", async () => {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-publish-" });
  try {
    const hasStandIns = /--import-map=/.test(Deno.env.get("DENO_FLAGS") ?? "");
    if (hasStandIns) await copyWithStandIns(folder);
    const command = new Deno.Command(Deno.execPath(), {
      args: ["publish", "--dry-run", "--allow-dirty", "--no-check"],
      cwd: hasStandIns ? folder : fromFileUrl(TOP),
      env: { NO_COLOR: "1" },
      stdin: "null",
    });
    const { success, stdout, stderr } = await command.output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert(success, said);
    const root = hasStandIns ? toFileUrl(await Deno.realPath(folder)).href + "/" : TOP.href;
    const files = [...said.matchAll(/^ +file:(\S+) \(/gm)].map(([, path]) =>
      `file:${path}`.replace(root, "")
    );
    const own = files.filter((file) => !STAND_INS.some((standIn) => file.startsWith(standIn)));
    assert(own.includes("main.ts") && own.includes("src/app.ts"), said);
    assertEquals(own.filter((file) => !/^(src\/.+|main\.ts|deno\.json|README\.md|LICENSE)$/.test(file)), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
