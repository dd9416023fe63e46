import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { dirname } from "@std/path/dirname";
import { join } from "@std/path/join";
import { relative } from "@std/path/relative";
import { COMMAND_OPTIONS } from "../../src/cli/options/command_options.ts";
import type { OptionTable } from "../../src/cli/options/option_table.ts";
import { GLOBAL_OPTIONS } from "../../src/cli/options/token_options.ts";
import { EXIT_CODES } from "../../src/errors.ts";
import { drawCast } from "../../scripts/demo/recording.ts";
import { startGraph } from "../support/network/graph.ts";
import type { ProgramResult } from "../support/program/program.ts";
import { hasCommand, hasScriptTools, startShell } from "../support/program/shell.ts";
import { openSandbox, type Sandbox } from "../support/program/sandbox.ts";
import { ADA } from "../support/provider/directory.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));

/** For contributors: these pages name tests and files of the source. */
const FOR_CONTRIBUTORS = ["docs/architecture.md", "docs/releasing.md", "docs/performance.md"];

/** Returns the files in `folder` with this extension, by their paths in the repository. */
async function findFiles(folder: string, extension: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(TOP, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...await findFiles(path, extension));
    else if (name.endsWith(extension)) found.push(path);
  }
  return found.toSorted();
}

const DOCS = await findFiles("docs", ".md");
const PAGES = ["README.md", ...DOCS];
const TEXTS = new Map(
  await Promise.all(
    [...PAGES, "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "tests/support/README.md"].map(async (
      path,
    ) => [path, await Deno.readTextFile(join(TOP, path))] as const),
  ),
);

function textOf(path: string): string {
  const text = TEXTS.get(path);
  if (text === undefined) throw new Error(`${path} was not read`);
  return text;
}

/** A block of shell commands in a page. */
interface Block {
  readonly page: string;
  readonly script: string;
  /** Why no test runs it; null for a block that is run. */
  readonly reason: string | null;
}

/** Returns the blocks of shell commands in a page. A comment before a block, or one for the page, says why it is not run. */
function blocksOf(page: string): Block[] {
  const text = textOf(page);
  const [, reasonOfPage = null] = /<!-- not run on this page: (.+?) -->/.exec(text) ?? [];
  const pattern = /(?:<!-- not run: (.+?) -->\n\n)?^( *)```bash\n([\s\S]*?)^ *```$/gm;
  return [...text.matchAll(pattern)].map(([, reason, indent = "", script = ""]) => ({
    page,
    script: script.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    reason: reason ?? reasonOfPage,
  }));
}

