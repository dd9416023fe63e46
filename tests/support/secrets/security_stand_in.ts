import { join } from "@std/path/join";
import { fromFileUrl } from "@std/path/from-file-url";

/**
 * The behavior of the keychain: works; is locked where no window can be shown; is denied by its user; gets a wrong
 * password; does not exist; accepts a key and loses it; fails but exits with 0 (only with `-i`); hangs.
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

/** A keychain behind a program that runs like `/usr/bin/security`. */
export interface StandInKeychain extends AsyncDisposable {
  /** The path of the program. */
  readonly program: string;
  /** The stored passwords by service and account. */
  items(): Promise<StandInItem[]>;
  /** The command lines of all runs. */
  commandLines(): Promise<string[][]>;
  /** Changes the password of an account, if there is one. */
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

/** Whether the stand-in cannot run here: a shell script starts it. */
export const hasNoStandInKeychain: boolean = Deno.build.os === "windows";

/**
 * Creates a stand-in for the `security` program of macOS. It follows the documented behavior of that program: its
 * options, how `-i` splits a line, and its exit codes, which are the last byte of the error numbers of macOS.
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
