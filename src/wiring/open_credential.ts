import { type CredentialPlaces, findCredential } from "../credentials/find_credential.ts";
import type { ClientCredential } from "../credentials/client_credential.ts";
import type { ClientAuthentication } from "../flows/get_token/token_request.ts";
import type { Flow, Profile } from "../profiles/profile.ts";
import type { ProfileStore } from "../profiles/profile_store.ts";
import type { SessionKey } from "../store/session.ts";
import type { TokenStore } from "../store/token_store.ts";
import { readCredentialFile } from "../system/files/user_files.ts";
import { openRetryingNetwork, type TokenClientParts } from "./load_token_client.ts";

/** Who needs a credential, and where it may be. */
export interface CredentialNeed extends Omit<TokenClientParts, "openCredential"> {
  /** The application. */
  readonly key: SessionKey;
  /** The flow that needs it. */
  readonly flow: Flow;
  /** Loads what the user says; nothing where absent. */
  readonly loadClientAuthentication?: (() => Promise<ClientAuthentication>) | undefined;
  /** The profiles. */
  readonly profiles: ProfileStore;
  /** Their secrets. */
  readonly store: TokenStore;
}

/** Finds what an application proves itself with. @throws {CliError} What is wrong with the certificate to trust; what `findCredential()` throws. */
export async function openCredential(need: CredentialNeed): Promise<ClientCredential> {
  const { key, flow, system, progress } = need;
  const proof = await need.loadClientAuthentication?.();
  const profile = await need.profiles.find(key.profile);
  const places: CredentialPlaces = {
    flags: proof?.flags ?? {},
    certificate: profile?.certificate,
    stored: () => secretsOf(need, profile),
    ask: proof?.ask ?? (() => Promise.resolve(null)),
    authority: key.authority,
    flow,
  };
  const { env, clock, files, interrupted: signal } = system;
  // The way to issuers of assertions.
  const network = await openRetryingNetwork(key.clientId, need);
  const { credential, from } = await findCredential(places, {
    env,
    clock,
    network,
    signal,
    readFile: (path, what, source) => readCredentialFile(files, path, what, source),
  });
  progress({ kind: "using-credential", from });
  return credential;
}

/**
 * What is kept for one application is never sent for another, nor to an authority that the profile names by now: a file
 * that was imported may have put it there. An authority that the user names for this call is the user's own choice.
 */
async function secretsOf({ key, store }: CredentialNeed, profile: Profile | null) {
  const secrets = await store.readSecrets(key.profile);
  if (secrets?.clientId !== key.clientId || secrets.authority !== (profile?.authority ?? null)) {
    return null;
  }
  return secrets;
}