/** Removes code, whose brackets and signs are not Markdown. */
function withoutCode(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "").replaceAll(/`[^`\n]*`/g, "");
}

/** Returns the anchors of the headings in a page, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const headings = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "").matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, title = ""]) =>
      title.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
    ),
  );
}

Deno.test("every link in the README and the documentation leads to a file and a heading that exist", async () => {
  const broken: string[] = [];
  let count = 0;
  for (const [page, text] of TEXTS) {
    for (const [, target = ""] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      count++;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : relative(TOP, join(TOP, dirname(page), path)).replaceAll("\\", "/");
      const exists = await Deno.stat(join(TOP, file)).then(() => true, () => false);
      const linked = TEXTS.get(file);
      const isKnown = anchor === undefined || linked !== undefined && anchorsOf(linked).has(anchor);
      if (!exists || !isKnown) broken.push(`${page}: ${target}`);
    }
  }
  assertEquals(broken, []);
  assert(count > 60, `only ${count} links were found`);
});

Deno.test("the README has at most 180 lines, and every page of the documentation a title and a description", () => {
  assert(textOf("README.md").split("\n").length <= 181);
  const titles = DOCS.map((page) => {
    const [, title = ""] = /^---\ntitle: (.+)\ndescription: .+\nweight: \d+\n---\n/.exec(textOf(page)) ?? [];
    assert(title !== "", `${page} has no front matter with title, description and weight`);
    return title;
  });
  assertEquals(new Set(titles).size, titles.length);
});

Deno.test("every page is listed in docs/README.md", () => {
  const listed = textOf("docs/README.md");
  assertEquals(DOCS.filter((page) => page !== "docs/README.md" && !listed.includes(page.slice(5))), []);
});

Deno.test("no page for users names a test", () => {
  // The evidence for each platform is its test.
  const others = [...FOR_CONTRIBUTORS, "docs/platforms.md"];
  for (const page of PAGES.filter((page) => !others.includes(page))) {
    assert(!/_test\.ts/.test(textOf(page)), page);
  }
});

Deno.test("the recording in the README is drawn from its file, and calls commands that exist", async () => {
  const cast = await Deno.readTextFile(join(TOP, "docs/recording.cast"));
  const isDrawn = await Deno.readTextFile(join(TOP, "docs/recording.svg")) === drawCast(cast);
  assert(isDrawn, "docs/recording.svg differs from docs/recording.cast: run deno task recording");
  const [header = "", ...events] = cast.trim().split("\n");
  assertEquals(JSON.parse(header).version, 2);
  const shown = events.map((event) => String(JSON.parse(event)[2])).join("")
    .replaceAll("\x1b[2J\x1b[H", "").replaceAll("\x1b[32m", "").replaceAll("\x1b[39m", "").replaceAll(
      "\r\n",
      "\n",
    );
  assert(!/\/(home|root|tmp|work|Users)\/|eyJ/.test(shown), "it shows a path of a machine, or a token");
  const typed = [...shown.matchAll(/^\$ entra-auth-cli ([a-z-]+)/gm)].map(([, name = ""]) => name);
  assertEquals(typed, ["get-token", "get-token", "exec", "doctor"]);
  assertEquals(typed.filter((name) => !Object.hasOwn(COMMAND_OPTIONS, name)), []);
  // The output of the program, up to the first part that differs between runs.
  const source = await readSource();
  const lines = shown.split("\n").flatMap((line) => /^(?:[✓⏳ ]+)?([A-Z][^:'.{]*)/.exec(line)?.[1] ?? []);
  assert(lines.length > 8, `only ${lines.length} messages were found`);
  const own = lines.map((line) => line.trim()).filter((line) => !line.startsWith("Signed in as"));
  assertEquals(own.filter((line) => !source.includes(line)), []);
});

/** Returns the source of the program. A message that is split over lines is one text in it. */
async function readSource(): Promise<string> {
  const files = await findFiles("src", ".ts");
  const sources = await Promise.all(files.map((file) => Deno.readTextFile(join(TOP, file))));
  return sources.join("\n").replaceAll(/["`'] \+\s+["`']/g, "");
}

Deno.test("the documentation names only commands and flags that exist", () => {
  const tables: readonly OptionTable[] = [GLOBAL_OPTIONS, ...Object.values(COMMAND_OPTIONS)];
  const flags = new Set(tables.flatMap((table) => Object.values(table)).map(({ flag }) => flag as string));
  const others = [
    "help",
    "version",
    "all",
    "uninstall",
    "keep",
    "resource",
    "tenant",
    "also-net",
    "also-run",
    "also-env",
  ];
  for (const other of [...others, "scope-home", "web-redirect-uris", "use-device-code"]) {
    flags.add(`--${other}`);
  }
  for (const other of ["service-principal", "identity"]) flags.add(`--${other}`);
  const wrong = PAGES.filter((page) => !FOR_CONTRIBUTORS.includes(page)).flatMap((page) => {
    const text = textOf(page);
    const code = text.matchAll(/`[^`\n]+`|^ *```(?:bash|text)\n[\s\S]*?```/gm);
    const commands = [...code].flatMap(([part]) =>
      [...part.matchAll(/(?:^|[^\w/"-])entra-auth-cli ([a-z][a-z-]+)/gm)].map(([, name = ""]) => name)
    );
    const inline = [...text.matchAll(/`(--[a-z][a-z-]+)/g)].map(([, flag = ""]) => flag);
    const typed = blocksOf(page).flatMap(({ script }) =>
      [...script.matchAll(/^entra-auth-cli .*?(?= -- |#|\||$)/gm)].flatMap(([line]) =>
        [...line.matchAll(/ (--[a-z][a-z-]+)/g)].map(([, flag = ""]) => flag)
      )
    );
    return [
      ...commands.filter((name) =>
        !Object.hasOwn(COMMAND_OPTIONS, name) && !["config", "help"].includes(name)
      ),
      ...[...inline, ...typed].filter((flag) => !flags.has(flag) && !flag.startsWith("--allow")),
    ].map((word) => `${page}: ${word}`);
  });
  assertEquals(wrong, []);
});

