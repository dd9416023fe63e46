import { CliError } from "../errors.ts";
import { Secret } from "../text/secret.ts";
import type { Clock } from "../system/clock.ts";
import type { Environment } from "../system/environment.ts";
import type { Bytes } from "../system/files/files.ts";
import type { Network } from "../system/network/network.ts";
import type { ClientCredential } from "./client_credential.ts";
import { checkAssertion } from "./federation/check_assertion.ts";
import { openCertificate } from "./open_certificate.ts";

/** What the user typed about the credential; absent means not typed. */
export interface CredentialFlags {
  /** `--certificate`: path of a PEM or PFX file. */
  readonly certificate?: string | undefined;
  /** `--send-certificate-chain`. */
  readonly sendCertificateChain?: boolean | undefined;
  /** `--assertion-file`: path of a file with an assertion. */
  readonly assertionFile?: string | undefined;
  /** `--assertion-env`: name of a variable with an assertion. */
  readonly assertionVariable?: string | undefined;
}

/** Where to look for a credential besides the environment. */
export interface CredentialPlaces {
  /** What the user typed. */
  readonly flags: CredentialFlags;
  /** The profile's certificate, where it names one. */
  readonly certificate: string | undefined;
  /** The secrets that are kept for this very application, or null. */
  readonly stored: () => Promise<{ clientSecret?: Secret; certificatePassword?: Secret } | null>;
  /** Asks the person for something secret; null where nobody can be asked, or nothing is answered. */
  readonly ask: (question: string) => Promise<Secret | null>;
  /** Base URL of the authority that the credential is for. */
  readonly authority: string;
  /** The flow that needs it, for messages. */
  readonly flow: string;
}

/** What finding a credential uses. */
export interface CredentialDependencies {
  /** Environment variables. */
  readonly env: Environment;
  /**
   * Reads a file that the user named. `what` and `source` are for messages: "The certificate", "--certificate".
   * @throws {CliError} `usage` or `permission`.
   */
  readonly readFile: (path: string, what: string, source: string) => Promise<Bytes>;
  /** Issuers of assertions. */
  readonly network: Network;
  /** Tells whether a certificate is valid. */
  readonly clock: Clock;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** A credential, and where it is from. */
export interface FoundCredential {
  /** What the application proves itself with. */
  readonly credential: ClientCredential;
  /** Where it is from, for people: `AZURE_CLIENT_SECRET`. */
  readonly from: string;
}

/** One place to look in; null where it has nothing. */
type Look = (
  places: CredentialPlaces,
  dependencies: CredentialDependencies,
) => Promise<FoundCredential | null>;

/** In the order in which they count: flags, the environment as azure-identity reads it, the profile, the CI system, the person. */
const LOOKS: readonly Look[] = [
  lookAtFlags,
  lookAtEnvironment,
  lookAtProfile,
  lookAtCiSystem,
  askPerson,
];

/**
 * Finds what an application proves itself with.
 *
 * @throws {CliError} `usage` where there is nothing, two flags contradict, or what is named can't be used.
 */
export async function findCredential(
  places: CredentialPlaces,
  dependencies: CredentialDependencies,
): Promise<FoundCredential> {
  for (const look of LOOKS) {
    const found = await look(places, dependencies);
    if (found !== null) return found;
  }
  throw noCredential(places.flow);
}

async function lookAtFlags(
  places: CredentialPlaces,
  dependencies: CredentialDependencies,
): Promise<FoundCredential | null> {
  const { certificate, assertionFile, assertionVariable } = places.flags;
  const typed = Object.entries({
    "--certificate": certificate,
    "--assertion-file": assertionFile,
    "--assertion-env": assertionVariable,
  }).filter(([, value]) => value !== undefined).map(([flag]) => flag);
  if (typed.length > 1) {
    throw new CliError("usage", `${typed.join(" and ")} name two credentials`, { hint: "Give one of them." });
  }
  if (certificate !== undefined) {
    return await openCertificate(certificate, "--certificate", places, dependencies);
  }
  if (assertionFile !== undefined) return assertionInFile(assertionFile, "--assertion-file", dependencies);
  if (assertionVariable !== undefined) return assertionInVariable(assertionVariable, dependencies);
  return null;
}

async function lookAtEnvironment(
  places: CredentialPlaces,
  dependencies: CredentialDependencies,
): Promise<FoundCredential | null> {
  const { env } = dependencies;
  const secret = env.get("AZURE_CLIENT_SECRET");
  if (secret !== undefined) return clientSecret(new Secret(secret), "AZURE_CLIENT_SECRET");
  const certificate = env.get("AZURE_CLIENT_CERTIFICATE_PATH");
  if (certificate !== undefined) {
    return await openCertificate(certificate, "AZURE_CLIENT_CERTIFICATE_PATH", places, dependencies);
  }
  const file = env.get("AZURE_FEDERATED_TOKEN_FILE");
  return file === undefined ? null : assertionInFile(file, "AZURE_FEDERATED_TOKEN_FILE", dependencies);
}

async function lookAtProfile(
  places: CredentialPlaces,
  dependencies: CredentialDependencies,
): Promise<FoundCredential | null> {
  const stored = await places.stored();
  if (stored?.clientSecret !== undefined) return clientSecret(stored.clientSecret, "the profile's secret");
  const { certificate } = places;
  return certificate === undefined
    ? null
    : await openCertificate(certificate, "the profile's certificate", places, dependencies);
}

async function lookAtCiSystem(
  { authority }: CredentialPlaces,
  dependencies: CredentialDependencies,
): Promise<FoundCredential | null> {
  const { askGitHubActions } = await import("./federation/github_actions.ts");
  const { askAzurePipelines } = await import("./federation/azure_pipelines.ts");
  return askGitHubActions(authority, dependencies) ?? askAzurePipelines(dependencies);
}

async function askPerson({ ask }: CredentialPlaces): Promise<FoundCredential | null> {
  const secret = await ask("Client secret");
  return secret === null ? null : clientSecret(secret, "the terminal");
}

function clientSecret(secret: Secret, from: string): FoundCredential {
  return { credential: { kind: "secret", secret }, from };
}

function assertionInFile(path: string, from: string, { readFile }: CredentialDependencies): FoundCredential {
  const read = async () => {
    const text = new TextDecoder().decode(await readFile(path, "assertion", from));
    return checkAssertion(text, `The file ${path}`);
  };
  return { credential: { kind: "assertion", read }, from };
}

function assertionInVariable(name: string, { env }: CredentialDependencies): FoundCredential {
  const read = () =>
    new Promise<Secret>((resolve) => resolve(checkAssertion(env.get(name) ?? "", `The variable ${name}`)));
  return { credential: { kind: "assertion", read }, from: `the variable ${name}` };
}

function noCredential(flow: string): CliError {
  return new CliError("usage", `There is no credential for ${flow}`, {
    hint: [
      "Give one of these:",
      "a client secret in AZURE_CLIENT_SECRET, or with edit-profile --client-secret-stdin, which keeps it for the profile's application and authority;",
      "a certificate with its key: --certificate FILE, or AZURE_CLIENT_CERTIFICATE_PATH;",
      "a federated token: --assertion-file FILE, --assertion-env NAME, or AZURE_FEDERATED_TOKEN_FILE;",
      "in GitHub Actions the permission id-token: write, in Azure Pipelines SYSTEM_ACCESSTOKEN.",
    ].join("\n"),
  });
}
