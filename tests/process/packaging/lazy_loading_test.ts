import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { toFileUrl } from "@std/path/to-file-url";
import { currentImportMap } from "../../../scripts/build/bundle/import_map.ts";
import { inheritedVariables, programCommand, SOURCE_MAIN } from "../../support/program/program.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

/** Needed only with unusual flags. */
const CLIFFY = "@cliffy/command";

/** Needed only for a refresh, a sign-in or another command. */
const HEAVY_PACKAGES = [
  "@azure/msal-node",
  "jose",
  "@cliffy/table",
  "@std/yaml/stringify",
  "qr",
];
const HEAVY_FOLDERS = ["src/entra/", "src/loopback/", "src/browser/"];
const HEAVY_FILES = [
  "src/cli/terminal/countdown.ts",
  "src/cli/terminal/prompt.ts",
  "src/flows/sign_in/interactive_sign_in.ts",
  "src/flows/sign_in/sign_in_by_flow.ts",
  "src/flows/sign_in/device_code_sign_in.ts",
  "src/flows/sign_in/remote_sign_in.ts",
  "src/cli/terminal/open_interactive_session.ts",
];
/** Needed only to write, to wait, or to report an error. */
const LATE_FILES = [
  "src/wiring/token_dependencies.ts",
  "src/flows/get_token/acquire_token_silent.ts",
  "src/flows/get_token/sign_in.ts",
  "src/store/stored_records.ts",
];

const TOP = new URL("../../../", import.meta.url);

/** Returns the files in a folder, which ends in a slash, and in its subfolders. */
async function filesBelow(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, TOP))) {
    if (isDirectory) paths.push(...await filesBelow(`${folder}${name}/`));
    else paths.push(folder + name);
  }
  return paths;
}

/** Maps packages and files to a module that throws. */
async function heavyModules(names: readonly string[]): Promise<Record<string, string>> {
  const inSource = (name: string) => name.startsWith("src/") ? new URL(name, TOP).href : name;
  const modules = [...names, ...HEAVY_FILES].map(inSource);
  for (const folder of HEAVY_FOLDERS) {
    for (const path of await filesBelow(folder)) modules.push(new URL(path, TOP).href);
  }
  // The name is part of the address, and so of the stack that --verbose prints.
  return Object.fromEntries(modules.map((name) => [name, `data:text/javascript,throw%20Error()//${name}`]));
}

/** Writes an import map in which the heavy modules throw when they are loaded. */
async function writeFailingMap(folder: string, also: readonly string[] = []): Promise<string> {
  const { imports, scopes } = await currentImportMap();
  const heavy = await heavyModules([...also, ...HEAVY_PACKAGES]);
  const path = join(folder, `without_${HEAVY_PACKAGES.length + also.length}.json`);
  await Deno.writeTextFile(path, JSON.stringify({ imports: { ...imports, ...heavy }, scopes }));
  return path;
}

/** Runs the program from its source with the import map. */
async function runWithMap(map: string, { env, provider }: Sandbox, args: readonly string[]) {
  const [deno, ...rest] = programCommand([`localhost:${provider.port}`], "scripted-browser");
  const flags = rest.slice(0, -1).filter((flag) => !/^--(import-map|no-lock)\b/.test(flag));
  const command = new Deno.Command(deno, {
    args: [...flags, "--no-lock", `--import-map=${map}`, SOURCE_MAIN, ...args],
    env: { ...inheritedVariables(), ...env },
    clearEnv: true,
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test({
  name:
    "a cached get-token loads neither MSAL nor modules of other commands, nor, with the usual flags, Cliffy",
  // An executable contains its modules and has no import map.
  ignore: Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined,
  async fn(test) {
    await using sandbox = await openSandbox();
    const signedIn = await sandbox.signIn(["get-token"]);
    const map = await writeFailingMap(sandbox.folder);
    const mapWithoutCliffy = await writeFailingMap(sandbox.folder, [CLIFFY, ...LATE_FILES]);

    for (const form of ["text", "token", "json", "env", "header", "bearer"]) {
      await test.step(`--output ${form}`, async () => {
        const cached = await runWithMap(mapWithoutCliffy, sandbox, ["get-token", "--output", form]);
        assertEquals(cached.code, 0, cached.stderr);
        assertStringIncludes(cached.stdout, signedIn.stdout.trim());
        assertEquals(cached.stderr, "");
      });
    }
    await test.step("other flags load Cliffy and nothing else", async () => {
      const args = ["get-token", "--verbose", "--output", "token"];
      assertEquals((await runWithMap(map, sandbox, args)).stdout, signedIn.stdout);
      assertNotEquals((await runWithMap(mapWithoutCliffy, sandbox, args)).code, 0);
    });
    await test.step("a refresh loads them", async () => {
      const refreshed = await runWithMap(map, sandbox, ["refresh", "--verbose"]);
      assertNotEquals(refreshed.code, 0);
      assertMatch(refreshed.stderr, /data:\S+src\/entra\/msal\/msal_token_client\.ts/);
    });
  },
});

/** Fails whatever makes Deno 2.9 load Node's modules. */
const WITHOUT_NODE = `
for (const name of ["setTimeout", "Buffer"]) {
  Object.defineProperty(globalThis, name, {
    get() {
      throw new Error(name + " makes Deno load Node's modules");
    },
  });
}
`;

Deno.test({
  name: "a refresh of the bundle uses neither Node's timers nor its Buffer",
  // From the source MSAL uses Node's Buffer. An executable is made of the same bundle.
  ignore: Deno.env.get("ENTRA_AUTH_CLI_BUNDLE") === undefined ||
    Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined,
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    const path = join(sandbox.folder, "without_node.js");
    await Deno.writeTextFile(path, WITHOUT_NODE);
    const { code, stderr } = await sandbox.run(["refresh"], { preload: toFileUrl(path).href });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "Token refreshed");
  },
});
