/**
 * Exits with 0 when the JSR packages of `deno.json` can be loaded on this machine, with 1 when not. Asks Deno for
 * one of them, and remembers the answer for an hour, so that a network that swallows requests costs its wait once.
 */

import { DEV_FOLDER } from "./npm_package.ts";

const ANSWER = new URL("jsr_reachable.json", DEV_FOLDER);
const REMEMBER_MS = 60 * 60 * 1000;
const WAIT_MS = 15_000;

interface Answer {
  readonly spec: string;
  readonly reachable: boolean;
  readonly askedAtMs: number;
}

/** Cliffy's command module imports from std as well, so it stands for both scopes. */
async function probeSpec(): Promise<string> {
  const config = JSON.parse(await Deno.readTextFile(new URL("../deno.json", DEV_FOLDER)));
  return config.imports["@cliffy/command"];
}

async function remembered(spec: string): Promise<boolean | undefined> {
  const text = await Deno.readTextFile(ANSWER).catch(() => "{}");
  const answer: Partial<Answer> = JSON.parse(text);
  const ageMs = Date.now() - (answer.askedAtMs ?? 0);
  return answer.spec === spec && ageMs >= 0 && ageMs < REMEMBER_MS ? answer.reachable : undefined;
}

async function ask(spec: string): Promise<boolean> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--no-config", "--no-lock", spec],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(WAIT_MS),
  });
  return (await command.output()).success;
}

const spec = await probeSpec();
let reachable = await remembered(spec);
if (reachable === undefined) {
  reachable = await ask(spec);
  const answer: Answer = { spec, reachable, askedAtMs: Date.now() };
  await Deno.mkdir(DEV_FOLDER, { recursive: true });
  await Deno.writeTextFile(ANSWER, JSON.stringify(answer));
}
Deno.exit(reachable ? 0 : 1);
