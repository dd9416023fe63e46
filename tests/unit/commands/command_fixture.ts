import { abortable } from "@std/async/abortable";
import type { CommandContext } from "../../../src/commands/context.ts";
import type { ErrorTable } from "../../../src/flows/error_table.ts";
import type { Flows } from "../../../src/flows/flows.ts";
import type { TokenResult } from "../../../src/flows/get_token.ts";
import type { ProgressEvent } from "../../../src/flows/progress.ts";
import type { StoreStatus } from "../../../src/flows/store_status.ts";
import type { InspectedToken } from "../../../src/flows/inspect_token.ts";
import type { Profile } from "../../../src/profiles/profile.ts";
import type { ProfileBook } from "../../../src/profiles/profile_book.ts";
import { Secret } from "../../../src/secret.ts";
import type { ForegroundResult } from "../../../src/system/foreground_program.ts";
import type { Screen } from "../../../src/system/terminal.ts";
import type { ManneredTerminal } from "../../../src/commands/mannered_terminal.ts";
import { loadErrorTable } from "../../../src/wiring/load_error_table.ts";
import { FakeClock } from "../../support/fake_clock.ts";

export const NOW_MS = Date.UTC(2025, 11, 28, 12, 0, 0);
export const NOW = NOW_MS / 1000;

export const WORK: Profile = {
  name: "work",
  tenantId: "11111111-2222-4333-8444-555555555555",
  clientId: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
  flow: "interactive",
  scopes: ["Mail.Read"],
};

/** What was said and printed, in order. */
export class MemoryTerminal implements ManneredTerminal {
  stdinIsTerminal = false;
  stdoutIsTerminal = false;
  stderrIsTerminal = false;
  readonly said: string[] = [];
  data = "";
  /** The waits that were shown: when each was to end, and that it ended. */
  readonly waits: (number | null | "over")[] = [];
  /** What the person at the terminal sees besides what is said; null where there is nobody. */
  shown: string[] | null = null;
  /** What the person types, chunk by chunk. */
  keys: string[] = [];

  screen(): Promise<Screen | null> {
    const { shown } = this;
    return Promise.resolve(shown === null ? null : { show: (text) => void shown.push(text) });
  }

  async *typed(signal: AbortSignal): AsyncGenerator<string> {
    yield "";
    yield* this.keys;
    await abortable(new Promise(() => {}), signal).catch(() => {});
  }

  writeData(text: string): Promise<void> {
    this.data += text;
    return Promise.resolve();
  }

  say(line: string): void {
    this.said.push(line);
  }

  columns(): number {
    return 80;
  }

  startWait(untilMs: number | null): void {
    this.waits.push(untilMs);
  }

  endWait(): void {
    this.waits.push("over");
  }
}

export class MemoryProfileBook implements ProfileBook {
  constructor(readonly profiles: Profile[]) {}

  find(name: string): Promise<Profile | null> {
    return Promise.resolve(this.profiles.find((profile) => profile.name === name) ?? null);
  }

  list(): Promise<Profile[]> {
    return Promise.resolve(this.profiles);
  }

  add(profile: Profile): Promise<void> {
    this.profiles.push(profile);
    return Promise.resolve();
  }

  async addAll(profiles: readonly Profile[]): Promise<void> {
    for (const profile of profiles) await this.remove(profile.name);
    this.profiles.push(...profiles);
  }

  update(name: string, changed: Profile): Promise<void> {
    this.profiles[this.profiles.findIndex((profile) => profile.name === name)] = changed;
    return Promise.resolve();
  }

  assertWritable(): Promise<void> {
    return Promise.resolve();
  }

  remove(name: string): Promise<boolean> {
    const index = this.profiles.findIndex((profile) => profile.name === name);
    if (index >= 0) this.profiles.splice(index, 1);
    return Promise.resolve(index >= 0);
  }
}

