/** What a secret is that the program was given, in words for a test's message. */
export type GivenKind =
  | "key"
  | "client secret"
  | "certificate's password"
  | "assertion"
  | "token of the pipeline"
  | "secret of the machine";

/** The variables by which the program alone is given secrets: no program that it starts has any use for them. */
const OF_THE_PROGRAM: Readonly<Record<string, GivenKind>> = {
  ENTRA_AUTH_CLI_KEY: "key",
  AZURE_CLIENT_SECRET: "client secret",
  AZURE_CLIENT_CERTIFICATE_PASSWORD: "certificate's password",
};

/** The variables by which a job or a machine gives secrets to all that runs there, the command of `exec` included. */
const OF_THE_JOB: Readonly<Record<string, GivenKind>> = {
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "token of the pipeline",
  SYSTEM_ACCESSTOKEN: "token of the pipeline",
  GITLAB_OIDC_TOKEN: "assertion",
  IDENTITY_HEADER: "secret of the machine",
  MSI_SECRET: "secret of the machine",
};

const ALL: Readonly<Record<string, GivenKind>> = { ...OF_THE_PROGRAM, ...OF_THE_JOB };

type Variables = Readonly<Record<string, string>>;

/** The secrets among `variables`: what each is, and where it stands. */
export function secretsIn(variables: Variables): { name: string; value: string; kind: GivenKind }[] {
  return Object.entries(ALL).flatMap(([name, kind]) => {
    const value = variables[name];
    return value === undefined || value === "" ? [] : [{ name, value, kind }];
  });
}

/** The variables that are not there to give the program a secret. */
export function withoutSecrets(variables: Variables): Variables {
  return without(ALL, variables);
}

/** The variables but for those that a command of `exec` has from whoever runs it. */
export function withoutJobSecrets(variables: Variables): Variables {
  return without(OF_THE_JOB, variables);
}

function without(named: Readonly<Record<string, unknown>>, variables: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !Object.hasOwn(named, name)));
}
