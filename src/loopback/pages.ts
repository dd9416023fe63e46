import { escape } from "@std/html/entities";
import { plainText } from "../text/plain_text.ts";
import type { TrafficFault } from "./callback_traffic.ts";

/** The result of the sign-in, for the page in the browser. */
export type PageOutcome =
  | { kind: "signed-in"; username: string | null }
  /** The user cancelled the sign-in or refused consent, the authority refused it, or it failed. */
  | {
    kind: "cancelled" | "refused" | "failed";
    message: string;
    /** Entra's number, such as `AADSTS65004`. */
    aadsts?: string | undefined;
    hint?: string | undefined;
  };

/** What the sign-in is for. Only pages for a request with the right state name it: others can connect as well. */
export interface SignInSubject {
  readonly profile: string;
  /** Application (client) ID. */
  readonly clientId: string;
}

type Tone = "good" | "bad" | "info";

interface PageParts {
  tone: Tone;
  title: string;
  /** HTML, in which all text from outside is escaped. */
  body: string;
  subject?: SignInSubject | null;
}

const RETURN_TO_TERMINAL = "You can close this tab and return to the terminal.";
const MAX_TEXT_LENGTH = 1000;

const FAILURE_TITLES = {
  cancelled: "Sign-in was cancelled",
  refused: "Sign-in was refused",
  failed: "Sign-in failed",
} as const;

/** Returns the last page of the sign-in. */
export function outcomePage(outcome: PageOutcome, subject: SignInSubject | null = null): string {
  if (outcome.kind === "signed-in") return signedInPage(outcome.username, subject);
  const { kind, message, aadsts, hint } = outcome;
  const number = aadsts === undefined ? "" : `<span class="number">${text(aadsts)}</span>`;
  return page({
    tone: "bad",
    title: FAILURE_TITLES[kind],
    body: `<p>You are not signed in. Reason:</p>
<p class="cause" role="alert">${text(message)}${number}</p>
${hint === undefined ? "" : hintBlocks(hint)}
<p class="next">${RETURN_TO_TERMINAL}</p>`,
    subject,
  });
}

/** A command in a hint, maybe after a label: `Sign in: entra-auth-cli get-token`. */
const COMMAND = /^(?:(.*:) )?((?:entra-auth-cli|az|openssl|printenv|ssh|sudo|lsof) .+)$/;

/** Formats a hint. Each command is a block that one click selects, without a script. */
function hintBlocks(hint: string): string {
  const blocks: string[] = [];
  let afterCommand = 0;
  for (const line of hint.split("\n")) {
    const [, label, command] = COMMAND.exec(line) ?? [];
    if (command === undefined) {
      blocks.push(`<p class="hint">${text(line)}</p>`);
      continue;
    }
    if (label !== undefined) blocks.push(`<p class="hint">${text(label)}</p>`);
    afterCommand = blocks.push(`<pre><code>${commandWords(command)}</code></pre>`);
  }
  const note = `<p class="note">Click a command to select it, then copy it.</p>`;
  if (afterCommand > 0) blocks.splice(afterCommand, 0, note);
  return blocks.join("\n");
}

/** Escapes a command. A word breaks at its hyphens only if it is longer than a line. */
function commandWords(command: string): string {
  return text(command).replaceAll(/[^ ]*-[^ ]*/g, "<span>$&</span>");
}

function signedInPage(username: string | null, subject: SignInSubject | null): string {
  const who = username === null
    ? "entra-auth-cli received a token."
    : `Signed in as <strong>${text(username)}</strong>`;
  return page({
    tone: "good",
    title: "You are signed in",
    body: `<p>${who}</p>
<p class="next">${RETURN_TO_TERMINAL}</p>`,
    subject,
  });
}

/** Returns the page for a callback whose outcome was not known in time. */
export function unfinishedPage(): string {
  return page({
    tone: "info",
    title: "Return to the terminal",
    body: `<p>The sign-in response was received. The terminal shows the result.</p>
<p class="next">You can close this tab.</p>`,
  });
}

/** Returns the page for requests after the callback, such as a reload. */
export function finishedPage(): string {
  return page({
    tone: "info",
    title: "This sign-in is already finished",
    body: `<p>Its response can be used only once.</p>
<p class="next">${RETURN_TO_TERMINAL}</p>`,
  });
}

/** Returns the page for the bare address, while the sign-in continues in another tab. */
export function waitingPage(): string {
  return page({
    tone: "info",
    title: "Waiting for the sign-in",
    body: `<p>entra-auth-cli is waiting for a sign-in in another tab.</p>
<p class="next">Finish it there, or return to the terminal to see its URL.</p>`,
  });
}

const FAULTS: Record<TrafficFault, readonly [title: string, text: string]> = {
  wrongHost: ["Request refused", "The request was for another host."],
  wrongPath: ["Page not found", "There is no page at this address."],
  wrongMethod: ["Request refused", "The request used an unsupported method."],
  wrongState: [
    "Another sign-in",
    "The response does not belong to the current sign-in. It may come from an older tab.",
  ],
  wrongIssuer: ["Response refused", "The response comes from an unexpected authority."],
  malformed: ["Invalid request", "The request is not a valid sign-in response."],
};

/** Returns the page for a request that is not the callback. */
export function refusedRequestPage(fault: TrafficFault): string {
  const [title, reason] = FAULTS[fault];
  return page({
    tone: "bad",
    title,
    body: `<p>${reason}</p>
<p class="next">The sign-in is still waiting. Continue in the tab that the terminal opened, or start again from the terminal.</p>`,
  });
}