/** A context in memory, in which the flows answer what they are told and remember what they were asked. */
export class MemoryContext implements CommandContext {
  readonly terminal = new MemoryTerminal();
  readonly variables: Record<string, string> = {};
  readonly env = { get: (name: string): string | undefined => this.variables[name] };
  readonly clock = new FakeClock(NOW_MS);
  readonly interrupted = new AbortController().signal;
  readonly os = "linux";
  readonly home = "/home/ada/.entra-auth-cli";
  readonly profiles = new MemoryProfileBook([WORK]);
  readonly requests: Parameters<Flows["getToken"]>[0][] = [];
  readonly cleared: (string | null)[] = [];
  /** The access tokens that were forgotten, as they were chosen. */
  readonly dropped: Parameters<Flows["forgetAccessTokens"]>[] = [];
  /** What is in standard input. */
  input = "";
  readonly files: Record<string, string> = {};
  exitCode = 0;
  /** The command lines that were run, each with its variables. */
  readonly ran: [string, readonly string[], Readonly<Record<string, string>>][] = [];
  ended: ForegroundResult = { kind: "ended", code: 0 };
  result: TokenResult = tokenResult();
  inspected: InspectedToken | null = null;
  /** What was to be inspected, and how. */
  readonly inspections: Parameters<Flows["inspectToken"]>[] = [];
  status: StoreStatus = {
    key: { guardian: "key-file", place: "the file /home/key", isInUse: true, reason: null },
    signIns: [],
  };
  /** What the flow tells while it runs. */
  tell: ProgressEvent[] = [];

  readonly flows: Flows = {
    getToken: (request, progress) => {
      // A function is like no other.
      const { meetPerson: _, ...manner } = request.manner;
      this.requests.push({ ...request, manner });
      for (const event of this.tell) progress(event);
      return Promise.resolve(this.result);
    },
    storeStatus: () => Promise.resolve(this.status),
    inspectToken: (...asked) => {
      this.inspections.push(asked);
      return Promise.resolve(this.inspected);
    },
    examine: () => Promise.resolve([]),
    forgetAccessTokens: (...choice) => {
      this.dropped.push(choice);
      return Promise.resolve();
    },
    deleteProfile: async (name) => {
      await this.profiles.remove(name);
    },
    packProfiles: (profiles) => Promise.resolve(profiles.map((profile) => ({ profile }))),
    unpackProfiles: (packed) => this.profiles.addAll(packed.map(({ profile }) => profile)),
    changeProfile: async (present, changed) => {
      await this.profiles.update(present.name, changed);
      return 0;
    },
    changeSecrets: () => Promise.resolve(true),
    forgetTokens: (profile) => {
      this.cleared.push(profile);
      const sessions = this.profiles.profiles.some(({ name }) => name === profile) ? 1 : 0;
      return Promise.resolve({ kind: "forgotten", sessions });
    },
  };

  errorTable(): Promise<ErrorTable> {
    return loadErrorTable();
  }

  readInput(): Promise<string> {
    return Promise.resolve(this.input);
  }

  writePrivateFile(path: string, text: string): Promise<void> {
    this.files[path] = text;
    return Promise.resolve();
  }

  readTextFile(path: string): Promise<string> {
    return Promise.resolve(this.files[path] ?? "");
  }

  runInForeground(...line: MemoryContext["ran"][number]): Promise<ForegroundResult> {
    this.ran.push(line);
    return Promise.resolve(this.ended);
  }
}

export function tokenResult(changes: Partial<TokenResult> = {}): TokenResult {
  return {
    token: {
      accessToken: new Secret("the-token"),
      tokenType: "Bearer",
      scopes: ["Mail.Read", "User.Read"],
      expiresAt: NOW + 3600,
      account: {
        homeAccountId: "home-account",
        username: "ada@contoso.example",
        objectId: "ada-object",
        tenantId: "ada-tenant",
      },
    },
    source: "interactive",
    isSaved: true,
    ...changes,
  };
}
