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
  assertStringIncludes(refused, "Say yes.\nOr ask someone.");
  const failed = outcomePage({ kind: "failed", message: "The network is down." });
  assertStringIncludes(failed, "<h1>Sign-in failed</h1>");
  assertStringIncludes(failed, "The network is down.");
});

Deno.test("outcomePage() escapes HTML and removes control characters from outside", () => {
  for (
    const page of [
      outcomePage({ kind: "signed-in", username: HOSTILE }),
      outcomePage({ kind: "refused", message: HOSTILE, hint: HOSTILE }),
      outcomePage({ kind: "failed", message: HOSTILE, hint: HOSTILE }),
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

Deno.test("Every page is complete, has a title, follows the colour scheme, and loads and runs nothing", () => {
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
