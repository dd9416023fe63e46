import { escape } from "@std/html/entities";
import { plainText } from "../text/plain_text.ts";
import type { TrafficFault } from "./callback_traffic.ts";
import { PAGE_STYLE } from "./page_style.ts";

/** How the sign-in went on after the callback: what the page in the browser says. */
export type PageOutcome =
  /** There is a token. */
  | { kind: "signed-in"; username: string | null }
  /** The user or the authority said no (`refused`), or something went wrong later (`failed`). */
  | { kind: "refused" | "failed"; message: string; hint?: string };

type Tone = "good" | "bad" | "info";

interface PageParts {
  tone: Tone;
  title: string;
  /** Markup, with everything from outside escaped. */
  body: string;
}

const RETURN_TO_TERMINAL = "You can close this tab and return to the terminal.";
const MAX_TEXT_LENGTH = 1000;

/** The page that ends the sign-in in the browser. */
export function outcomePage(outcome: PageOutcome): string {
  if (outcome.kind === "signed-in") return signedInPage(outcome.username);
  const title = outcome.kind === "refused" ? "Sign-in was refused" : "Sign-in failed";
  const hint = outcome.hint === undefined ? "" : `<p class="hint">${lines(outcome.hint)}</p>`;
  return page({
    tone: "bad",
    title,
    body: `<p>No one was signed in. The reason:</p>
<p class="cause" role="alert">${text(outcome.message)}</p>${hint}
<p class="next">${RETURN_TO_TERMINAL}</p>`,
  });
}

function signedInPage(username: string | null): string {
  const who = username === null
    ? "entra-auth-cli has what it needs."
    : `Signed in as <strong>${text(username)}</strong>`;
  return page({
    tone: "good",
    title: "You are signed in",
    body: `<p>${who}</p>
<p class="next">${RETURN_TO_TERMINAL}</p>`,
  });
}

/** The page for a browser whose sign-in is not known to have ended either way: the terminal knows more. */
export function unfinishedPage(): string {
  return page({
    tone: "info",
    title: "Return to the terminal",
    body: `<p>The answer of the sign-in has arrived. The terminal shows how it ended.</p>
<p class="next">You can close this tab.</p>`,
  });
}

/** The page for whatever comes after the callback, such as a reload of it. */
export function finishedPage(): string {
  return page({
    tone: "info",
    title: "This sign-in is already finished",
    body: `<p>Its answer was taken once and is not taken again.</p>
<p class="next">${RETURN_TO_TERMINAL}</p>`,
  });
}

/** The page for someone who opens the bare address while the sign-in goes on elsewhere. */
export function waitingPage(): string {
  return page({
    tone: "info",
    title: "Waiting for the sign-in",
    body: `<p>entra-auth-cli waits here for the answer of a sign-in that is going on in another tab.</p>
<p class="next">Finish it there, or return to the terminal to see its address.</p>`,
  });
}

const FAULT_TEXTS: Record<TrafficFault, string> = {
  wrongHost: "The request was for another host.",
  wrongPath: "There is nothing at this address.",
  wrongMethod: "The request used a method that is not served here.",
  wrongState: "The answer does not belong to the sign-in that is waiting. It may come from an older tab.",
  wrongIssuer: "The answer comes from another authority than the one that was asked.",
  malformed: "The request could not be read as the answer of a sign-in.",
};

/** The page for a request that is not the callback and changed nothing. */
export function refusedRequestPage(fault: TrafficFault): string {
  return page({
    tone: "bad",
    title: "This was not accepted",
    body: `<p>${FAULT_TEXTS[fault]}</p>
<p class="next">The sign-in still waits. Go on in the tab that the terminal opened, or start again from the terminal.</p>`,
  });
}

/** The page for a fault of the server itself. */
export function brokenPage(): string {
  return page({
    tone: "bad",
    title: "Something went wrong",
    body: `<p>The request could not be answered.</p>
<p class="next">Return to the terminal.</p>`,
  });
}

const MARKS: Record<Tone, string> = {
  good: `<path d="M7 16.5 13.5 23 25.5 10"/>`,
  bad: `<path d="M16 8v10M16 24v.01"/>`,
  info: `<path d="M16 15v9M16 8v.01"/>`,
};

function page({ tone, title, body }: PageParts): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} – entra-auth-cli</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<div class="mark ${tone}" aria-hidden="true"><svg viewBox="0 0 32 32">${MARKS[tone]}</svg></div>
<h1>${title}</h1>
${body}
</main>
<footer>entra-auth-cli on this machine</footer>
</body>
</html>
`;
}

/** Text from outside, fit to stand in an element. */
function text(raw: string): string {
  return escape(plainText(raw, MAX_TEXT_LENGTH));
}

function lines(raw: string): string {
  return raw.split("\n").map(text).join("\n");
}
