import { join } from "@std/path/join";
import { keyFileStore } from "../../src/store/keystore/key_file.ts";
import { formatTokenFile } from "../../src/store/format_token_file.ts";
import { bytesInMemory, parseTokenFile } from "../../src/store/token_file.ts";
import {
  formatSession,
  formatSummary,
  parseSession,
  sessionBinding,
  summarizeSession,
} from "../../src/store/session.ts";
import { systemFiles } from "../../src/system/files/deno_files.ts";
import { systemLocks } from "../../src/system/files/lock.ts";
import { openPrivateFolder } from "../../src/system/files/private_folder.ts";

/**
 * Copies the only profile in `home` and its session under other names until there are `count`. The original is the last.
 * The key must be in a file.
 */
export async function fillStore(home: string, count: number): Promise<void> {
  const names = Array.from({ length: count - 1 }, (_, number) => `profile-${number}`);
  await Promise.all([addSessions(home, names), addProfiles(home, names)]);
}

async function addSessions(home: string, names: readonly string[]): Promise<void> {
  const notice = (message: string) => {
    throw new Error(message);
  };
  const folder = openPrivateFolder({ path: home, files: systemFiles, locks: systemLocks, notice });
  const path = join(home, "tokens.enc");
  const source = bytesInMemory(await Deno.readFile(path));
  const key = await keyFileStore(folder).load(new Uint8Array());
  if (key === null) throw new Error(`Cannot fill the store in ${home}: no key file found`);
  const file = await parseTokenFile(source, key.key);
  const [entry] = await file.all();
  if (entry === undefined) throw new Error(`Cannot fill the store in ${home}: nobody is signed in`);
  const session = parseSession(await file.open(entry));
  const boundTo = sessionBinding(session);
  const records = [...names, session.profile].map((profile) => {
    const copied = { ...session, profile };
    const summary = formatSummary(summarizeSession(copied));
    return { kind: "session", name: profile, boundTo, data: formatSession(copied), summary };
  });
  await folder.replace("tokens.enc", await formatTokenFile(file.header, key.key, records));
}

async function addProfiles(home: string, names: readonly string[]): Promise<void> {
  const path = join(home, "profiles.json");
  const { profiles, ...rest } = JSON.parse(await Deno.readTextFile(path));
  const [profile] = Object.values(profiles);
  const more = Object.fromEntries(names.map((name) => [name, profile]));
  await Deno.writeTextFile(path, JSON.stringify({ ...rest, profiles: { ...more, ...profiles } }, null, 2));
}
