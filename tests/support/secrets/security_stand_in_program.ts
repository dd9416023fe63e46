// The program of security_stand_in.ts. Its arguments are the folder of its keychain and the arguments of `security`.
// It runs without an import map, so it imports only types.
import type { StandInItem } from "./security_stand_in.ts";

const [folder = "", ...args] = Deno.args;
const mode = await Deno.readTextFile(`${folder}/mode`);
const items: StandInItem[] = JSON.parse(await Deno.readTextFile(`${folder}/items`));

/** The macOS error numbers of the failing modes. */
const FAILURES: Readonly<Record<string, number>> = {
  "locked": -25308,
  "locked, but ends well": -25308,
  "denied": -128,
  "wrong password": -25293,
  "missing": -25307,
};
const NOT_FOUND = -25300;
const DUPLICATE = -25299;

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}

async function complain(text: string): Promise<void> {
  await Deno.stderr.write(new TextEncoder().encode(`${text}\n`));
}

async function fail(code: number): Promise<number> {
  await complain(`security: SecKeychainSearchCopyNext: error ${code}`);
  return code;
}

/** Parses the options of a command. All take a value except `-U`, and `-w` at the end. */
function parseOptions(words: readonly string[]): Record<string, string> {
  const options: Record<string, string> = {};
  for (let place = 0; place < words.length; place++) {
    const name = words[place] ?? "";
    if (!/^-[aslwU]$/.test(name)) throw new Error(`Unknown option ${name}`);
    const hasValue = name !== "-U" && place + 1 < words.length;
    options[name] = hasValue ? words[++place] ?? "" : "";
  }
  return options;
}

async function execute([command, ...words]: readonly string[]): Promise<number> {
  const options = parseOptions(words);
  const found = items.find(({ service, account }) => service === options["-s"] && account === options["-a"]);
  if (command === "add-generic-password") return await add(options, found !== undefined);
  if (command !== "find-generic-password" && command !== "delete-generic-password") {
    await complain(`security: unknown command "${command}"`);
    return 1;
  }
  if (found === undefined) return await fail(NOT_FOUND);
  if (FAILURES[mode] !== undefined) return await fail(FAILURES[mode]);
  if (command === "find-generic-password") {
    await print("-w" in options ? found.password : `    "acct"<blob>="${found.account}"`);
    return 0;
  }
  items.splice(items.indexOf(found), 1);
  await print("password has been deleted.");
  await save();
  return 0;
}

async function add(options: Record<string, string>, isThere: boolean): Promise<number> {
  if (FAILURES[mode] !== undefined) return await fail(FAILURES[mode]);
  if (isThere && options["-U"] === undefined) return await fail(DUPLICATE);
  if (mode === "loses keys") return 0;
  items.push({
    service: options["-s"] ?? "",
    account: options["-a"] ?? "",
    label: options["-l"] ?? "",
    password: options["-w"] ?? "",
  });
  await save();
  return 0;
}

async function save(): Promise<void> {
  await Deno.writeTextFile(`${folder}/items`, JSON.stringify(items));
}

/** Splits a line as `-i` does: quotes count only at the start of a word, and a backslash escapes the next character. */
function splitLine(line: string): string[] {
  const words = line.matchAll(/"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|(\S+)/g);
  return Array.from(
    words,
    ([, double, single, bare]) => (double ?? single ?? bare ?? "").replaceAll(/\\(.)/g, "$1"),
  );
}

/** Runs the commands on standard input. The exit code is that of the last one. */
async function executeInput(): Promise<number> {
  let code = 0;
  for (const line of (await new Response(Deno.stdin.readable).text()).split("\n")) {
    if (line === "") continue;
    code = await execute(splitLine(line));
    if (code !== 0) await complain(`${line.split(" ")[0]}: returned ${code}`);
  }
  return mode === "locked, but ends well" ? 0 : code;
}

await Deno.writeTextFile(`${folder}/argv`, `${JSON.stringify(args)}\n`, { append: true });
if (mode === "hangs") await new Promise((resolve) => setTimeout(resolve, 3_600_000));
Deno.exit((args[0] === "-i" ? await executeInput() : await execute(args)) & 0xff);
