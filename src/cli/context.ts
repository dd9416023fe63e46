import type { Signature, VerificationOptions } from "../flows/tokens/inspect_token.ts";
import type { DoctorProbes, DoctorRequest } from "../flows/doctor/doctor_probes.ts";
import type { OpenTokenDependencies } from "../flows/get_token/token_request.ts";
import type { ShimFiles } from "../flows/shims.ts";
import type { Progress } from "../flows/progress.ts";
import type { PortChoice } from "../loopback/listen_on_loopback.ts";
import type { TokenEndpoint, TokenEndpointOptions } from "../loopback/token_endpoint.ts";
import type { ProfileStore } from "../profiles/profile_store.ts";
import type { TokenStore } from "../store/token_store.ts";
import type { Clock } from "../system/clock.ts";
import type { Environment } from "../system/environment.ts";
import type { Bytes } from "../system/files/files.ts";
import type { Network } from "../system/network/network.ts";
import type { Os } from "../system/os.ts";
import type { PermissionNeed } from "../system/permission.ts";
import type { RunInForeground } from "../system/processes/foreground_program.ts";
import type { ReadInput } from "../system/terminal/standard_input.ts";
import type { Secret } from "../text/secret.ts";
import type { TerminalUi } from "./terminal/terminal_ui.ts";

/** A certificate file that was read. */
export interface CertificateLock {
  /** Reports whether `password` opens it, null without one. @throws {CliError} `usage` if no password makes it usable. */
  opensWith(password: Secret | null): Promise<boolean>;
}

/**
 * What the commands work with. Each part is made once, when it is first used. A flow takes the parts that it needs, so a
 * command passes the context to it.
 */
export interface CommandContext {
  readonly terminal: TerminalUi;
  /** Reads standard input to its end. */
  readonly readInput: ReadInput;
  readonly env: Environment;
  readonly clock: Clock;
  readonly os: Os;
  /** Path of the program's folder. */
  readonly home: string;
  readonly profiles: ProfileStore;
  readonly store: TokenStore;
  /**
   * Aborted with a `CliError` `interrupted` when the user ends the program. Until it is read, signals end the process:
   * do not copy it before something waits or writes.
   */
  readonly signal: AbortSignal;
  /** Loads what a token needs that is not in the cache: the network, MSAL, the browser. */
  readonly loadTokenDependencies: (progress: Progress) => Promise<OpenTokenDependencies>;
  /** Checks the signature of a token. @throws {CliError} `network`, `permission` or `usage`. */
  readonly verifyToken: (token: string, options: VerificationOptions) => Promise<Signature>;
  readonly openDoctorProbes: (request: DoctorRequest) => Promise<DoctorProbes>;
  /** Writes a file that only its owner can read, in one step. @throws {CliError} `store` or `permission`. */
  readonly writePrivateFile: (path: string, text: string) => Promise<void>;
  /**
   * Checks the path for `writePrivateFile()`. Returns the beginning of the file that would be replaced, null if there is
   * none. @throws {CliError} `usage`, `store` or `permission`.
   */
  readonly checkPrivateFile: (path: string) => Promise<string | null>;
  /** Reads a file that the user named. @throws {CliError} `usage` or `permission`. */
  readonly readTextFile: (path: string, maxBytes: number) => Promise<string>;
  /** Reads the bytes of such a file. @throws {CliError} `usage` or `permission`. */
  readonly readFile: (path: string, maxBytes: number) => Promise<Bytes>;
  /** Opens a folder of programs, which need not exist. @throws {CliError} `permission` */
  readonly openShimFolder: (path: string) => Promise<ShimFiles>;
  /** Absolute path of this executable; null if the program runs from its source. */
  readonly executable: string | null;
  /** Returns how to get a permission if this executable was built without it; null if it has it, and under `deno run`. */
  readonly missingInBuild: (need: PermissionNeed) => string | null;
  /** Reads a certificate file for a check. @throws {CliError} `usage` or `permission`. */
  readonly openCertificate: (path: string) => Promise<CertificateLock>;
  /** Opens the network. @throws {CliError} `usage` or `permission`, about the file with root certificates. */
  readonly openNetwork: (caCertFile: string | undefined) => Promise<Network>;
  /** Listens for requests of the user's own processes. @throws {CliError} `port_in_use`, `permission` or `network`. */
  readonly listenForTokenRequests: (
    ports: PortChoice,
    options: Pick<TokenEndpointOptions, "supply" | "address" | "hosts">,
    progress: Progress,
  ) => Promise<TokenEndpoint>;
  /** Runs another program in place of this one. */
  readonly runInForeground: RunInForeground;
  /** The exit code if nothing fails: 0, unless a command sets another. */
  exitCode: number;
}
