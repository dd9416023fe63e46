import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import denoJson from "../../deno.json" with { type: "json" };
import { type PackageRegistry, startPackageRegistry } from "../support/network/package_registry.ts";
import { inheritedVariables } from "../support/program/program.ts";

const TOP = "@loopback/top";
const BELOW = "@loopback/below";
const UNLOCKED = "@loopback/unlocked";
const FROM_NPM = "loopback-package";
const SOURCE = `import { top } from "jsr:${TOP}@1.0.0";
import { npm } from "npm:${FROM_NPM}@^1.0.0";
console.log(top, npm);
`;

/** Deno downloads the bundler too: from here, if it was used before. */
const DOWNLOADED = join(inheritedVariables().DENO_DIR ?? "", "dl");
const hasBundler = await Array.fromAsync(Deno.readDir(DOWNLOADED)).then(
  (entries) => entries.some(({ name }) => name.startsWith("esbuild-")),
  () => false,
);

/** How the tasks of deno.json load packages. */
const COMMANDS: readonly (readonly string[])[] = [
  ["run", "main.ts"],
  ["cache", "main.ts"],
  ["check", "main.ts"],
  ["test", "--no-check", "main.ts"],
  ...(hasBundler ? [["bundle", "--output=bundled.js", "main.ts"]] : []),
  ["info", "main.ts"],
];

interface Project extends AsyncDisposable {
  readonly folder: string;
  readonly registry: PackageRegistry;
  /** Runs Deno in the folder, with a new cache that has no package. */
  deno(...args: readonly string[]): Promise<{ success: boolean; stdout: string; stderr: string }>;
}

/** A project that locks its packages as this repository does, in a folder of its own. */
async function openProject(source: string, imports: Readonly<Record<string, string>> = {}): Promise<Project> {
  const registry = startPackageRegistry();
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-locked-" });
  let caches = 0;
  const config = { nodeModulesDir: denoJson.nodeModulesDir, lock: denoJson.lock, imports };
  await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(config));
  await Deno.writeTextFile(join(folder, "main.ts"), source);
  return {
    folder,
    registry,
    async deno(...args) {
      const cache = join(folder, `cache-${caches++}`);
      await Deno.mkdir(cache);
      if (hasBundler) await Deno.symlink(DOWNLOADED, join(cache, "dl"), { type: "dir" });
      const command = new Deno.Command(Deno.execPath(), {
        args: [...args],
        cwd: folder,
        env: {
          ...inheritedVariables(),
          ...registry.env,
          NO_COLOR: "1",
          DENO_DIR: cache,
        },
        clearEnv: true,
        stdin: "null",
      });
      const { success, stdout, stderr } = await command.output();
      return { success, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
    },
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function publishBelow({ registry }: Project, version: string, value: string): Promise<void> {
  const files = { "/mod.ts": `export const below: string = ${JSON.stringify(value)};\n` };
  await registry.publishToJsr({ name: BELOW, version, files });
}

async function publishToNpm({ registry }: Project, version: string, value: string): Promise<void> {
  const files = {
    "/package.json": JSON.stringify({ name: FROM_NPM, version, type: "module", exports: "./mod.js" }),
    "/mod.js": `export const npm = ${JSON.stringify(value)};\n`,
  };
  await registry.publishToNpm({ name: FROM_NPM, version, files });
}

/** A project whose lock was made when the registry had 1.0.0 of everything. */
async function openLockedProject(): Promise<Project> {
  const project = await openProject(SOURCE);
  const top = `export { below as top } from "jsr:${BELOW}@^1.0.0";\n`;
  await project.registry.publishToJsr({ name: TOP, version: "1.0.0", files: { "/mod.ts": top } });
  await publishBelow(project, "1.0.0", "below 1.0.0");
  await publishToNpm(project, "1.0.0", "npm 1.0.0");
  const { success, stderr } = await project.deno("install", "--frozen=false", "--entrypoint", "main.ts");
  assert(success, stderr);
  return project;
}

Deno.test("a newer version of a transitive package is not taken, and the lock stays as it is", async () => {
  await using project = await openLockedProject();
  const lock = await Deno.readTextFile(join(project.folder, "deno.lock"));
  await publishBelow(project, "1.1.0", "below 1.1.0");
  await publishToNpm(project, "1.1.0", "npm 1.1.0");
  const { stdout, stderr } = await project.deno("run", "main.ts");
  assertEquals(stdout, "below 1.0.0 npm 1.0.0\n", stderr);
  assertEquals(await Deno.readTextFile(join(project.folder, "deno.lock")), lock);
  // Without the lock it would be taken.
  assertEquals((await project.deno("run", "--no-lock", "main.ts")).stdout, "below 1.1.0 npm 1.1.0\n");
});

Deno.test("a package that was replaced under its version is refused by every command", async (test) => {
  await using project = await openLockedProject();
  const lock = await Deno.readTextFile(join(project.folder, "deno.lock"));
  const kinds = [
    { name: "from JSR", replace: () => publishBelow(project, "1.0.0", "tampered") },
    {
      name: "from npm",
      async replace() {
        await publishBelow(project, "1.0.0", "below 1.0.0");
        await publishToNpm(project, "1.0.0", "tampered");
      },
    },
  ];
  for (const { name, replace } of kinds) {
    await replace();
    // `deno info` reads no package of npm.
    for (const args of COMMANDS.filter(([command]) => name === "from JSR" || command !== "info")) {
      await test.step(`${name}: deno ${args.join(" ")}`, async () => {
        const { success, stdout, stderr } = await project.deno(...args);
        assertEquals([success, stdout.includes("tampered")], [false, false], stdout + stderr);
        // The bundler does not say why it could not resolve a module.
        assertMatch(stderr, /Integrity check failed|Tarball checksum did not match|bundling failed/);
      });
    }
    assertEquals(await Deno.readTextFile(join(project.folder, "deno.lock")), lock);
    const accepted = await project.deno("run", "--no-lock", "main.ts");
    assertStringIncludes(accepted.stdout, "tampered", "without the lock it is accepted");
  }
});

Deno.test("a package that the lock does not name is refused", async () => {
  await using project = await openLockedProject();
  await project.registry.publishToJsr({
    name: UNLOCKED,
    version: "1.0.0",
    files: { "/mod.ts": "export default 1;\n" },
  });
  await Deno.writeTextFile(join(project.folder, "main.ts"), `import "jsr:${UNLOCKED}@1.0.0";\n${SOURCE}`);
  const { success, stdout, stderr } = await project.deno("run", "main.ts");
  assertEquals([success, stdout], [false, ""]);
  assertStringIncludes(stderr, "lockfile is out of date");
});

Deno.test("this repository's own lock refuses other packages under the names and versions of its JSR packages", async (test) => {
  const fromJsr = Object.entries(denoJson.imports).filter(([, target]) => target.startsWith("jsr:"));
  for (const [name, target] of fromJsr) {
    await test.step(target, async () => {
      await using project = await openProject(`import "${name}";\nconsole.log("ran");\n`, denoJson.imports);
      await Deno.copyFile(new URL("../../deno.lock", import.meta.url), join(project.folder, "deno.lock"));
      const version = target.replace(/.*@/, "");
      await project.registry.publishToJsr({ name, version, files: { "/mod.ts": "export {};\n" } });
      const { success, stdout, stderr } = await project.deno("run", "main.ts");
      assertEquals([success, stdout], [false, ""]);
      assertStringIncludes(stderr, "Integrity check failed");
    });
  }
});
