import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  brokenPage,
  finishedPage,
  outcomePage,
  refusedRequestPage,
  unfinishedPage,
  waitingPage,
} from "../../../src/loopback/pages.ts";

const HOSTILE = `<script>alert(1)</script>"><img src=x onerror='alert(2)'>\u202e\u001b[2J`;

const ALL_PAGES = [
  outcomePage({ kind: "signed-in", username: "alice@contoso.example" }),
  outcomePage({ kind: "signed-in", username: null }),
  outcomePage({ kind: "refused", message: "You said no.", hint: "Say yes." }),
  outcomePage({ kind: "failed", message: "The network is down." }),
  outcomePage({ kind: "cancelled", message: "No.", aadsts: "AADSTS65004", hint: "entra-auth-cli doctor" }, {
    profile: "work",
    clientId: "the-client",
  }),
  refusedRequestPage("wrongState"),
  refusedRequestPage("malformed"),
  finishedPage(),
  unfinishedPage(),
  waitingPage(),
  brokenPage(),
];

Deno.test("outcomePage() shows who signed in and what to do next", () => {
  const page = outcomePage({ kind: "signed-in", username: "alice@contoso.example" });
  assertStringIncludes(page, "<h1>You are signed in</h1>");
  assertStringIncludes(page, "alice@contoso.example");
  assertStringIncludes(page, "You can close this tab and return to the terminal.");
});

Deno.test("outcomePage() shows the reason and the hint of a refusal and of a failure", () => {
  const refused = outcomePage({
    kind: "refused",
    message: "You said no.",
    hint: "Say yes.\nOr ask someone.",
  });
  assertStringIncludes(refused, "<h1>Sign-in was refused</h1>");
  assertStringIncludes(refused, "You said no.");
  assertStringIncludes(refused, '<p class="hint">Say yes.</p>\n<p class="hint">Or ask someone.</p>');
  const failed = outcomePage({ kind: "failed", message: "The network is down." });
  assertStringIncludes(failed, "<h1>Sign-in failed</h1>");
  assertStringIncludes(failed, "The network is down.");
});

Deno.test("outcomePage() names profile, application and error number, and puts each command into a block", () => {
  const subject = { profile: "work", clientId: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee" };
  const hint = "Sign in: entra-auth-cli get-token --profile work\nprintenv SECRET\nOr ask someone.";
  const failed = outcomePage(
    { kind: "cancelled", message: "You said no.", aadsts: "AADSTS65004", hint },
    subject,
  );
  assertStringIncludes(failed, "<h1>Sign-in was cancelled</h1>");
  assertStringIncludes(failed, 'You said no.<span class="number">AADSTS65004</span>');
  assertStringIncludes(
    failed,
    '<p class="hint">Sign in:</p>\n<pre><code><span>entra-auth-cli</span> <span>get-token</span> <span>--profile</span> ' +
      "work</code></pre>\n<pre><code>printenv SECRET</code></pre>\n" +
      '<p class="note">Click a command to select it, then copy it.</p>\n<p class="hint">Or ask someone.</p>',
  );
  for (const page of [failed, outcomePage({ kind: "signed-in", username: null }, subject)]) {
    assertStringIncludes(page, "<dt>Profile</dt><dd>work</dd>");
    assertStringIncludes(page, `<dt>Application</dt><dd>${subject.clientId}</dd>`);
  }
  assert(!outcomePage({ kind: "failed", message: "x", hint: "No command." }).includes('class="note"'));
});

Deno.test("outcomePage() escapes HTML and removes control characters from outside", () => {
  for (
    const page of [
      outcomePage({ kind: "signed-in", username: HOSTILE }),
      outcomePage({ kind: "refused", message: HOSTILE, hint: HOSTILE }),
      outcomePage({ kind: "failed", message: HOSTILE, hint: HOSTILE }),
      outcomePage({ kind: "cancelled", message: "", aadsts: HOSTILE }),
      outcomePage({ kind: "failed", message: "", hint: `entra-auth-cli ${HOSTILE}` }),
      outcomePage({ kind: "signed-in", username: null }, { profile: HOSTILE, clientId: "" }),
      outcomePage({ kind: "signed-in", username: null }, { profile: "", clientId: HOSTILE }),
    ]
  ) {
    for (const hostile of ["<script", "<img", "\u202e", "\u001b"]) assert(!page.includes(hostile));
    assertStringIncludes(page, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&gt;&lt;img src=x onerror=&#39;");
  }
});

Deno.test("outcomePage() truncates long text", () => {
  const page = outcomePage({ kind: "failed", message: "x".repeat(1_000_000) });
  assert(page.length < 10_000);
});

Deno.test("Every page is complete, has a title, follows the color scheme, and loads and runs nothing", () => {
  for (const page of ALL_PAGES) {
    assert(page.startsWith('<!doctype html>\n<html lang="en">'));
    assertEquals(page.match(/<h1>/g)?.length, 1);
    assertStringIncludes(page, "entra-auth-cli</title>");
    assertStringIncludes(page, "prefers-color-scheme: dark");
    assertStringIncludes(page, 'name="viewport"');
    assertEquals(
      page.match(/<script|https?:|\bsrc=|\bhref=|url\(|@import|<form|<link|http-equiv|style=|\son\w+=/g),
      null,
    );
  }
});

Deno.test("refusedRequestPage() says refused only if a request or a response was refused", () => {
  const titleOf = (page: string) => /<h1>(.*)<\/h1>/.exec(page)?.[1];
  assertEquals(titleOf(refusedRequestPage("wrongHost")), "Request refused");
  assertEquals(titleOf(refusedRequestPage("wrongIssuer")), "Response refused");
  assertEquals(titleOf(refusedRequestPage("wrongPath")), "Page not found");
  assertEquals(titleOf(refusedRequestPage("wrongState")), "Another sign-in");
});