/** Returns the page for an internal error. */
export function brokenPage(): string {
  return page({
    tone: "bad",
    title: "Something went wrong",
    body: `<p>The request could not be processed.</p>
<p class="next">Return to the terminal.</p>`,
  });
}

const MARKS: Record<Tone, string> = {
  good: `<path d="M7 16.5 13.5 23 25.5 10"/>`,
  bad: `<path d="M16 8v10M16 24v.01"/>`,
  info: `<path d="M16 15v9M16 8v.01"/>`,
};

/** Names the profile and the application, as the terminal does. */
function subjectList({ profile, clientId }: SignInSubject): string {
  return `<dl>
<div><dt>Profile</dt><dd>${text(profile)}</dd></div>
<div><dt>Application</dt><dd>${text(clientId)}</dd></div>
</dl>
`;
}

function page({ tone, title, body, subject = null }: PageParts): string {
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
${subject === null ? "" : subjectList(subject)}</main>
<footer>entra-auth-cli on this machine</footer>
</body>
</html>
`;
}

/** Escapes text from outside for use in an element. */
function text(raw: string): string {
  return escape(plainText(raw, MAX_TEXT_LENGTH));
}

/** Makes a response with the given status and HTML page (null for none), and the headers that every response has. */
export type PageResponse = (status: number, html: string | null) => Response;

/**
 * Returns a {@linkcode PageResponse}. Its headers allow the page to load its own style and nothing else, forbid framing,
 * caching and referrers (RFC 9700 sections 4.2.4 and 4.16), and end the connection.
 */
export async function preparePageResponse(): Promise<PageResponse> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(PAGE_STYLE));
  const styleHash = new Uint8Array(digest).toBase64();
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return (status, html) => {
    const headers = new Headers({
      "Content-Security-Policy": policy,
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      "X-Frame-Options": "DENY",
      "Connection": "close",
    });
    if (html !== null) headers.set("Content-Type", "text/html; charset=utf-8");
    if (status === 405) headers.set("Allow", "GET, POST");
    return new Response(html, { status, headers });
  };
}

/** The style of every page. It loads nothing: it uses system fonts, and follows the browser's color scheme. */
const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --back: #f3f4f7; --card: #ffffff; --edge: #dfe2e8; --text: #1b1f27; --soft: #586070; --well: #f3f4f7;
  --good: #0f7b4a; --good-back: #dcf3e6; --bad: #b3261e; --bad-back: #fbe4e2; --info: #1f5fbf; --info-back: #e1ecfb;
  --shadow: 0 1px 2px rgb(20 25 40 / 6%), 0 12px 32px rgb(20 25 40 / 8%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0f1116; --card: #191c23; --edge: #2b303b; --text: #eceef3; --soft: #a4adbd; --well: #11141a;
    --good: #5fd39b; --good-back: #12352a; --bad: #ff9d94; --bad-back: #43201f; --info: #8ab8ff; --info-back: #1a2c4a;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; padding: 24px;
  display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 20px;
  background: var(--back); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main {
  width: 100%; max-width: 480px; padding: 40px 36px 36px; text-align: center;
  background: var(--card); border: 1px solid var(--edge); border-radius: 16px; box-shadow: var(--shadow);
}
.mark { width: 64px; height: 64px; margin: 0 auto 20px; padding: 14px; border-radius: 50%; }
.mark svg {
  display: block; width: 36px; height: 36px; fill: none; stroke: currentColor;
  stroke-width: 3; stroke-linecap: round; stroke-linejoin: round;
}
.good { color: var(--good); background: var(--good-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.info { color: var(--info); background: var(--info-back); }
h1 { margin: 0 0 8px; font-size: 24px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; text-wrap: balance; }
p { margin: 0; color: var(--soft); overflow-wrap: anywhere; text-wrap: balance; }
p strong { display: block; color: var(--text); font-weight: 600; }
.cause {
  margin: 20px 0 0; padding: 14px 16px; text-align: left; text-wrap: wrap; color: var(--text); font-size: 15px;
  background: var(--well); border: 1px solid var(--edge); border-radius: 10px;
}
.number { display: block; margin-top: 6px; color: var(--soft); font-size: 14px; }
.hint { margin-top: 14px; font-size: 15px; text-align: left; text-wrap: wrap; }
pre {
  margin: 10px 0 0; padding: 12px 14px; text-align: left; white-space: pre-wrap; overflow-wrap: anywhere;
  color: var(--text); background: var(--well); border: 1px solid var(--edge); border-radius: 10px;
  font: 14px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
code { font: inherit; cursor: pointer; -webkit-user-select: all; user-select: all; }
code span { display: inline-block; max-width: 100%; }
.note { margin-top: 8px; font-size: 13px; text-align: left; }
dl {
  margin: 20px 0 0; display: grid; gap: 2px; text-align: left; color: var(--soft); font-size: 13px;
}
dl div { display: flex; gap: 8px; }
dt { flex: 0 0 84px; }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.next { margin-top: 24px; padding-top: 20px; border-top: 1px solid var(--edge); color: var(--text); }
footer { color: var(--soft); font-size: 13px; }
@media (max-width: 480px) {
  body { padding: 16px; }
  main { padding: 32px 22px 28px; }
}
@media (forced-colors: active) {
  .mark { border: 2px solid CanvasText; }
}
`;
