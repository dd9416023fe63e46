import type { PortableProfile } from "../profiles/exchange/portable_file.ts";
import type { Profile } from "../profiles/profile.ts";
import type { CredentialFlags } from "../credentials/find_credential.ts";
import type { PortChoice } from "../loopback/listen_on_loopback.ts";
import type { InteractiveSession } from "./sign_in/interactive_session.ts";
import type { Secret } from "../text/secret.ts";
import type { SecretChange } from "./profiles/change_secrets.ts";
import type { Progress } from "./progress.ts";
import type { TokenRequest, TokenResult } from "./get_token/get_token.ts";
import type { AccessTokenChoice } from "./tokens/forget_access_tokens.ts";
import type { ForgetOptions, Forgotten } from "./tokens/forget_tokens.ts";
import type { InspectedSource, InspectedToken } from "./tokens/inspect_token.ts";
import type { Finding } from "./doctor/finding.ts";
import type { SignInSettings } from "../profiles/settings.ts";
import type { StoreStatus } from "./tokens/store_status.ts";

export type { PortChoice };

/** How the user is asked, when the user has to be asked. */
export interface SignInManner {
  /** Ports for the callback. */
  readonly ports: PortChoice;
  /** Show the URL and leave opening it to the person. */
  readonly showUrl: boolean;
  /** How long to wait for the person, in milliseconds. */
  readonly timeoutMs: number;
  /** Meets the person at the terminal, for flows that do more than to open a browser. */
  readonly openInteractiveSession?: () => Promise<InteractiveSession>;
}

/** How the authority is reached. */
export interface AuthorityAccess {
  /** A PEM file with a root to trust for it. */
  readonly caCertFile: string | undefined;
  /** The longest that asking it may take while no user takes part, in milliseconds, where the user said so. */
  readonly timeoutMs?: number;
}

/** How an application proves itself, as far as the user says. */
export interface ClientAuthentication {
  /** What was typed about the credential. */
  readonly flags: CredentialFlags;
  /** Asks the person for something secret; null where nobody can be asked, or nothing is answered. */
  readonly ask: (question: string) => Promise<Secret | null>;
}

/** What the program does, ready to be called: the commands know no more than this. */
export interface Flows {
  /** See `getToken()`. */
  getToken(
    request:
      & TokenRequest
      & {
        readonly manner: SignInManner;
        readonly loadClientAuthentication?: () => Promise<ClientAuthentication>;
      }
      & AuthorityAccess,
    progress: Progress,
  ): Promise<TokenResult>;
  /**
   * See `inspectToken()`. With `verification` the signature is checked by the authority of a kept token, or by the one
   * that is named for any other.
   */
  inspectToken(
    source: InspectedSource,
    verification: { readonly authority: string; readonly caCertFile: string | undefined } | null,
  ): Promise<InspectedToken | null>;
  /** What the store holds, and who keeps its key. */
  storeStatus(): Promise<StoreStatus>;
  /** Looks at this machine, for the sign-in that `settings` asks for. See `examine()`. */
  examine(
    request: { readonly settings: () => Promise<SignInSettings>; readonly caCertFile: string | undefined },
  ): Promise<Finding[]>;
  /** See `deleteProfile()`. */
  deleteProfile(name: string): Promise<void>;
  /** See `changeProfile()`. */
  changeProfile(present: Profile, changed: Profile): Promise<number>;
  /** See `exportProfiles()`. */
  exportProfiles(profiles: readonly Profile[], withSecrets: boolean): Promise<PortableProfile[]>;
  /** See `importProfiles()`. */
  importProfiles(packed: readonly PortableProfile[], overwrite: boolean): Promise<void>;
  /** See `changeSecrets()`. */
  changeSecrets(
    profile: Pick<Profile, "name" | "clientId" | "authority">,
    change: SecretChange,
  ): Promise<boolean>;
  /** See `forgetTokens()`. */
  forgetTokens(profile: string | null, options?: ForgetOptions): Promise<Forgotten>;
  /** See `forgetAccessTokens()`. */
  forgetAccessTokens(profile: string, choice: AccessTokenChoice): Promise<void>;
}
