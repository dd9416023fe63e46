/**
 * Checks the spelling (American English) of the documentation, and of comments, messages and test names in the code, with
 * the dictionaries of cspell and the words in `words.txt`. They come from npm once, into `.dev`.
 *
 * Not checked are code in backticks, addresses, and words that contain an underscore, a digit, a slash, or capitals after
 * the first letter: names of the program and of protocols.
 *
 * Usage: deno task spelling
 */

import { gunzipSync } from "node:zlib";
import {
  DEV_FOLDER,
  makeFolderOnce,
  type PinnedPackage,
  say,
  unpackFromNpm,
} from "../offline/npm_package.ts";

const TOP = new URL("../../", import.meta.url);

/** Reads a trie of cspell. It has no dependencies. */
const READER: PinnedPackage = {
  name: "cspell-trie-lib",
  version: "9.8.0",
  integrity:
    "sha512-GXIyqxya8QLp6SjKsAN9w3apvt1Ww7GKcZvTBaP76OfLoyb1QC6unwmObY2cZs1manCntGwHrgU6vFNuXnTzpw==",
};

const DICTIONARIES: readonly (PinnedPackage & { readonly file: string })[] = [
  {
    name: "@cspell/dict-en_us",
    version: "4.4.43",
    integrity:
      "sha512-RK0zfFXSPi0G/zmV9YgUhS2xw9eTV/8DtQ+ouLIiRZ8ejWRt2zhAonu5di+qmIhzhQ62fg7d3tMz3WwRy82yJA==",
    file: "en_US.trie.gz",
  },
  {
    name: "@cspell/dict-software-terms",
    version: "5.4.9",
    integrity:
      "sha512-bB5L+OGW0F8Vt83j0XFcMEWCbCNqquLgjlQjm/iCp1jcYi/pQbqDLkXIPbINgbeG0vRqiu5yCPDFCsv4Qb6miQ==",
    file: "dict/softwareTerms.txt.gz",
  },
];

/** The folders with code, besides `main.ts`. */
const FOLDERS = ["src", "scripts", "tests", "docs", ".github", ".ci"];

/** Texts of others. */
const EXCLUDED = /^tests\/support\/(corpus|golden)\/|^scripts\/bench\/peers\//;

/** A word of a text, by its line. */
export interface Word {
  readonly line: number;
  readonly word: string;
}

/** Returns the prose in a file: all of Markdown; in code, comments and the strings that are sentences. */
export function proseOf(path: string, text: string): string {
  const blank = (found: string) => found.replaceAll(/[^\n]/g, " ");
  if (path.endsWith(".md")) {
    return text.replaceAll(/^ *```(?!text)[\s\S]*?^ *```$/gm, blank).replaceAll(/\]\([^)]*\)/g, blank);
  }
  const pattern = path.endsWith(".ts") || path.endsWith(".mjs")
    ? /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/gm
    : /(?<=^|\s)#.*$/gm;
  let prose = "";
  let end = 0;
  for (const { 0: found, index } of text.matchAll(pattern)) {
    const isComment = /^(\/|#)/.test(found);
    // Quotes of a string are not those of code in it.
    const shown = isComment ? found : ` ${found.slice(1, -1)} `.replaceAll(
      /\$\{[^}]*\}|\\(x1b\[[\d;?]*[A-Za-z]|x[\da-f]{2}|u[\da-f]{4}|.)/g,
      blank,
    );
    const isKept = isComment || /(\p{L}+[,.:;]? ){3}/u.test(shown) && !/[{}$<>]/.test(shown);
    prose += blank(text.slice(end, index)) + (isKept ? shown : blank(found));
    end = index + found.length;
  }
  return prose;
}

/** Returns the words to look up. */
export function wordsOf(prose: string): Word[] {
  const separators = /[\s|()[\]{}"“”…,;:!?*<>—–-]+/;
  return prose.split("\n").flatMap((text, at) =>
    text.replaceAll(/`[^`]*`/g, " ").split(separators)
      .map((token) => token.replaceAll(/^[^\p{L}\d]+|[^\p{L}\d]+$/gu, "").replace(/['’]s$/, ""))
      .filter((token) => /^\p{L}['’\p{Ll}]{3,}$/u.test(token))
      .map((word) => ({ line: at + 1, word: word.replaceAll("’", "'") }))
  );
}

interface Dictionary {
  has(word: string): boolean;
}

/** Returns the dictionaries, from npm at first. */
async function loadDictionaries(): Promise<Dictionary[]> {
  const folder = new URL("spelling/", DEV_FOLDER);
  const packages = [READER, ...DICTIONARIES];
  await Deno.mkdir(DEV_FOLDER, { recursive: true });
  await makeFolderOnce(folder, JSON.stringify(packages), async (draft) => {
    for (const [index, each] of packages.entries()) await unpackFromNpm(each, draft, `${index}`);
  });
  const { decodeTrie, parseDictionary } = await import(new URL("0/dist/index.js", folder).href);
  return await Promise.all(DICTIONARIES.map(async ({ file }, index) => {
    const text = new TextDecoder().decode(
      gunzipSync(await Deno.readFile(new URL(`${index + 1}/${file}`, folder))),
    );
    return file.includes(".trie") ? decodeTrie(text) : parseDictionary(text);
  }));
}

/** Returns a predicate for words that one of the dictionaries or the list has, and the words of the list that nothing needed. */
function lookUp(dictionaries: readonly Dictionary[], list: readonly string[]) {
  const unneeded = new Set(list);
  const known = new Map<string, boolean>();
  const isInDictionary = (word: string) =>
    dictionaries.some((one) => one.has(word) || one.has(word.toLowerCase()));
  const isKnown = (word: string) => {
    const entry = [word, word.toLowerCase()].find((form) => list.includes(form));
    if (entry !== undefined) unneeded.delete(entry);
    const found = known.get(word) ?? (entry !== undefined || isInDictionary(word));
    known.set(word, found);
    return found;
  };
  return { isKnown, unneeded };
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, TOP))) {
    const path = folder === "./" ? name : `${folder}${name}`;
    if (isDirectory) {
      if (folder !== "./" || FOLDERS.includes(name)) yield* filesIn(`${path}/`);
    } else if (/\.(md|ts|mjs|sh|ps1|ya?ml)$|^\.ci\/run$/.test(path) && !EXCLUDED.test(path)) yield path;
  }
}

async function checkSpelling(): Promise<string[]> {
  const list = (await Deno.readTextFile(new URL("words.txt", import.meta.url))).split("\n").filter((word) =>
    word !== ""
  );
  const { isKnown, unneeded } = lookUp(await loadDictionaries(), list);
  const faults: string[] = [];
  for await (const path of filesIn("./")) {
    const words = wordsOf(proseOf(path, await Deno.readTextFile(new URL(path, TOP))));
    for (const { line, word } of words) {
      if (!isKnown(word)) faults.push(`${path}:${line}: unknown word: ${word}`);
    }
  }
  return [...faults, ...[...unneeded].map((word) => `scripts/check/words.txt: unneeded word: ${word}`)];
}

if (import.meta.main) {
  try {
    const faults = await checkSpelling();
    for (const fault of faults) say(fault);
    Deno.exitCode = faults.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    say("no npm here: the spelling is not checked");
  }
}
