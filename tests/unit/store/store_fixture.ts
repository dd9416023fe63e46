import { join } from "@std/path/join";
import { Secret } from "../../../src/secret.ts";
import { openTokenStore } from "../../../src/store/encrypted_token_store.ts";
import type { Session, SessionKey } from "../../../src/store/session.ts";
import type { TokenStore } from "../../../src/store/token_store.ts";
import { type Files, systemFiles } from "../../../src/system/files.ts";
import { systemLocks } from "../../../src/system/lock.ts";
import { openPrivateFolder, type PrivateFolder } from "../../../src/system/private_folder.ts";
import type { Processes } from "../../../src/system/processes.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** A home folder that isn't there yet, inside a temporary one that goes away with it. */
export class StoreHome implements AsyncDisposable {
  readonly #temporary: string;
  /** Path of the home folder. */
  readonly path: string;
  /** What the user was told. */
  readonly notices: string[] = [];

  constructor(temporary: string) {
    this.#temporary = temporary;
    this.path = join(temporary, "home");
  }

  /** Opens the home folder, on the real file system if `files` isn't given. */
  folder(files: Files = systemFiles): PrivateFolder {
    const notice = (message: string) => void this.notices.push(message);
    return openPrivateFolder({ path: this.path, files, locks: systemLocks, notice });
  }

  /** Opens the store, as each start of the program does. */
  store(
    options: {
      files?: Files;
      key?: string;
      env?: Readonly<Record<string, string>>;
      processes?: Pick<Processes, "run">;
      interrupted?: () => AbortSignal;
      lockTimeoutMs?: number;
      turnTimeoutMs?: number;
    } = {},
  ): TokenStore {
    return openTokenStore({
      folder: this.folder(options.files),
      env: {
        get: (name) => options.env?.[name] ?? (name === "ENTRA_AUTH_CLI_KEY" ? options.key : undefined),
      },
      // Where no key store can be found: the key is in a file unless a test says otherwise.
      os: "linux",
      processes: options.processes ?? { run: () => Promise.resolve({ kind: "not-found" }) },
      dataProtection: () => Promise.reject(new Error("there is none here")),
      ...(options.interrupted === undefined ? {} : { interrupted: options.interrupted }),
      notice: (message) => void this.notices.push(message),
      clock: new FakeClock(Date.UTC(2026, 10, 22, 9, 30)),
      lockTimeoutMs: options.lockTimeoutMs ?? 60_000,
      turnTimeoutMs: options.turnTimeoutMs ?? 60_000,
    });
  }

  file(name: string): string {
    return join(this.path, name);
  }

  read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    return Deno.readFile(this.file(name));
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    await Deno.mkdir(this.path, { recursive: true, mode: 0o700 });
    const data = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(this.file(name), data, { mode: 0o600 });
  }

  /** Names of what is in the home folder. */
  async names(): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(this.path)) names.push(name);
    return names.sort();
  }

  async mode(name = ""): Promise<number | undefined> {
    const { mode } = await Deno.lstat(this.file(name));
    return mode === null ? undefined : mode & 0o777;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#temporary, { recursive: true });
  }
}

export async function makeStoreHome(): Promise<StoreHome> {
  return new StoreHome(await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" }));
}

/** A session with every field set, whose secrets can be searched for. */
export function sampleSession(profile: string, accessToken = `token-of-${profile}`): Session {
  const account = {
    homeAccountId: "oid.tid",
    username: "ada@contoso.example",
    objectId: "oid",
    tenantId: "tid",
  };
  return {
    ...keyOf(profile),
    account,
    tokens: [{
      accessToken: new Secret(accessToken),
      tokenType: "Bearer",
      scopes: ["https://graph.microsoft.com/User.Read"],
      requestedScopes: ["User.Read"],
      expiresAt: 2_000_000_000,
      obtainedAt: 1_999_996_400,
      account,
    }],
    msalCache: new Secret(`{"RefreshToken":"refresh-of-${profile}"}`),
  };
}

export function keyOf(profile: string): SessionKey {
  return {
    profile,
    authority: "https://login.microsoftonline.com",
    tenant: "contoso.onmicrosoft.com",
    clientId: "00000000-0000-4000-8000-000000000001",
  };
}
