/**
 * Run as a process of its own by tests: saves a session for each profile that is named, after setting the umask, as
 * another start of the program would. Arguments: home folder, umask in octal (`-` for none), profiles.
 */
import { openTokenStore } from "../../../src/store/encrypted_token_store.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { systemFiles } from "../../../src/system/files.ts";
import { systemLocks } from "../../../src/system/lock.ts";
import { openPrivateFolder } from "../../../src/system/private_folder.ts";
import { sampleSession } from "./store_fixture.ts";

const [path = "", umask = "-", ...profiles] = Deno.args;
if (umask !== "-") Deno.umask(parseInt(umask, 8));
const notice = (message: string) => {
  throw new Error(message);
};
const folder = openPrivateFolder({ path, files: systemFiles, locks: systemLocks, notice });
const store = openTokenStore({
  folder,
  env: { get: () => undefined },
  os: "linux",
  processes: { run: () => Promise.resolve({ kind: "not-found" }) },
  dataProtection: () => Promise.reject(new Error("there is none here")),
  notice,
  clock: systemClock,
  lockTimeoutMs: 60_000,
});
for (const profile of profiles) await store.save(sampleSession(profile));
