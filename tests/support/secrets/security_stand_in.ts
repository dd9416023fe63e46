import { join } from "@std/path/join";
import { fromFileUrl } from "@std/path/from-file-url";

/**
 * What the keychain does with the next commands: works; is locked where no window can be shown; is denied by its user;
 * gets a wrong password; isn't there; takes a key and loses it; fails, and ends well all the same (only with `-i`);
 * waits for ever.
 */
export type KeychainMode =
  | "open"
  | "locked"
  | "denied"
  | "wrong password"
  | "missing"
  | "loses keys"
  | "locked, but ends well"
  | "hangs";

/** A keychain of a test's own, behind a program that can be run like `/usr/bin/security`. */
export interface StandInKeychain extends AsyncDisposable {
  /** Path of the program. */
  readonly program: string;
  /** What it holds: the password, by service and account. */
  items(): Promise<StandInItem[]>;
  /** The command lines that it was run with. */
  commandLines(): Promise<string[][]>;
  /** Changes what is kept for an account, where something is. */
  tamper(account: string, password: string): Promise<void>;
  setMode(mode: KeychainMode): Promise<void>;
}

/** A generic password. */
export interface StandInItem {
  readonly service: string;
  readonly account: string;
  readonly label: string;
  readonly password: string;
}

/** Whether the stand-in can't run here: it is started by a shell script. */
export const hasNoStandInKeychain: boolean = Deno.build.os === "windows";

/**
 * Makes a stand-in for macOS's `security`, which no other system has. It keeps to what that program documents and does:
 * its options, how `-i` splits a line, and its exit codes, which are the last byte of macOS's error numbers.
 */
export async function openStandInKeychain(): Promise<StandInKeychain> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  const program = join(folder, "security");
  const code = fromFileUrl(import.meta.resolve("./security_stand_in_program.ts"));
  const deno = `'${Deno.execPath()}' run --quiet --no-config --no-lock --no-check --allow-all`;
  await Deno.writeTextFile(program, `#!/bin/sh\nexec ${deno} '${code}' '${folder}' "$@"\n`, { mode: 0o755 });
  const items = async () => JSON.parse(await Deno.readTextFile(join(folder, "items")));
  const keychain: StandInKeychain = {
    program,
    items,
    async commandLines() {
      const lines = await Deno.readTextFile(join(folder, "argv"));
      return lines.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
    },
    async tamper(account, password) {
      const changed = (await items()).map((item: StandInItem) =>
        item.account === account ? { ...item, password } : item
      );
      await Deno.writeTextFile(join(folder, "items"), JSON.stringify(changed));
    },
    setMode: (mode) => Deno.writeTextFile(join(folder, "mode"), mode),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
  await Deno.writeTextFile(join(folder, "items"), "[]");
  await keychain.setMode("open");
  return keychain;
}
