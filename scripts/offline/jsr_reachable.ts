/**
 * Exits with 0 if this machine can load the JSR packages of `deno.json`, otherwise with 1. Loads one of them with Deno and
 * keeps the result for an hour, so that a network that drops requests costs one timeout.
 */

import { DEV_FOLDER } from "./npm_package.ts";

const RESULT_FILE = new URL("jsr_reachable.json", DEV_FOLDER);
const MAX_AGE_MS = 60 * 60 * 1000;
const TIMEOUT_MS = 15_000;

interface Result {
  readonly spec: string;
  readonly reachable: boolean;
  readonly checkedAtMs: number;
}

/** Returns the command module of Cliffy. It imports std, so it stands for both scopes. */
async function probeSpec(): Promise<string> {
  const config = JSON.parse(await Deno.readTextFile(new URL("../deno.json", DEV_FOLDER)));
  return config.imports["@cliffy/command"];
}

async function readResult(spec: string): Promise<boolean | undefined> {
  const text = await Deno.readTextFile(RESULT_FILE).catch(() => "{}");
  const result: Partial<Result> = JSON.parse(text);
  const ageMs = Date.now() - (result.checkedAtMs ?? 0);
  return result.spec === spec && ageMs >= 0 && ageMs < MAX_AGE_MS ? result.reachable : undefined;
}

async function check(spec: string): Promise<boolean> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--no-config", "--no-lock", spec],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return (await command.output()).success;
}

const spec = await probeSpec();
let reachable = await readResult(spec);
if (reachable === undefined) {
  reachable = await check(spec);
  const result: Result = { spec, reachable, checkedAtMs: Date.now() };
  await Deno.mkdir(DEV_FOLDER, { recursive: true });
  await Deno.writeTextFile(RESULT_FILE, JSON.stringify(result));
}
Deno.exit(reachable ? 0 : 1);
