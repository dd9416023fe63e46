import type { SignInSettings } from "../../profiles/settings.ts";
import type { Os } from "../../system/os.ts";
import type { AuthorityAnswer, AuthorityRoute } from "./check_authority.ts";
import type { BrowserFacts } from "./check_browser.ts";
import type { FolderFacts } from "./check_folder.ts";
import type { KeyFacts } from "./check_key.ts";
import type { LoopbackAddress, LoopbackAnswer } from "./check_loopback.ts";
import type { PermissionFacts } from "./check_permissions.ts";
import type { PrivateNames } from "./redact.ts";

/** The sign-in that the machine is examined for. */
export interface DoctorRequest {
  /** Reads the settings of the profile that the user means. */
  readonly settings: () => Promise<SignInSettings>;
  /** A PEM file with a root certificate to trust for the authority. */
  readonly caCertFile: string | undefined;
}

/** What this machine says of itself when it is asked. Each may throw a `CliError`, which is then what was found. */
export interface DoctorProbes {
  /** What kind of system it is. */
  readonly os: Os;
  /** What runs the program, for people: "Deno 2.9.6 on linux x86_64, from its source". */
  readonly runtime: string;
  /** What the report doesn't show. */
  readonly privateNames: PrivateNames;
  /** What Deno grants, of what the program needs to sign in at `host`. */
  permissions(host: string): Promise<PermissionFacts[]>;
  /** The program's folder, which is made where it is missing. */
  folder(): Promise<FolderFacts>;
  /** How many profiles there are. */
  countProfiles(): Promise<number>;
  /** The settings of the profile that the user means. */
  settings(): Promise<SignInSettings>;
  /** How many sign-ins are kept. They are read, so that the key has to be there. */
  countSignIns(): Promise<number>;
  /** Who keeps the key. */
  key(): Promise<KeyFacts>;
  /** What would open a browser. */
  browser(): Promise<BrowserFacts>;
  /** Listens on `address` and connects to it. */
  connectToItself(address: LoopbackAddress, signal: AbortSignal): Promise<LoopbackAnswer>;
  /** How the authority at `url` is reached. */
  route(url: string): AuthorityRoute;
  /** Asks the authority at `url`, a base with its tenant, for its discovery document. */
  askAuthority(url: string, signal: AbortSignal): Promise<AuthorityAnswer>;
}
