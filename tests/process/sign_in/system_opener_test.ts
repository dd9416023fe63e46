/**
 * Tests the real opener of the system: `xdg-open` on Linux, and the URL handler of Windows under Wine
 * (scripts/windows/wine.ts). Only the registered browser belongs to the test.
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path/join";
import { openBrowser } from "../../../src/browser/open_browser.ts";
import { isFailure, type Processes, trySpawn } from "../../../src/system/processes/processes.ts";
import { ADA } from "../../support/provider/directory.ts";
import { openSandbox } from "../../support/program/sandbox.ts";
import { longUrl, TRICKY_URLS } from "../../support/browser/tricky_urls.ts";
import { openUrlInbox, type UrlInbox } from "../../support/browser/url_inbox.ts";

/** The longest URL that arrives. Wine accepts about 1,000 characters, Windows 2,081. */
const MAX_LENGTH = Deno.build.os === "windows" ? 900 : 8000;

const opener = await findOpener();

/** Returns the opener if the test can register a browser with it, otherwise null. */
async function findOpener(): Promise<string | null> {
  switch (Deno.build.os) {
    case "linux":
      return await succeeds("xdg-open", "--version") ? "xdg-open" : null;
    case "windows":
      // On real Windows the test leaves the user's browser alone.
      return await succeeds("reg", "query", "HKCU\\Software\\Wine") ? "rundll32.exe" : null;
    default:
      return null;
  }
}

async function succeeds(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdin: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Registers the inbox as the browser for https and returns the variables by which the opener finds it. */
async function register(inbox: UrlInbox, folder: string): Promise<Record<string, string>> {
  if (Deno.build.os === "windows") {
    const key = "HKLM\\Software\\Classes\\https\\shell\\open\\command";
    const command = inbox.browser.replace("%s", `"%1"`);
    assert(
      await succeeds("reg", "add", key, "/ve", "/d", command, "/f"),
      "the registry rejected the browser",
    );
    return {};
  }
  const script = join(folder, "browser");
  await Deno.writeTextFile(script, `#!/bin/sh\nexec ${inbox.browser.replace("%s", `"$@"`)}\n`, {
    mode: 0o755,
  });
  const applications = join(folder, "applications");
  await Deno.mkdir(applications);
  await Deno.writeTextFile(
    join(applications, "recorder.desktop"),
    `[Desktop Entry]\nType=Application\nName=Recorder\nExec=${script} %u\nMimeType=x-scheme-handler/https;\n`,
  );
  const list = "[Default Applications]\nx-scheme-handler/https=recorder.desktop\n";
  await Deno.writeTextFile(join(folder, "mimeapps.list"), list);
  // A display without a desktop that xdg-open knows, so that it uses only these folders.
  const unset = [
    "XDG_CURRENT_DESKTOP",
    "DESKTOP_SESSION",
    "KDE_FULL_SESSION",
    "GNOME_DESKTOP_SESSION_ID",
    "BROWSER",
  ];
  return {
    ...Object.fromEntries(unset.map((name) => [name, ""])),
    DISPLAY: ":99",
    XDG_CONFIG_HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_DATA_DIRS: folder,
  };
}

/** Returns processes that start programs with these variables. */
function processesWith(env: Readonly<Record<string, string>>): Pick<Processes, "start"> {
  return {
    start: (command, args) => {
      const child = trySpawn(command, args, {
        stdin: "null",
        stdout: "null",
        stderr: "null",
        detached: true,
        env,
      });
      if (isFailure(child)) return Promise.resolve({ kind: "refused" });
      return Promise.resolve({ kind: "started", process: { exited: child.status, unref: () => {} } });
    },
  };
}

Deno.test({
  name: "every character of a URL passes unchanged through the opener of the system",
  ignore: opener === null,
  async fn(test) {
    const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-opener-" });
    await using inbox = openUrlInbox();
    try {
      const env = await register(inbox, folder);
      const os = Deno.build.os === "windows" ? "windows" : "linux";
      const dependencies = {
        os,
        env: { get: () => undefined },
        processes: processesWith(env),
        graceMs: 60_000,
      } as const;
      for (const [what, url] of Object.entries({ ...TRICKY_URLS, "great length": longUrl(MAX_LENGTH) })) {
        await test.step(what, async () => {
          const opening = await openBrowser(url, dependencies, new AbortController().signal);
          assertEquals(opening.kind, "opened", JSON.stringify(opening));
          assertEquals(await inbox.next(), url);
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    assertEquals(inbox.count, Object.keys(TRICKY_URLS).length + 1);
  },
});

Deno.test({
  name: "get-token signs in through the browser that the opener of the system finds",
  ignore: opener === null,
  async fn() {
    await using sandbox = await openSandbox();
    const env = await register(sandbox.browser, sandbox.folder);
    const programs = opener === null ? [] : [opener];
    const { code, stderr, page } = await sandbox.signIn(["get-token"], undefined, {
      env: { ...env, BROWSER: "" },
      programs,
    });
    assertEquals([code, page.status, sandbox.browser.count], [0, 200, 1], stderr);
  },
});

Deno.test({
  name: "a URL that is too long for Windows is shown with the reason, and the sign-in continues",
  ignore: Deno.build.os !== "windows",
  async fn() {
    await using sandbox = await openSandbox();
    const claims = JSON.stringify({ access_token: { acrs: { essential: true, value: "c".repeat(2000) } } });
    const options = { env: { BROWSER: "" }, programs: ["rundll32.exe"] };
    const program = sandbox.start(["get-token", "--claims", claims], options);
    await program.stderrMatch(
      /Could not open a browser: Windows cannot open a URL of more than 2081 characters/,
    );
    const [, url = ""] = await program.stderrMatch(/^ *(https:\S+)\r?$/m);
    await sandbox.userAgent.signIn(url, ADA);
    const { code, stderr } = await program.ended;
    assertEquals([code, url.length > 2081], [0, true], stderr);
  },
});
