/**
 * Writes `docs/reference/errors.md` from the table of error codes. With `--check`, fails if the page differs from the
 * table, or if the table lacks a published number, and prints how many it knows.
 *
 * Usage: deno task error-page [--check]
 */

import {
  findMeaning,
  findRemedy,
  formatHint,
  knownNumbers,
} from "../../src/entra/errors/aadsts/find_remedy.ts";
import type { ErrorClass, Remedy } from "../../src/entra/errors/aadsts/remedy.ts";
import NUMBERS from "../../tests/support/corpus/aadsts_numbers.json" with { type: "json" };

const PAGE = new URL("../../docs/reference/errors.md", import.meta.url);

const SUBJECT = { clientId: "CLIENT_ID", tenant: "TENANT", profile: "default" };

const HEAD = `---
title: Error codes
description: What Entra's error codes (AADSTS and AADB2C) mean, and how to fix them.
weight: 65
---

# Error codes

<!-- deno task error-page writes this page from src/entra/errors/aadsts. -->
<!-- not run on this page: the commands change a registration or a tenant, or sign in to it -->

\`entra-auth-cli explain CODE\` prints the same offline, with the application and tenant of your profile. It also
takes a whole message, log line or JSON document in quotes.

In the commands, \`CLIENT_ID\` is the application, \`TENANT\` is the tenant, and \`RESOURCE\` is the API. The classes
say who can fix an error:
`;

const CLASSES: readonly (readonly [ErrorClass, title: string, text: string])[] = [
  [
    "sign_in",
    "Sign in again",
    "A sign-in in the browser, with the step that Entra asks for, fixes the error.",
  ],
  ["usage", "Other options", "The command asks for something that does not exist or does not fit."],
  ["application", "Registration of the application", "The owner of the application must change it."],
  ["administrator", "Administrator", "An administrator of the tenant must change something, or decide to."],
  ["retry", "Try again later", "The error is temporary."],
];

/** Returns the text of the page, before it is formatted. */
export function errorPage(): string {
  const overview = CLASSES.map(([name, title, text]) => `- **${title}** (\`${name}\`): ${text}\n`).join("");
  return `${HEAD}\n${overview}\n${CLASSES.map(section).join("\n")}`;
}

function section([name, title, text]: (typeof CLASSES)[number]): string {
  const codes = knownNumbers().filter((code) => findMeaning(code)?.class === name);
  const remedies = Map.groupBy(codes.filter((code) => findRemedy(code) !== null), findRemedy);
  const explained = [...remedies].map(([remedy, sharing]) => remedy === null ? "" : entry(remedy, sharing));
  const others = codes.filter((code) => findRemedy(code) === null);
  return `## ${title}\n\n${text}\n\n${explained.join("\n")}${others.length === 0 ? "" : otherCodes(others)}`;
}

/** The codes with the same remedy, their meaning, and what to do: commands first. */
function entry(remedy: Remedy, codes: readonly string[]): string {
  const lines = formatHint(remedy, SUBJECT).split("\n");
  const isCommand = (line: string) => /^(az|entra-auth-cli|printenv) /.test(line);
  const commands = lines.filter(isCommand);
  const sentences = lines.filter((line) => !isCommand(line)).map(escapeMarkdown);
  const block = commands.length === 0 ? "" : `\n\`\`\`bash\n${commands.join("\n")}\n\`\`\`\n`;
  const advice = sentences.length === 0 ? "" : `\n${sentences.map(sentence).join(" ")}\n`;
  const cause = remedy.cause === undefined ? "" : ` ${escapeMarkdown(remedy.cause)}`;
  return `### ${codes.join(", ")}\n\n${escapeMarkdown(remedy.message)}.${cause}\n${block}${advice}`;
}

/** Ends what ends in a path or a command. */
function sentence(text: string): string {
  return /[.:!]$/.test(text) ? text : `${text}.`;
}

/** The codes that this program rarely meets: Entra's own description says more. */
function otherCodes(codes: readonly string[]): string {
  const rows = codes.map((code) => `| ${code} | ${escapeMarkdown(findMeaning(code)?.message ?? "")} |\n`);
  return `\n### Others\n\nRead Entra's own description after the code.\n\n| code | meaning |\n| --- | --- |\n${
    rows.join("")
  }`;
}

function escapeMarkdown(text: string): string {
  return text.replaceAll(/[<>*_`]/g, "\\$&");
}

/** Formats Markdown as `deno fmt` does. */
export async function formatMarkdown(markdown: string): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
  });
  const process = command.spawn();
  const output = process.output();
  await new Blob([markdown]).stream().pipeTo(process.stdin);
  const { code, stdout } = await output;
  if (code !== 0) throw new Error(`deno fmt failed with exit code ${code}`);
  return new TextDecoder().decode(stdout);
}

function print(text: string): void {
  // deno-lint-ignore no-console -- a script's own output
  console.log(text);
}

/** Returns what is wrong with the page or the table, or null. */
function findFault(page: string, written: string, known: number): string | null {
  if (known < NUMBERS.published.length) return "The table lacks published numbers";
  return page === written
    ? null
    : "docs/reference/errors.md differs from the table of error codes: run deno task error-page";
}

if (import.meta.main) {
  const page = await formatMarkdown(errorPage());
  if (Deno.args.includes("--check")) {
    const known = NUMBERS.published.filter((number) => findMeaning(`AADSTS${number}`) !== null).length;
    print(`${known} of ${NUMBERS.published.length} numbers known, ${knownNumbers().length} explained`);
    const fault = findFault(page, await Deno.readTextFile(PAGE).catch(() => ""), known);
    if (fault !== null) print(fault);
    Deno.exitCode = fault === null ? 0 : 1;
  } else {
    await Deno.writeTextFile(PAGE, page);
  }
}
