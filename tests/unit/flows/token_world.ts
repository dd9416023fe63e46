import { assertStrictEquals } from "@std/assert";
import type { IssuedTokens, RefreshOptions, SignInOptions } from "../../../src/entra/token_client.ts";
import { CliError } from "../../../src/errors.ts";
import {
  type CacheDependencies,
  getToken,
  type TokenDependencies,
  type TokenRequest,
  type TokenResult,
} from "../../../src/flows/get_token.ts";
import type { Progress, ProgressEvent } from "../../../src/flows/progress.ts";
import { Secret } from "../../../src/secret.ts";
import type { SignInOutcome } from "../../../src/store/sign_in_record.ts";
import type { SignInTurn } from "../../../src/store/sign_in_turn.ts";
import type { Account } from "../../../src/token.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryStore } from "./memory_store.ts";

const START_MS = Date.UTC(2025, 11, 28, 12, 0, 0);
export const LIFE_SECONDS = 3600;
export const ADA: Account = {
  homeAccountId: "ada.tenant",
  username: "ada@contoso.example",
  objectId: "ada",
  tenantId: "tenant",
};
export const REQUEST: TokenRequest = {
  key: { profile: "work", authority: "https://login.example", tenant: "tenant", clientId: "client" },
  scopes: ["User.Read"],
  expect: {},
  hasProfile: true,
  flow: "interactive",
  acceptCached: true,
  acceptRefresh: true,
  mayAskUser: true,
  useStore: true,
};
export const FORCED: TokenRequest = { ...REQUEST, acceptCached: false, acceptRefresh: false };
export const NETWORK_DOWN: CliError = new CliError("network", "unplugged");

/** The parts around getToken(). Neither the user nor the authority may be asked until a test says so. */
export class World {
  readonly clock = new FakeClock(START_MS);
  readonly store = new MemoryStore();
  readonly events: ProgressEvent[] = [];
  readonly asked: Omit<SignInOptions, "accept">[] = [];
  readonly refreshedWith: string[] = [];
  readonly refreshOptions: RefreshOptions[] = [];
  clientsLoaded = 0;
  /** Whether the profile is still there. */
  hasProfile = true;
  /** What finding the application's credential does. */
  prepareCredential: () => void = () => {};
  /** What happens while the others are waited for; gives how the latest sign-in among them ended. */
  others: (onWait: (pid: number | null) => void) => SignInOutcome | null = () => null;
  signIn: () => IssuedTokens = () => mustNot("ask the user");
  refresh: (scopes: readonly string[]) => IssuedTokens = () => mustNot("refresh");

  acquire: (scopes: readonly string[]) => IssuedTokens = () => mustNot("get a token for the application");

  get(request: TokenRequest = REQUEST, signal = new AbortController().signal): Promise<TokenResult> {
    const cache = { clock: this.clock, store: this.store, progress: this.#hear };
    return getToken(request, cache, () => Promise.resolve({ ...cache, signal, ...this.#rest() }));
  }

  readonly #hear: Progress = (event) => void this.events.push(event);

  #rest(): Omit<TokenDependencies, keyof CacheDependencies | "signal"> {
    return {
      profileExists: () => Promise.resolve(this.hasProfile),
      prepareCredential: () => attempt(this.prepareCredential),
      takeSignInTurn: (onWait) => attempt(() => this.#turn(onWait)),
      loadTokenClient: () => {
        this.clientsLoaded++;
        return Promise.resolve({
          beginSignIn: () => mustNot("sign in by itself"),
          signInWithDeviceCode: () => mustNot("sign in by itself"),
          refresh: (cache, account, options) => {
            assertStrictEquals(account, ADA);
            this.refreshedWith.push(cache.reveal());
            this.refreshOptions.push(options);
            return attempt(() => this.refresh(options.scopes));
          },
        });
      },
      acquireForApplication: ({ scopes }) => attempt(() => this.acquire(scopes)),
      signIn: (_tokens, { accept: _accept, ...options }) => {
        this.asked.push(options);
        return attempt(this.signIn);
      },
    };
  }

  #turn(onWait: (pid: number | null) => void): SignInTurn {
    const { calls } = this.store;
    calls.push("sign-in turn");
    return {
      meanwhile: this.others(onWait),
      begin: () => attempt(() => void calls.push("begin")),
      conclude: (outcome) => attempt(() => void calls.push(outcome.kind)),
      [Symbol.dispose]: () => void calls.push("turn over"),
    };
  }

  /** Tokens issued now, with `name` in place of each secret. */
  issue(name: string, scopes = ["User.Read"], lifeSeconds = LIFE_SECONDS): IssuedTokens {
    return {
      token: {
        accessToken: new Secret(name),
        tokenType: "Bearer",
        scopes,
        expiresAt: this.clock.now() / 1000 + lifeSeconds,
        account: ADA,
      },
      cache: new Secret(`cache of ${name}`),
    };
  }

  /** Signs in, after which nobody may be asked again. */
  async signInWith(name: string, request = REQUEST, scopes?: string[], lifeSeconds?: number): Promise<void> {
    this.signIn = () => this.issue(name, scopes, lifeSeconds);
    await this.get(request);
    this.signIn = () => mustNot("ask the user");
    this.events.length = 0;
    this.asked.length = 0;
    this.store.calls.length = 0;
    this.clientsLoaded = 0;
  }

  kinds(): string[] {
    return this.events.splice(0).map(({ kind }) => kind);
  }
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}

export function mustNot(what: string): never {
  throw new Error(`must not ${what}`);
}

export function shown({ token, source, isSaved }: TokenResult): [string, string, boolean] {
  return [token.accessToken.reveal(), source, isSaved];
}
