import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";

const MODULE = import.meta.resolve("../../../../src/system/terminal/standard_input.ts");

const CONFIG = fromFileUrl(import.meta.resolve("../../../../deno.json"));

const SCRIPT = `
  import { readStandardInput } from ${JSON.stringify(MODULE)};
  const stopped = new AbortController();
  if (Deno.args[0] === "stop") setTimeout(() => stopped.abort("stopped"));
  try {
    console.log(JSON.stringify(await readStandardInput(10, stopped.signal)));
  } catch (error) {
    console.log(error.code ?? error);
  }
  Deno.exit();
`;

async function read(input: string | null, ...args: string[]): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/script.ts`, SCRIPT);
    const flags = Deno.env.get("DENO_FLAGS")?.split(" ").filter((flag) => flag !== "") ?? [];
    const child = new Deno.Command(Deno.execPath(), {
      // The script is in another folder, where Deno does not find deno.json by itself.
      args: ["run", "--quiet", `--config=${CONFIG}`, ...flags, `${folder}/script.ts`, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const writer = child.stdin.getWriter();
    if (input !== null) {
      // The reader may stop before the end.
      await writer.write(new TextEncoder().encode(input)).catch(() => {});
      await writer.close().catch(() => {});
    }
    const { stdout } = await child.output();
    if (input === null) await writer.close().catch(() => {});
    return new TextDecoder().decode(stdout).trim();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readStandardInput() reads all text up to its limit", async () => {
  assertEquals(await read(""), '""');
  assertEquals(await read("äöü\n1"), '"äöü\\n1"');
  assertEquals(await read("0123456789"), '"0123456789"');
  assertEquals(await read("0123456789x"), "usage");
});

Deno.test("readStandardInput() stops waiting when its signal is aborted", async () => {
  assertEquals(await read(null, "stop"), "stopped");
});
