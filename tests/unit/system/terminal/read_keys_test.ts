import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { hasNoPseudoTerminal, plainScreen } from "../../../support/program/pseudo_terminal.ts";

const CONFIG = fromFileUrl(import.meta.resolve("../../../../deno.json"));

/** Reads keys until `q`, and prints the state of the terminal during that and afterwards. */
const SCRIPT = `
import { readKeys } from ${
  JSON.stringify(import.meta.resolve("../../../../src/system/terminal/standard_input.ts"))
};
const stty = () => new Deno.Command("stty", { args: ["-a"], stdin: "inherit", stdout: "inherit" }).spawn().status;
const over = new AbortController();
let typed = "";
// By then the terminal is in raw mode.
setTimeout(() => console.log("got 0"));
for await (const keys of readKeys(over.signal)) {
  typed += keys;
  if (keys !== "") console.log("got " + typed.length);
  if (!typed.endsWith("q")) continue;
  await stty();
  over.abort();
}
console.log("after");
await stty();
console.log(JSON.stringify(typed));
for await (const _ of readKeys(over.signal)) console.log("must not read");
Deno.exit();
`;

Deno.test({
  name: "readKeys() reads long input without echo and restores the terminal",
  ignore: hasNoPseudoTerminal,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const given = (Deno.env.get("DENO_FLAGS") ?? "").split(" ").filter((flag) => flag !== "");
      // The script is in another folder, where Deno does not find deno.json by itself.
      const flags = [`--config=${CONFIG}`, ...given];
      const path = `${folder}/read.ts`;
      await Deno.writeTextFile(path, SCRIPT);
      const command = [Deno.execPath(), "run", "--quiet", "--no-check", ...flags, "--allow-all", path];
      const child = new Deno.Command("script", {
        args: ["--quiet", "--return", "--command", command.join(" "), "/dev/null"],
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      // In parts that `script` does not truncate; in total more than the line buffer of a terminal.
      const parts = [...Array.from({ length: 6 }, () => "x".repeat(1000)), "q"];
      const typed = parts.join("");
      const shown: string[] = [];
      const writer = child.stdin.getWriter();
      const decoder = new TextDecoder();
      let sent = 0;
      for await (const chunk of child.stdout) {
        shown.push(decoder.decode(chunk, { stream: true }));
        const [, got] = /got (\d+)\s*$/.exec(shown.join("")) ?? [];
        const next = got !== undefined && Number(got) === sent ? parts.shift() : undefined;
        if (next === undefined) continue;
        sent += next.length;
        await writer.write(new TextEncoder().encode(next));
      }
      await writer.close().catch(() => {});
      const { code } = await child.status;
      const [during = "", after = ""] = plainScreen(shown.join("")).split("after\n");
      assertEquals(code, 0, after);
      assertMatch(during, /-icanon/);
      assertMatch(during, /-echo /);
      assertMatch(during, /[^-]isig/, "Ctrl-C is a signal still");
      assertMatch(after, /[^-]icanon/);
      assertMatch(after, /[^-]echo /);
      assertEquals(JSON.parse(after.trim().split("\n").at(-1) ?? ""), typed);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
