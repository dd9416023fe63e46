import { toFileUrl } from "@std/path/to-file-url";
import { join } from "@std/path/join";
import { currentImportMap } from "../../../scripts/build/bundle/import_map.ts";

/**
 * Writes an import map into `folder` under which Cliffy behaves as the released version 1.2.1 where the stand-in from npm
 * differs, and returns its path. Returns null if Cliffy is the released one already.
 */
export async function writeReleasedCliffy(folder: string): Promise<string | null> {
  const { imports, scopes } = await currentImportMap();
  const standIn = imports["@cliffy/command"] ?? "";
  if (!standIn.startsWith("file:")) return null;
  const module = join(folder, "released_cliffy.js");
  await Deno.writeTextFile(module, MODULE.replaceAll("STAND_IN", standIn));
  const map = join(folder, "import_map.json");
  const replaced = { ...imports, "@cliffy/command": toFileUrl(module).href };
  await Deno.writeTextFile(map, JSON.stringify({ imports: replaced, scopes }));
  return map;
}

/** JavaScript, because it overrides what the types of Cliffy call private. */
const MODULE = `export * from "STAND_IN";
import { Command as StandIn } from "STAND_IN";

/** The columns of help if neither a terminal nor the program sets them. */
const COLUMNS = 150;

export class Command extends StandIn {
  /** Takes --p for -p. */
  parse(args = Deno.args) {
    const end = args.indexOf("--");
    return super.parse(args.map((arg, at) => end === -1 || at < end ? arg.replace(/^--(?=\\w$)/, "-") : arg));
  }

  /** Takes an empty optional argument for none, and names one argument of too many. */
  parseArguments(context, options) {
    const definitions = this.getArguments();
    const definitionOf = (at) => definitions[Math.min(at, definitions.length - 1)];
    const isVariadic = definitions.at(-1)?.variadic ?? false;
    const unknown = isVariadic ? context.unknown : context.unknown.slice(0, definitions.length + 1);
    return super.parseArguments({ ...context, unknown }, options).flatMap((value, at) => {
      if (value !== "" || !definitionOf(at)?.optional) return [value];
      return definitionOf(at).variadic ? [] : [undefined];
    });
  }

  /** Breaks lines at the width, not at the columns of a table. Examples have no colon after their names. */
  help(help) {
    super.help(help);
    if (typeof help !== "object") return this;
    const generate = this.cmd._help;
    this.cmd._help = (command, options) => {
      const { width = COLUMNS } = { ...help, ...options };
      return broken(generate(command, options), width);
    };
    return this;
  }
}

function broken(text, width) {
  const [before, examples = ""] = text.replace(/ *\\n {20,}(?=\\S)/g, " ").split(/(?<=\\nExamples:\\n)/);
  const lines = before + examples.replace(/^( {2}[^:\\n]*):/gm, "$1");
  return lines.split("\\n").map((line) => {
    const indent = " ".repeat(line.indexOf(" - ") + 3);
    const parts = [""];
    for (const word of line.trimEnd().split(/(?<=\\S)(?= )/)) {
      if (parts.at(-1).length + word.length > width) parts.push(indent + word.trimStart());
      else parts.push(parts.pop() + word);
    }
    return parts.join("\\n");
  }).join("\\n");
}
`;
