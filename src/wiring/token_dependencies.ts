import type { Flows } from "../flows/flows.ts";
import type { TokenDependencies } from "../flows/get_token.ts";
import type { Progress } from "../flows/progress.ts";
import { type Flow, isApplicationFlow, needsCredential, type PersonFlow } from "../profiles/profile.ts";
import type { ProfileBook } from "../profiles/profile_book.ts";
import type { TokenStore } from "../store/token_store.ts";
import type { PrivateFolder } from "../system/private_folder.ts";
import type { System } from "../system/system.ts";
import type { OpenCredential } from "./load_token_client.ts";

/** What a request for a token comes with. */
export type RequestedToken = Parameters<Flows["getToken"]>[0];

/** The parts of the program that getting a token uses. */
export interface TokenParts {
  /** The outside world. */
  readonly system: System;
  /** Where everything is kept. */
  readonly folder: PrivateFolder;
  /** The tokens of earlier runs. */
  readonly store: TokenStore;
  /** The profiles. */
  readonly profiles: ProfileBook;
  /** Hears what happens. */
  readonly progress: Progress;
}

/** What it takes to get the token of `request` that is not in the cache. */
export function openTokenDependencies(
  request: RequestedToken,
  { system, folder, store, profiles, progress }: TokenParts,
): TokenDependencies {
  const { clock } = system;
  const parts = { ...request, system, folder, progress };
  // Once, though a refresh and the sign-in after it both need it: a person is not asked twice for the same.
  let credential: ReturnType<OpenCredential> | undefined;
  const openCredential: OpenCredential = () =>
    credential ??= import("./open_credential.ts").then(({ openCredential: open }) =>
      open({ ...parts, profiles, store })
    );
  return {
    clock,
    store,
    progress,
    signal: system.interrupted,
    profileExists: async () => await profiles.find(request.key.profile) !== null,
    async prepareCredential() {
      if (needsCredential(request.flow)) await openCredential();
    },
    async takeSignInTurn(onWait, signal) {
      const { takeSignInTurn } = await import("../store/sign_in_turn.ts");
      const { timeoutMs } = request.manner;
      return await takeSignInTurn(
        request.key,
        { folder, clock, pid: system.pid, timeoutMs, onWait },
        signal,
      );
    },
    async loadTokenClient() {
      const { loadTokenClient } = await import("./load_token_client.ts");
      return await loadTokenClient(request.key, {
        ...parts,
        ...(needsCredential(request.flow) ? { openCredential } : {}),
      });
    },
    async acquireForApplication(options) {
      const { acquireForApplication } = await import("./acquire_for_application.ts");
      return await acquireForApplication(request, options, { ...parts, openCredential });
    },
    async signIn(tokens, options, signal) {
      const { signInByFlow } = await import("./sign_in_by_flow.ts");
      const { manner } = request;
      return await signInByFlow(
        personFlow(request.flow),
        { tokens, options, manner, progress, signal },
        system,
      );
    },
  };
}

/** Only these ask the user; another one here would be a mistake of the program. */
function personFlow(flow: Flow): PersonFlow {
  if (isApplicationFlow(flow)) throw new Error(`A person is asked for ${flow}`);
  return flow;
}
