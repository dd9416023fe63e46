import type { Flows } from "../flows/flows.ts";
import { getToken, type TokenRequest } from "../flows/get_token/get_token.ts";
import { isApplicationFlow } from "../profiles/profile.ts";
import type { ProfileStore } from "../profiles/profile_store.ts";
import type { TokenStore } from "../store/token_store.ts";
import type { PrivateFolder } from "../system/files/private_folder.ts";
import type { System } from "../system/system.ts";

/** The flows, joined with the parts of the program that they use. Parts that a cached token needs not are loaded late. */
export function createFlows(
  system: System,
  folder: PrivateFolder,
  store: TokenStore,
  profiles: ProfileStore,
): Flows {
  const { clock } = system;
  return {
    async getToken(asked, progress) {
      const request = withOwner(asked);
      return await getToken(request, { clock, store, progress }, async () => {
        const { openTokenDependencies } = await import("./token_dependencies.ts");
        return openTokenDependencies(request, { system, folder, store, profiles, progress });
      });
    },
    async inspectToken(source, verification) {
      const { inspectToken } = await import("../flows/tokens/inspect_token.ts");
      const { decodeToken } = await import("../entra/decode_token.ts");
      const { verifierFor } = await import("./verifier_for.ts");
      const verify = verification === null ? null : verifierFor(system, verification);
      return await inspectToken(source, { clock, store, decode: decodeToken, verify });
    },
    async storeStatus() {
      const { storeStatus } = await import("../flows/tokens/store_status.ts");
      return await storeStatus({ clock, store });
    },
    async examine(request) {
      const { examine } = await import("../flows/doctor/examine.ts");
      const { openDoctorProbes } = await import("./doctor_probes.ts");
      return await examine(
        openDoctorProbes({ ...request, system, folder, store, profiles }),
        clock,
        system.interrupted,
      );
    },
    async forgetAccessTokens(profile, choice) {
      const { forgetAccessTokens } = await import("../flows/tokens/forget_access_tokens.ts");
      await forgetAccessTokens(profile, choice, store, system.interrupted);
    },
    async deleteProfile(name) {
      const { deleteProfile } = await import("../flows/profiles/change_profile.ts");
      await deleteProfile(name, { profiles, store }, system.interrupted);
    },
    async exportProfiles(list, withSecrets) {
      const { exportProfiles } = await import("../flows/profiles/export_import.ts");
      return await exportProfiles(list, store, withSecrets);
    },
    async importProfiles(packed, overwrite) {
      const { importProfiles } = await import("../flows/profiles/export_import.ts");
      await importProfiles(packed, overwrite, { profiles, store }, system.interrupted);
    },
    async changeProfile(present, changed) {
      const { changeProfile } = await import("../flows/profiles/change_profile.ts");
      return await changeProfile(present, changed, { profiles, store }, system.interrupted);
    },
    async changeSecrets(profile, change) {
      const { changeSecrets } = await import("../flows/profiles/change_secrets.ts");
      return await changeSecrets(profile, change, { profiles, store }, system.interrupted);
    },
    async forgetTokens(profile, options) {
      const { forgetTokens } = await import("../flows/tokens/forget_tokens.ts");
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
