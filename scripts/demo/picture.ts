/** Makes `docs/sign-in.png` for the README from a real run: the output of the program, and the page after the sign-in. */

import { encodeBase64 } from "@std/encoding/base64";
import { escape } from "@std/html/entities";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { openChromium } from "../../tests/support/browser/chromium.ts";
import { ADA } from "../../tests/support/provider/directory.ts";
import { openSandbox } from "../../tests/support/program/sandbox.ts";

const OUTPUT = fromFileUrl(import.meta.resolve("../../docs/sign-in.png"));

/** Returns the terminal output of two runs: a sign-in and a cached token. */
async function runTwice(screenshot: (name: string) => string): Promise<string> {
  await using sandbox = await openSandbox();
  await using chromium = await openChromium();
  const program = sandbox.start(["get-token", "--flow", "interactive"]);
  await chromium.signIn(await sandbox.browser.next(), { ...ADA, screenshot: screenshot("page.png") });
  const first = await program.ended;
  const second = await sandbox.run(["get-token"]);
  return `$ entra-auth-cli get-token --flow interactive\n${first.stderr}\n$ entra-auth-cli get-token\n${second.stderr}`;
}

/** Returns the page for the screenshot. */
function layOut(terminal: string, pagePng: Uint8Array): string {
  return `<!doctype html><style>
    body { margin: 0; padding: 28px; display: flex; gap: 24px; align-items: center; background: #e8ebf0; }
    pre, div { border-radius: 10px; box-shadow: 0 6px 24px #0003; }
    pre { margin: 0; padding: 22px 26px; background: #16181d; color: #e6e6e6; font: 15px/1.5 monospace; }
    div { width: 500px; height: 291px; background: url(data:image/png;base64,${
    encodeBase64(pagePng)
  }) center/850px; }
  </style><pre>${escape(terminal.trimEnd())}</pre><div></div>`;
}

const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-picture-" });
try {
  const screenshot = (name: string) => join(folder, name);
  const terminal = await runTwice(screenshot);
  await using chromium = await openChromium();
  const page = await chromium.newPage();
  await page.setViewportSize({ width: 1038, height: 347 });
  await page.setContent(layOut(terminal, await Deno.readFile(screenshot("page.png"))));
  await page.locator("body").screenshot({ path: OUTPUT });
} finally {
  await Deno.remove(folder, { recursive: true });
}
