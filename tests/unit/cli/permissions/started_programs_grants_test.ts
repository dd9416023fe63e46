import { assertEquals } from "@std/assert";
import denoJson from "../../../../deno.json" with { type: "json" };
import { openerCommands } from "../../../../src/browser/opener.ts";
import { grantsFor, needsOf } from "../../../../src/cli/permissions/permission_needs.ts";
import type { Grants } from "../../../../src/cli/permissions/permission_grants.ts";
import { isOnSystem, openKeyStore } from "../../../../src/store/keystore/open_key_store.ts";
import { KEY_STORE_LABELS, type KeyStoreName } from "../../../../src/store/keystore/key_store.ts";
import { openControllingTerminal } from "../../../../src/system/terminal/terminal.ts";
import { CRYPT32 } from "../../../../src/system/windows/data_protection.ts";
import type { Os } from "../../../../src/system/os.ts";
import type { Processes } from "../../../../src/system/processes/processes.ts";
import { environment } from "../../../support/fixtures/browser_fixture.ts";
import { makeStoreHome } from "../../../support/fixtures/store_fixture.ts";

const SET: Grants = denoJson.permissions.default;
const SYSTEMS: readonly Os[] = ["linux", "darwin", "windows"];
const SIGN_IN_PAGE = "https://login.example/authorize";

/** The browsers that deno.json grants on `os`, in the form in which `BROWSER` names them. */
function grantedBrowsers(os: Os): string[] {
  return grantsFor(SET, ["sign-in"], os).run.filter((name) => name.startsWith("/") || !OPENERS.has(name));
}

const OPENERS = new Set(["xdg-open", "wslview", "rundll32.exe", "open"]);

/** The programs that open the browser on `os` without `BROWSER`, inside WSL too. */
function openersOf(os: Os): string[] {
  const sessions = [environment({}), ...(os === "linux" ? [environment({ WSL_DISTRO_NAME: "Debian" })] : [])];
  return sessions.flatMap((env) => openerCommands(SIGN_IN_PAGE, { os, env }).map(({ command }) => command));
}

/** Records every program that is run, and finds none of them. */
function recordingProcesses(): { readonly processes: Pick<Processes, "run">; readonly commands: string[] } {
  const commands: string[] = [];
  const processes: Pick<Processes, "run"> = {
    run(command) {
      commands.push(command);
      return Promise.resolve({ kind: "not-found" });
    },
  };
  return { processes, commands };
}

/** The programs that the key stores of `os` run. */
async function keyStoreProgramsOf(os: Os): Promise<string[]> {
  const { processes, commands } = recordingProcesses();
  await using home = await makeStoreHome();
  const names = (Object.keys(KEY_STORE_LABELS) as KeyStoreName[]).filter((name) => isOnSystem(name, os));
  for (const name of names) {
    const keyStore = await openKeyStore(name, {
      env: environment({}),
      os,
      folder: home.folder(),
      processes,
      dataProtection: () => {
        throw new Error("DPAPI is not a program");
      },
    });
    await keyStore.load(new Uint8Array(8)).catch(() => {});
  }
  return commands;
}

/** The programs that show text on the terminal of `os`. Windows opens its console as a file. */
async function terminalProgramsOf(os: Os): Promise<string[]> {
  if (os === "windows") return [];
  const { processes, commands } = recordingProcesses();
  await openControllingTerminal(processes, os);
  return commands;
}

const sorted = (names: readonly string[]) => [...new Set(names)].toSorted();

for (const os of SYSTEMS) {
  Deno.test(`on ${os} the program may run the programs that it needs, and no others`, async () => {
    const granted = grantsFor(SET, needsOf(undefined) ?? [], os);
    const started = [...openersOf(os), ...await keyStoreProgramsOf(os), ...await terminalProgramsOf(os)];
    assertEquals(sorted(granted.run), sorted([...started, ...grantedBrowsers(os)]));
    assertEquals(granted.ffi, os === "windows" ? [CRYPT32] : []);
  });

  Deno.test(`on ${os} get-token may run every command that opens the browser`, () => {
    const { run } = grantsFor(SET, needsOf("get-token") ?? [], os);
    assertEquals(openersOf(os).filter((command) => !run.includes(command)), []);
  });

  Deno.test(`on ${os} BROWSER starts each granted browser by its granted name`, () => {
    const granted = grantedBrowsers(os);
    for (const name of granted) {
      const env = environment({ BROWSER: `"${name}"` });
      const [first, ...places] = openerCommands(SIGN_IN_PAGE, { os, env }).map(({ command }) => command);
      // Windows finds both by the same search of PATH.
      assertEquals(first, os === "windows" && !name.includes("\\") ? `${name}.exe` : name);
      assertEquals(places.filter((place) => !granted.includes(place)), []);
    }
  });
}
