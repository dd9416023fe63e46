import type { CliError } from "../../../src/errors.ts";
import type { Session, SessionKey } from "../../../src/store/session.ts";
import type { KeyPlace, TokenStore } from "../../../src/store/token_store.ts";

/** A store in memory. It tells what was done with it, and fails to save when told to. */
export class MemoryStore implements TokenStore {
  sessions: Session[] = [];
  readonly calls: string[] = [];
  /** What saving throws. */
  saveError: CliError | null = null;
  /** Runs once a process has its turn, before its work: what another one did meanwhile. */
  beforeTurn: () => void = () => {};

  read(key: SessionKey): Promise<Session | null> {
    this.calls.push("read");
    return Promise.resolve(this.sessions.find((session) => isSame(session, key)) ?? null);
  }

  save(session: Session): Promise<void> {
    this.calls.push("save");
    if (this.saveError !== null) return Promise.reject(this.saveError);
    this.sessions = [...this.sessions.filter((other) => !isSame(other, session)), session];
    return Promise.resolve();
  }

  list(): Promise<Session[]> {
    return Promise.resolve(this.sessions);
  }

  forget(profile: string): Promise<number> {
    const before = this.sessions.length;
    this.sessions = this.sessions.filter((session) => session.profile !== profile);
    return Promise.resolve(before - this.sessions.length);
  }

  drop(profile: string): Promise<number> {
    return this.forget(profile);
  }

  rename(profile: string, newName: string): Promise<void> {
    this.sessions = this.sessions.filter((session) => session.profile !== newName)
      .map((session) => session.profile === profile ? { ...session, profile: newName } : session);
    return Promise.resolve();
  }

  readSecrets(): Promise<null> {
    return Promise.resolve(null);
  }

  saveSecrets(): Promise<void> {
    return Promise.resolve();
  }

  moveAside(): Promise<string | null> {
    return Promise.resolve(null);
  }

  keyPlace(): Promise<KeyPlace> {
    return Promise.resolve({ guardian: "key-file", place: "the file /key", isInUse: true, reason: null });
  }

  async exclusively<T>(profile: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.calls.push(`exclusively ${profile}`);
    this.beforeTurn();
    const result = await work();
    this.calls.push("let go");
    return result;
  }
}

function isSame(session: Session, key: SessionKey): boolean {
  return (["profile", "authority", "tenant", "clientId", "owner"] as const).every((name) =>
    session[name] === key[name]
  );
}
