import type { TokenDependencies, TokenRequest } from "../flows/get_token/token_request.ts";
import type { Progress } from "../flows/progress.ts";
import { type Flow, isApplicationFlow, needsCredential, type UserFlow } from "../profiles/profile.ts";
import type { ProfileStore } from "../profiles/profile_store.ts";
import type { TokenStore } from "../store/token_store.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import type { System } from "../system/system.ts";
import type { OpenCredential } from "./load_token_client.ts";

/** The parts of the program that getting a token uses. */
export interface TokenParts {
  /** The outside world. */
  readonly system: System;
  /** Where everything is kept. */
  readonly folder: PrivateFolder;
  /** The tokens of earlier runs. */
  readonly store: TokenStore;
  /** The profiles. */
  readonly profiles: ProfileStore;
  /** Hears what happens. */
  readonly progress: Progress;
}

/** What it takes to get the token of `request` that is not in the cache. */
export function openTokenDependencies(
  request: TokenRequest,
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
    async acquireSignInLock(onWait, signal) {
      const { acquireSignInLock } = await import("../store/sign_in_lock.ts");
      const { timeoutMs } = request.manner;
      return await acquireSignInLock(
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
    async acquireTokenForApplication(options) {
      const { acquireTokenForApplication } = await import("./acquire_for_application.ts");
      return await acquireTokenForApplication(request, options, { ...parts, openCredential });
    },
    async signIn(tokens, options, signal) {
      const { signInByFlow } = await import("./sign_in_by_flow.ts");
      const { manner } = request;
      return await signInByFlow(
        userFlow(request.flow),
        { tokens, options, manner, progress, signal },
        system,
      );
    },
  };
}

/** Only these ask the user; another one here would be a mistake of the program. */
function userFlow(flow: Flow): UserFlow {
  if (isApplicationFlow(flow)) throw new Error(`A person is asked for ${flow}`);
  return flow;
}
