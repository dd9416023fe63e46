import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { FoundCredential } from "../../../src/credentials/client_credential.ts";
import { findCredential } from "../../../src/credentials/find_credential.ts";
import { CliError } from "../../../src/errors.ts";
import { Secret } from "../../../src/text/secret.ts";
import { credentialDependencies, credentialPlaces } from "../../support/fixtures/credential_fixture.ts";
import { encryptKey, makeClientCertificate } from "../../support/secrets/client_certificate.ts";

const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqb2IifQ.c2lnbmF0dXJl";
const PASSWORD = "the password of the file";

const certificate = await makeClientCertificate();
const FILES = {
  "/job.pem": `${certificate.certificatePem}\n${certificate.keyPem}`,
  "/locked.pem": `${certificate.certificatePem}\n${encryptKey(certificate, PASSWORD)}`,
  "/assertion": `${JWT}\n`,
};

const GITHUB = {
  ACTIONS_ID_TOKEN_REQUEST_URL: "https://token.actions.example/",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job-token",
};

type Places = Parameters<typeof credentialPlaces>[0];

async function find(places: Places = {}, variables: Record<string, string> = {}): Promise<FoundCredential> {
  return await findCredential(credentialPlaces(places), credentialDependencies({ variables, files: FILES }));
}

async function refusal(places: Places = {}, variables: Record<string, string> = {}): Promise<CliError> {
  return await assertRejects(() => find(places, variables), CliError);
}

async function readAssertion({ credential }: FoundCredential): Promise<string> {
  assert(credential.kind === "assertion");
  return (await credential.read()).reveal();
}

/** Every place that can have a credential, in order of precedence. */
const ORDER: readonly { from: string; places?: Places; variables?: Record<string, string> }[] = [
  { from: "--certificate (/job.pem)", places: { flags: { certificate: "/job.pem" } } },
  { from: "AZURE_CLIENT_SECRET", variables: { AZURE_CLIENT_SECRET: "secret-1" } },
  {
    from: "AZURE_CLIENT_CERTIFICATE_PATH (/job.pem)",
    variables: { AZURE_CLIENT_CERTIFICATE_PATH: "/job.pem" },
  },
  { from: "AZURE_FEDERATED_TOKEN_FILE", variables: { AZURE_FEDERATED_TOKEN_FILE: "/assertion" } },
  {
    from: "the profile's secret",
    places: { stored: () => Promise.resolve({ clientSecret: new Secret("secret-2") }) },
  },
  { from: "the profile's certificate (/job.pem)", places: { certificate: "/job.pem" } },
  { from: "GitHub Actions", variables: GITHUB },
  { from: "the terminal", places: { ask: () => Promise.resolve(new Secret("secret-3")) } },
];

Deno.test("Flags win over the environment, then come the profile, the CI system and the terminal", async () => {
  for (const [index, { from }] of ORDER.entries()) {
    const left = ORDER.slice(index);
    const places = Object.assign({}, ...left.map((place) => place.places));
    const variables = Object.assign({}, ...left.map((place) => place.variables));
    assertEquals((await find(places, variables)).from, from);
  }
});

Deno.test("Without any credential the error names every way to provide one", async () => {
  const error = await refusal();
  assertEquals([error.code, error.message], ["usage", "No credential found for client-credentials"]);
  for (
    const way of [
      "AZURE_CLIENT_SECRET",
      "--client-secret-stdin",
      "--certificate FILE",
      "--assertion-file FILE",
      "--assertion-env NAME",
      "id-token: write",
      "SYSTEM_ACCESSTOKEN",
    ]
  ) assertStringIncludes(error.hint ?? "", way);
});

Deno.test("Two flags for a credential contradict each other", async () => {
  const flags = { certificate: "/job.pem", assertionFile: "/assertion", assertionVariable: "TOKEN" };
  for (const omitted of Object.keys(flags)) {
    const two = Object.fromEntries(Object.entries(flags).filter(([name]) => name !== omitted));
    const error = await refusal({ flags: two });
    assertEquals(error.code, "usage");
    assertStringIncludes(error.message, " and --");
  }
  assertEquals(
    (await refusal({ flags })).message,
    "--certificate and --assertion-file and --assertion-env name more than one credential",
  );
});

Deno.test("A client secret is taken from the environment, the profile and the terminal as it is", async () => {
  const secretOf = async (places: Places, variables: Record<string, string> = {}) => {
    const { credential } = await find(places, variables);
    assert(credential.kind === "secret");
    return credential.secret.reveal();
  };
  assertEquals(await secretOf({}, { AZURE_CLIENT_SECRET: " a~b " }), " a~b ");
  assertEquals(
    await secretOf({ stored: () => Promise.resolve({ clientSecret: new Secret("stored") }) }),
    "stored",
  );
  const questions: string[] = [];
  const ask = (kind: string, question: string) => {
    questions.push(`${kind}: ${question}`);
    return Promise.resolve(new Secret("typed"));
  };
  assertEquals([await secretOf({ ask }), questions], ["typed", ["client-secret: Client secret"]]);
});

