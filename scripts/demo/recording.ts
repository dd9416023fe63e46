/**
 * Records the commands of the README's picture on a terminal, with a provider on this machine: `docs/recording.cast` (in
 * the format of asciinema, version 2), and `docs/recording.svg`, which shows it. What differs from run to run is replaced:
 * ports, times, and how long a command took. The countdown of the sign-in is left out.
 *
 * Usage: deno task recording (on Linux)
 */

import { escape } from "@std/html/entities";
import { join } from "@std/path/join";
import { startGraph } from "../../tests/support/network/graph.ts";
import { startOnTerminal } from "../../tests/support/program/pseudo_terminal.ts";
import { openSandbox, type Sandbox } from "../../tests/support/program/sandbox.ts";
import { ADA } from "../../tests/support/provider/directory.ts";

const CAST = new URL("../../docs/recording.cast", import.meta.url);
const SVG = new URL("../../docs/recording.svg", import.meta.url);

const COLUMNS = 104;
const ROWS = 21;
const CLEAR = "\x1b[2J\x1b[H";

/** Each is a command as typed, and how long its output stays alone. */
const COMMANDS: readonly (readonly [command: string, seconds: number])[] = [
  ["entra-auth-cli get-token", 2],
  ["entra-auth-cli get-token", 2],
  [
    `entra-auth-cli exec -- \\\n    sh -c 'curl -s --oauth2-bearer "$ACCESS_TOKEN" https://graph.microsoft.com/v1.0/me'`,
    5,
  ],
  ["clear", 0],
  ["entra-auth-cli doctor", 8],
];

/** When something is written, in seconds, and what. */
type Event = readonly [time: number, type: "o", text: string];

/** Runs `command` on a terminal and returns what it shows at the end. */
async function show(sandbox: Sandbox, command: string, env: Record<string, string>): Promise<string> {
  const script = join(sandbox.folder, "script");
  await Deno.writeTextFile(script, `stty cols ${COLUMNS}\nPATH=$HOME/bin:$PATH\n${command}\n`);
  const terminal = await startOnTerminal(sandbox, `sh ${script}`, { env, programs: ["sh", "firefox"] });
  const first = await Promise.race([sandbox.browser.next(), terminal.ended]);
  if (typeof first === "string") await sandbox.userAgent.signIn(first, ADA);
  const { code, stdout } = await terminal.ended;
  if (code !== 0) throw new Error(`${command} failed with exit code ${code}:\n${stdout}`);
  return stdout.replaceAll("\r\n", "\n").replaceAll(/^.*\r/gm, "").trimEnd()
    .replaceAll(/localhost:\d+/g, "localhost:8443").replaceAll(
      /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g,
      "2026-01-15 10:00:00",
    );
}

async function record(): Promise<Event[]> {
  await using sandbox = await openSandbox();
  const graph = await startGraph(sandbox.folder, { displayName: ADA.name });
  await using _ = graph;
  const browser = join(sandbox.folder, "bin", "firefox");
  await Deno.mkdir(join(sandbox.folder, "bin"));
  await Deno.writeTextFile(browser, `#!/bin/sh\nexec ${sandbox.env.BROWSER?.replace("%s", '"$1"')}\n`, {
    mode: 0o755,
  });
  const env = { HOME: sandbox.folder, CURL_HOME: graph.curlHome, BROWSER: "firefox" };
  const events: Event[] = [];
  let time = 0;
  const write = (text: string, seconds: number) => {
    events.push([Number(time.toFixed(1)), "o", text.replaceAll("\n", "\r\n")]);
    time += seconds;
  };
  for (const [command, seconds] of COMMANDS) {
    if (command === "clear") {
      write(CLEAR, 0.5);
      continue;
    }
    write(`$ ${command}\n`, 1);
    for (const line of (await show(sandbox, command, env)).split("\n")) {
      write(`${line}\n`, /Waiting/.test(line) ? 2 : 0.1);
    }
    time += seconds;
  }
  return [...events, [Number(time.toFixed(1)), "o", ""]];
}

/** Returns the text of a recording in asciinema's format. */
function formatCast(events: readonly Event[]): string {
  const header = { version: 2, width: COLUMNS, height: ROWS, title: "entra-auth-cli" };
  return [header, ...events].map((each) => `${JSON.stringify(each)}\n`).join("");
}

/** Returns a picture that plays a recording and repeats it. It shows the last screen if animations are not wanted. */
export function drawCast(cast: string): string {
  const [, ...events] = cast.trim().split("\n").map((line) => JSON.parse(line)) as [unknown, ...Event[]];
  const end = events.at(-1)?.[0] ?? 0;
  const clears = events.filter(([, , text]) => text === CLEAR).map(([time]) => time);
  const percent = (time: number) => `${(time / end * 100).toFixed(2)}%`;
  let rules = "";
  let rows = "";
  let row = 0;
  let count = 0;
  for (const [time, , text] of events) {
    if (text === CLEAR) row = 0;
    const until = clears.find((clear) => clear > time);
    for (const line of text === CLEAR ? [] : text.split("\r\n").slice(0, -1)) {
      row++;
      count++;
      const hidden = until === undefined ? "" : `,${percent(until)},to{opacity:0}`;
      rules += `@keyframes l${count}{from{opacity:0}${percent(time)}${hidden === "" ? ",to" : ""}{opacity:1}${
        hidden.slice(1)
      }}\n#l${count}{animation-name:l${count}${until === undefined ? "" : ";opacity:0"}}\n`;
      rows += `<text id="l${count}" x="16" y="${row * 19 + 14}">${markUp(line)}</text>\n`;
    }
  }
  const [width, height] = [COLUMNS * 8 + 32, ROWS * 19 + 24];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>A terminal: entra-auth-cli signs in, uses the cached token, runs curl with it, and checks the machine</title>
<style>
text{font:13.3px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6e6e6;white-space:pre;animation:${end}s step-end infinite}
.c{fill:#9ec1ff;font-weight:bold}.g{fill:#5fd38d}
${rules}@media(prefers-reduced-motion:reduce){text{animation:none}}
</style>
<rect width="100%" height="100%" rx="10" fill="#16181d"/>
${rows}</svg>
`;
}

/** Returns a line of the terminal as SVG. The program writes green here, and nothing else. */
function markUp(line: string): string {
  const text = escape(line).replaceAll("\x1b[32m", '<tspan class="g">').replaceAll("\x1b[39m", "</tspan>");
  return /^(\$| {4}sh) /.test(line) ? `<tspan class="c">${text}</tspan>` : text;
}

if (import.meta.main) {
  const cast = formatCast(await record());
  await Deno.writeTextFile(CAST, cast);
  await Deno.writeTextFile(SVG, drawCast(cast));
}
