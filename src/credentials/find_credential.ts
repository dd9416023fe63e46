import { CliError } from "../errors.ts";
import { Secret } from "../text/secret.ts";
import type {
  CredentialDependencies,
  CredentialFlags,
  CredentialPlaces,
  FoundCredential,
} from "./client_credential.ts";
import { parseAssertion } from "./federation/assertion.ts";

type Search = (
  places: CredentialPlaces,
  dependencies: CredentialDependencies,
) => FoundCredential | null | Promise<FoundCredential | null>;

/** In order of precedence. The environment is read as azure-identity reads it. */
const SEARCHES: readonly Search[] = [fromFlags, fromEnvironment, fromProfile, fromCiSystem, fromTerminal];

/**
 * Finds the credential of an application.
 *
 * @throws {CliError} `usage` if there is none, if two flags contradict each other, or if it cannot be used.
 */
export async function findCredential(
  places: CredentialPlaces,
  dependencies: CredentialDependencies,
): Promise<FoundCredential> {
  for (const search of SEARCHES) {
    const found = await search(places, dependencies);
    if (found !== null) return found;
  }
  throw noCredential(places.flow);
}

async function fromFlags(
  places: CredentialPlaces,
  dependencies: CredentialDependencies,
): Promise<FoundCredential | null> {
  const { certificate, assertionFile, assertionVariable } = places.flags;
  assertOneCredential(places.flags);
  if (certificate !== undefined) {
    return await fromCertificate(certificate, "--certificate", places, dependencies);
  }
  if (assertionFile !== undefined) return fromAssertionFile(assertionFile, "--assertion-file", dependencies);
  return assertionVariable === undefined ? null : fromAssertionVariable(assertionVariable, dependencies);
}

function assertOneCredential({ certificate, assertionFile, assertionVariable }: CredentialFlags): void {
  const named = Object.entries({
    "--certificate": certificate,
    "--assertion-file": assertionFile,
    "--assertion-env": assertionVariable,
  }).filter(([, value]) => value !== undefined).map(([flag]) => flag);
  if (named.length > 1) {
    throw new CliError("usage", `${named.join(" and ")} name more than one credential`, {
      hint: "Use only one of them.",
    });
  }
}

async function fromEnvironment(
  places: CredentialPlaces,
  dependencies: CredentialDependencies,
): Promise<FoundCredential | null> {
  const { env } = dependencies;
  const secret = env.get("AZURE_CLIENT_SECRET");
  if (secret !== undefined) return clientSecret(new Secret(secret), "AZURE_CLIENT_SECRET");
  const certificate = env.get("AZURE_CLIENT_CERTIFICATE_PATH");
  if (certificate !== undefined) {
    return await fromCertificate(certificate, "AZURE_CLIENT_CERTIFICATE_PATH", places, dependencies);
  }
  const file = env.get("AZURE_FEDERATED_TOKEN_FILE");
  return file === undefined ? null : fromAssertionFile(file, "AZURE_FEDERATED_TOKEN_FILE", dependencies);
}

async function fromProfile(
  places: CredentialPlaces,
  dependencies: CredentialDependencies,
): Promise<FoundCredential | null> {
  const stored = await places.stored();
  if (stored?.clientSecret !== undefined) return clientSecret(stored.clientSecret, "the profile's secret");
  const { certificate } = places;
  return certificate === undefined
    ? null
    : await fromCertificate(certificate, "the profile's certificate", places, dependencies);
}

async function fromCiSystem(
  { authority }: CredentialPlaces,
  dependencies: CredentialDependencies,
): Promise<FoundCredential | null> {
  const { findCiAssertion } = await import("./federation/ci_systems.ts");
  return findCiAssertion(authority, dependencies);
}

async function fromTerminal({ ask }: CredentialPlaces): Promise<FoundCredential | null> {
  const secret = await ask("client-secret", "Client secret");
  return secret === null ? null : clientSecret(secret, "the terminal");
}

function clientSecret(secret: Secret, from: string): FoundCredential {
  return { credential: { kind: "secret", secret }, from };
}

/** Opens the certificate in `path` with the password of the environment, the profile or the terminal, in this order. */
async function fromCertificate(
  path: string,
  from: string,
  { flags, stored, ask }: CredentialPlaces,
  { env, clock, readFile, signal, timeoutMs }: CredentialDependencies,
): Promise<FoundCredential> {
  const content = await readFile(path, "certificate", from);
  const { readCertificate } = await import("./certificate/read_certificate.ts");
  const certificate = await readCertificate(content, {
    path,
    sendChain: flags.sendCertificateChain ?? isTrue(env.get("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")),
    nowMs: clock.now(),
    signal,
    timeoutMs,
    async password() {
      const named = env.get("AZURE_CLIENT_CERTIFICATE_PASSWORD");
      if (named !== undefined) return new Secret(named);
      return (await stored())?.certificatePassword ?? await ask("password", `Password of ${path}`);
    },
  });
  return { credential: { kind: "certificate", certificate }, from: `${from} (${path})` };
}

function isTrue(text: string | undefined): boolean {
  return text === "1" || text?.toLowerCase() === "true";
}

function fromAssertionFile(
  path: string,
  from: string,
  { readFile }: CredentialDependencies,
): FoundCredential {
  const read = async () => {
    const text = new TextDecoder().decode(await readFile(path, "assertion", from));
    return parseAssertion(text, `The file ${path}`);
  };
  // Once, because the file can be a pipe.
  let assertion: Promise<Secret> | undefined;
  return { credential: { kind: "assertion", read: () => assertion ??= read() }, from };
}

function fromAssertionVariable(name: string, { env }: CredentialDependencies): FoundCredential {
  const read = () =>
    new Promise<Secret>((resolve) => resolve(parseAssertion(env.get(name) ?? "", `The variable ${name}`)));
  return { credential: { kind: "assertion", read }, from: `the variable ${name}` };
}

function noCredential(flow: string): CliError {
  return new CliError("usage", `No credential found for ${flow}`, {
    hint: [
      "Client secret: AZURE_CLIENT_SECRET, or entra-auth-cli edit-profile --client-secret-stdin",
      "Certificate with its key: --certificate FILE, or AZURE_CLIENT_CERTIFICATE_PATH",
      "Federated token: --assertion-file FILE, --assertion-env NAME, AZURE_FEDERATED_TOKEN_FILE, the permission " +
      "id-token: write in GitHub Actions, or SYSTEM_ACCESSTOKEN in Azure Pipelines",
    ].join("\n"),
  });
}