Deno.test("The profile's secrets and the terminal are not read if the environment has a credential", async () => {
  const never = () => Promise.reject(new Error("unexpected read"));
  await find({ stored: never, ask: never }, { AZURE_CLIENT_SECRET: "secret" });
  await find({ stored: never, ask: never, flags: { assertionFile: "/assertion" } });
});

Deno.test("The password of a certificate comes from the environment, then from the profile, then from the terminal", async () => {
  const stored = (certificatePassword: string) => () =>
    Promise.resolve({ certificatePassword: new Secret(certificatePassword) });
  const questions: string[] = [];
  const ask = (kind: string, question: string) => {
    questions.push(`${kind}: ${question}`);
    return Promise.resolve(new Secret(PASSWORD));
  };
  const locked = { certificate: "/locked.pem" };
  const right = { AZURE_CLIENT_CERTIFICATE_PASSWORD: PASSWORD };
  const wrong = { AZURE_CLIENT_CERTIFICATE_PASSWORD: "wrong" };
  await find({ ...locked, stored: stored("wrong"), ask }, right);
  await find({ ...locked, stored: stored(PASSWORD), ask });
  assertEquals(questions, []);
  await find({ ...locked, ask });
  assertEquals(questions, ["password: Password of /locked.pem"]);
  assertStringIncludes(
    (await refusal({ ...locked, stored: stored(PASSWORD), ask }, wrong)).message,
    "does not open",
  );
  assertStringIncludes((await refusal(locked)).message, "protected by a password");
});

Deno.test("The certificate chain is sent if the flag or its variable says so, and the flag wins", async () => {
  const sendsChain = async (flag: boolean | undefined, variable?: string) => {
    const variables: Record<string, string> = variable === undefined
      ? {}
      : { AZURE_CLIENT_SEND_CERTIFICATE_CHAIN: variable };
    const { credential } = await find(
      { flags: { certificate: "/job.pem", sendCertificateChain: flag } },
      variables,
    );
    assert(credential.kind === "certificate");
    return credential.certificate.chainPem !== null;
  };
  for (const variable of ["1", "true", "TRUE"]) assertEquals(await sendsChain(undefined, variable), true);
  for (const variable of [undefined, "", "0", "false", "yes"]) {
    assertEquals(await sendsChain(undefined, variable), false);
  }
  assertEquals([await sendsChain(true), await sendsChain(true, "0"), await sendsChain(false, "1")], [
    true,
    true,
    false,
  ]);
});

Deno.test("An assertion is read from its file or variable at the time of use, without white space around it", async () => {
  const variables = { TOKEN: ` ${JWT}\r\n` };
  assertEquals(await readAssertion(await find({ flags: { assertionFile: "/assertion" } })), JWT);
  const byVariable = await find({ flags: { assertionVariable: "TOKEN" } }, variables);
  assertEquals([byVariable.from, await readAssertion(byVariable)], ["the variable TOKEN", JWT]);
  const missing = await find({ flags: { assertionFile: "/nowhere" } });
  await assertRejects(
    () => readAssertion(missing),
    CliError,
    "assertion /nowhere is missing: --assertion-file",
  );
});

Deno.test("Text that is not a JWT is refused as an assertion and not quoted", async () => {
  const flags = { assertionVariable: "TOKEN" };
  for (const text of ["canary", "canary.x", "canary.x.y.z", "canary .x.y", `${JWT}\ncanary`]) {
    const found = await find({ flags }, { TOKEN: text });
    const error = await assertRejects(() => readAssertion(found), CliError);
    assertEquals([error.code, error.message], ["usage", "The variable TOKEN does not contain a JWT"]);
    assert(!error.hint?.includes("canary"));
  }
  for (const variables of [{}, { TOKEN: " \n" }]) {
    const found = await find({ flags }, variables);
    await assertRejects(() => readAssertion(found), CliError, "The variable TOKEN is empty");
  }
});

Deno.test("A certificate file that cannot be read is reported with what named it", async () => {
  const cases: [Places, Record<string, string>, string][] = [
    [{ flags: { certificate: "/nowhere" } }, {}, "--certificate"],
    [{}, { AZURE_CLIENT_CERTIFICATE_PATH: "/nowhere" }, "AZURE_CLIENT_CERTIFICATE_PATH"],
    [{ certificate: "/nowhere" }, {}, "the profile's certificate"],
  ];
  for (const [places, variables, source] of cases) {
    assertEquals(
      (await refusal(places, variables)).message,
      `certificate /nowhere is missing: ${source}`,
    );
  }
});