/** Returns the messages that a page quotes: the first column of Troubleshooting, and any code or JSON that is a sentence. */
function messagesOf(page: string): string[] {
  const text = textOf(page);
  const rows = page.startsWith("docs/troubleshooting/") ? [...text.matchAll(/^\| (`.+?) +\| /gm)] : [];
  const cells = rows.flatMap(([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)]);
  const prose = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "").matchAll(/`([^`]+)`/g);
  const json = text.matchAll(/"message": "(.+)"/g);
  const sentences = [...prose, ...json].filter(([, code = ""]) => /^[A-Z][a-z]+ ([a-z]|TLS|\d)/.test(code));
  return [...cells, ...sentences].map(([, message = ""]) =>
    message.replaceAll(/\s+/g, " ").replaceAll('\\"', '"')
  );
}

Deno.test("every message that the documentation quotes exists in the program", async () => {
  const source = await readSource();
  // The changelog keeps messages of earlier versions, and gives examples.
  const pages = [...TEXTS.keys()].filter((page) => page !== "CHANGELOG.md");
  const quoted = pages.flatMap((page) => messagesOf(page).map((message) => ({ page, message })));
  assert(quoted.length > 25, `only ${quoted.length} messages were found`);
  assert(new Set(quoted.map(({ page }) => page)).size > 3);
  // Placeholders, and inserted text.
  const inserted = /…|"x"|\d+|client-credentials|tokens\.enc|\bflow\b|: *expected/;
  const missing = quoted.filter(({ message }) =>
    message.split(inserted).map((part) => part.trim()).some((part) =>
      part.length > 2 && !source.includes(part)
    )
  );
  assertEquals(missing, []);
});

Deno.test("the documentation lists every exit code and error code", () => {
  const rows = textOf("docs/reference/exit-codes.md").matchAll(/^\| +(\d+) \|.*\| (.*) \|$/gm);
  const listed = [...rows].flatMap(([, exit, codes = ""]) =>
    [...codes.matchAll(/`([a-z_]+)`/g)].map(([, code]) => [code, Number(exit)])
  );
  assertEquals(Object.fromEntries(listed), EXIT_CODES);
});

Deno.test("the documentation lists every variable in deno.json", async () => {
  const { permissions } = JSON.parse(await Deno.readTextFile(join(TOP, "deno.json")));
  const text = textOf("docs/reference/environment-variables.md");
  // Named together on the page, or read only to find a folder.
  const grouped =
    /^(HOME|USERPROFILE|PATH|USER|Program.+|XDG_.+|DBUS_.+|MSAL_.+|REGION_NAME|TERM_PROGRAM|WT_SESSION)$/;
  const identity = /^(IDENTITY_.+|IMDS_.+|MSI_.+|DEFAULT_IDENTITY_.+|AZURE_POD_.+)$/;
  const missing = (permissions.default.env as string[]).filter((name) =>
    !grouped.test(name) && !identity.test(name) && !text.includes(`\`${name.toUpperCase()}\``)
  );
  assertEquals(missing, []);
});

Deno.test("every JSON document in the documentation is valid", () => {
  for (const page of PAGES) {
    for (const [, json = ""] of textOf(page).matchAll(/^```json\n([\s\S]*?)^```$/gm)) JSON.parse(json);
  }
});

Deno.test("the README registers the application as a public client", () => {
  const registering = PAGES.flatMap(blocksOf).filter(({ script }) => script.includes("az ad app create"));
  assert(registering.some(({ page }) => page === "README.md"));
  for (const { script } of registering) {
    assertStringIncludes(script, "--is-fallback-public-client true");
    assertStringIncludes(script, "--public-client-redirect-uris http://localhost");
    assert(
      !/--enable-(access|id)-token-issuance/.test(script),
      `${script}: the implicit grant must stay off`,
    );
  }
});

Deno.test("the README explains why the redirect URI is not a web redirect URI", () => {
  assertStringIncludes(textOf("README.md"), "Not `--web-redirect-uris`");
  assertStringIncludes(textOf("README.md"), "AADSTS7000218");
});

/** Signs in whenever the browser opens. Pages that need no sign-in leave it waiting for the next one. */
async function signInAlways({ browser, userAgent }: Sandbox): Promise<never> {
  for (;;) await userAgent.signIn(await browser.next(), ADA);
}

/** Runs the blocks of a page one after the other in bash. */
async function runBlocks(
  sandbox: Sandbox,
  blocks: readonly Block[],
  env: Readonly<Record<string, string>>,
): Promise<ProgramResult> {
  const script = `cd "$HOME"\n${blocks.map(({ script }) => script).join("\n")}`;
  const args = ["bash", "-euo", "pipefail", "-c", script] as const;
  const hosts = ["graph.microsoft.com:443"];
  return await (await startShell(sandbox, args, { env, hosts, programs: ["sh"] })).ended;
}

Deno.test({
  name: "every block of shell commands in the documentation is run, or says why it is not",
  ignore: !await hasScriptTools() || !hasCommand("git"),
  async fn() {
    const blocks = PAGES.flatMap(blocksOf);
    assertEquals(
      blocks.length,
      PAGES.flatMap((page) => [...textOf(page).matchAll(/^ *```bash$/gm)]).length,
      "a block was not understood",
    );
    const run = Map.groupBy(blocks.filter(({ reason }) => reason === null), ({ page }) => page);
    await using sandbox = await openSandbox();
    await using graph = await startGraph(sandbox.folder, { displayName: "Ada Lovelace" });
    const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-docs-" });
    await using parts = new AsyncDisposableStack();
    parts.defer(() => Deno.remove(folder, { recursive: true }));
    const caFile = join(sandbox.folder, "graph-ca.pem");
    await Deno.writeTextFile(caFile, `${sandbox.provider.caPem}\n${graph.caPem}`);
    const signedIn = await sandbox.signIn(["get-token"]);
    assertEquals(signedIn.code, 0, signedIn.stderr);
    signInAlways(sandbox);
    for (const [page, own] of run) {
      const home = join(folder, page.replaceAll(/\W/g, "_"));
      await copyFolder(sandbox.home, join(home, ".entra-auth-cli"));
      const { code, stdout, stderr } = await runBlocks(sandbox, own, {
        HOME: home,
        ENTRA_AUTH_CLI_HOME: join(home, ".entra-auth-cli"),
        GIT_CONFIG_GLOBAL: join(home, ".gitconfig"),
        CURL_HOME: graph.curlHome,
        HTTPS_PROXY: graph.proxyUrl,
        NO_PROXY: "localhost,127.0.0.1",
        ENTRA_AUTH_CLI_CA_CERT: caFile,
        AZURE_AUTHORITY_HOST: sandbox.provider.origin,
        TENANT_ID: sandbox.provider.tenantId,
        APP_ID: sandbox.provider.clientId,
      });
      assertEquals(code, 0, `${page}:\n${stdout}\n${stderr}`);
      assertMatch(stdout, page === "README.md" ? /"displayName":"Ada Lovelace"/ : /|/);
    }
    const count = [...run.values()].flat().length;
    // deno-lint-ignore no-console -- the figures of the run
    console.log(`${count} blocks run, ${blocks.length - count} not run, with the reason`);
    assert(count >= 20, `only ${count} blocks were run`);
  },
});

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true, mode: 0o700 });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}
