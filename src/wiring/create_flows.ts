import type { Flows } from "../flows/flows.ts";
import { getToken, type TokenRequest } from "../flows/get_token.ts";
import { type Flow, isApplicationFlow, needsCredential, type PersonFlow } from "../profiles/profile.ts";
import type { ProfileBook } from "../profiles/profile_book.ts";
import type { TokenStore } from "../store/token_store.ts";
import type { PrivateFolder } from "../system/private_folder.ts";
import type { System } from "../system/system.ts";
import type { OpenCredential } from "./load_token_client.ts";

/** The flows, joined with the parts of the program that they use. Parts that a cached token needs not are loaded late. */
export function createFlows(
  system: System,
  folder: PrivateFolder,
  store: TokenStore,
  profiles: ProfileBook,
): Flows {
  const { clock } = system;
  return {
    getToken: (asked, progress) => {
      const request = withOwner(asked);
      const parts = { ...request, system, folder, progress };
      // Once, though a refresh and the sign-in after it both need it: a person is not asked twice for the same.
      let credential: ReturnType<OpenCredential> | undefined;
      const openCredential: OpenCredential = () =>
        credential ??= import("./open_credential.ts").then(({ openCredential: open }) =>
          open({ ...parts, profiles, store })
        );
      return getToken(request, {
        clock,
        store,
        progress,
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
      }, () => system.interrupted);
    },
    async inspectToken(source, verification) {
      const { inspectToken } = await import("../flows/inspect_token.ts");
      const { decodeToken } = await import("../entra/decode_token.ts");
      const { verifierFor } = await import("./verifier_for.ts");
      const verify = verification === null ? null : verifierFor(system, verification);
      return await inspectToken(source, { clock, store, decode: decodeToken, verify });
    },
    async storeStatus() {
      const { storeStatus } = await import("../flows/store_status.ts");
      return await storeStatus({ clock, store });
    },
    async examine(request) {
      const { examine } = await import("../flows/doctor/examine.ts");
      const { openMachine } = await import("./open_machine.ts");
      return await examine(
        openMachine({ ...request, system, folder, store, profiles }),
        clock,
        system.interrupted,
      );
    },
    async forgetAccessTokens(profile, choice) {
      const { forgetAccessTokens } = await import("../flows/forget_access_tokens.ts");
      await forgetAccessTokens(profile, choice, store, system.interrupted);
    },
    async deleteProfile(name) {
      const { deleteProfile } = await import("../flows/change_profile.ts");
      await deleteProfile(name, { profiles, store }, system.interrupted);
    },
    async packProfiles(list, withSecrets) {
      const { packProfiles } = await import("../flows/carry_profiles.ts");
      return await packProfiles(list, store, withSecrets);
    },
    async unpackProfiles(packed, overwrite) {
      const { unpackProfiles } = await import("../flows/carry_profiles.ts");
      await unpackProfiles(packed, overwrite, { profiles, store }, system.interrupted);
    },
    async changeProfile(present, changed) {
      const { changeProfile } = await import("../flows/change_profile.ts");
      return await changeProfile(present, changed, { profiles, store }, system.interrupted);
    },
    async changeSecrets(profile, change) {
      const { changeSecrets } = await import("../flows/change_secrets.ts");
      return await changeSecrets(profile, change, { profiles, store }, system.interrupted);
    },
    async forgetTokens(profile, options) {
      const { forgetTokens } = await import("../flows/forget_tokens.ts");
      return await forgetTokens(profile, store, { ...options, signal: system.interrupted });
    },
  };
}

/** An application's own tokens are kept apart from those of the people who use it. */
function withOwner<T extends TokenRequest>(request: T): T {
  return isApplicationFlow(request.flow)
    ? { ...request, key: { ...request.key, owner: "application" } }
    : request;
}

/** Only these ask the user; another one here would be a mistake of the program. */
function personFlow(flow: Flow): PersonFlow {
  if (isApplicationFlow(flow)) throw new Error(`A person is asked for ${flow}`);
  return flow;
}
