/** The kinds of secrets that the program receives in variables, as test messages name them. */
export type GivenKind =
  | "key"
  | "client secret"
  | "certificate's password"
  | "assertion"
  | "token of the pipeline"
  | "secret of the machine";

/** Variables that pass a secret only to the program. Programs that it starts do not need them. */
const OF_THE_PROGRAM: Readonly<Record<string, GivenKind>> = {
  AZURE_CLIENT_SECRET: "client secret",
  AZURE_CLIENT_CERTIFICATE_PASSWORD: "certificate's password",
};

/** Variables that pass secrets to every program of a job or a machine, and the data key: the command of `exec` has them. */
const OF_THE_JOB: Readonly<Record<string, GivenKind>> = {
  ENTRA_AUTH_CLI_KEY: "key",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "token of the pipeline",
  SYSTEM_ACCESSTOKEN: "token of the pipeline",
  GITLAB_OIDC_TOKEN: "assertion",
  IDENTITY_HEADER: "secret of the machine",
  MSI_SECRET: "secret of the machine",
};

const ALL: Readonly<Record<string, GivenKind>> = { ...OF_THE_PROGRAM, ...OF_THE_JOB };

type Variables = Readonly<Record<string, string>>;

/** Returns the secrets among `variables`. */
export function secretsIn(variables: Variables): { name: string; value: string; kind: GivenKind }[] {
  return Object.entries(ALL).flatMap(([name, kind]) => {
    const value = variables[name];
    return value === undefined || value === "" ? [] : [{ name, value, kind }];
  });
}

/** Removes the variables that pass a secret. */
export function withoutSecrets(variables: Variables): Variables {
  return without(ALL, variables);
}

/** Removes the variables that the command of `exec` may inherit from the job. */
export function withoutJobSecrets(variables: Variables): Variables {
  return without(OF_THE_JOB, variables);
}

function without(named: Readonly<Record<string, unknown>>, variables: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !Object.hasOwn(named, name)));
}
