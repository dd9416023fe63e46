import type { JSONWebKeySet } from "jose";

/** A user who can sign in to the provider. */
export interface Account {
  readonly username: string;
  readonly password: string;
  readonly name: string;
  /** The object ID, a lower-case GUID: Entra's `oid`, and the first half of a home account ID. */
  readonly objectId: string;
  /** The `sub`. As in Entra, it is neither the object ID nor a GUID, and case-sensitive. */
  readonly subject: string;
  /** The account in the tenant that a guest is from; undefined for members. */
  readonly home?: HomeAccount;
}

/** A guest's account in the tenant that it is from. The guest signs in with its user name. */
export interface HomeAccount {
  readonly username: string;
  readonly objectId: string;
  readonly tenantId: string;
}

/** An application registered in the provider's tenants. */
export interface Application {
  readonly clientId: string;
  readonly name: string;
  /** The secret of a confidential client, which may use the client credentials grant. */
  readonly secret?: string;
  /** Whether the secret has expired. */
  readonly secretExpired?: boolean;
  /** The certificate of a confidential client, PEM. */
  readonly certificate?: string;
  /** The issuer whose tokens authenticate a confidential client. */
  readonly federation?: Federation;
  /** The object ID of the service principal: the `oid` of the application's own tokens. */
  readonly objectId: string;
}

/** An authority under a host name of its own, whose requests reach the provider through its proxy. */
export interface NamedAuthority {
  readonly host: string;
  /** What stands for the tenant in a URL, besides its ID; `adfs` makes it an AD FS. */
  readonly tenant: string;
  /** The `iss` of its tokens. */
  readonly issuer: string;
  /** The policy in the URL (B2C). */
  readonly policy?: string;
}

/** A federated credential: the tokens that the application trusts. */
export interface Federation {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  /** The issuer's keys. */
  readonly keys: JSONWebKeySet;
}

export const DEFAULT_TENANT_ID = "11111111-2222-4333-8444-555555555555";
const DEFAULT_CLIENT_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const DEFAULT_PASSWORD = "correct horse battery staple";

/** A B2C tenant with a policy. */
export const B2C: NamedAuthority = {
  host: "contoso.b2clogin.com",
  tenant: "contoso.onmicrosoft.com",
  issuer: `https://contoso.b2clogin.com/${DEFAULT_TENANT_ID}/v2.0/`,
  policy: "B2C_1_signin",
};

/** An External ID tenant, whose issuer is on another host. */
export const EXTERNAL_ID: NamedAuthority = {
  host: "contoso.ciamlogin.com",
  tenant: "contoso.onmicrosoft.com",
  issuer: `https://${DEFAULT_TENANT_ID}.ciamlogin.com/${DEFAULT_TENANT_ID}/v2.0`,
};

/** An AD FS. */
export const AD_FS: NamedAuthority = {
  host: "fs.contoso.example",
  tenant: "adfs",
  issuer: "https://fs.contoso.example/adfs",
};

/** An External ID tenant on a domain of its organization. */
export const CUSTOM_DOMAIN: NamedAuthority = { ...EXTERNAL_ID, host: "login.contoso.example" };

export const ADA: Account = {
  username: "ada@contoso.example",
  password: DEFAULT_PASSWORD,
  name: "Ada Lovelace",
  objectId: "ada00000-1111-4222-8333-444444444444",
  subject: "AdA0lovelace_Xq3ZkT8vRmYb1HcW5sUeJ7nGpDf2oLi",
};

export const BOB: Account = {
  username: "bob@contoso.example",
  password: DEFAULT_PASSWORD,
  name: "Bob Kahn",
  objectId: "b0b00000-1111-4222-8333-444444444444",
  subject: "BoB0kahn_7LpWzC4tQfXe9NdGs2VhRy6KaMj1uTiOrEb",
};

/** A guest, whom the provider's tenant knows by a user name of its own. */
export const GRACE = {
  username: "grace_fabrikam.example#EXT#@contoso.example",
  password: DEFAULT_PASSWORD,
  name: "Grace Hopper",
  objectId: "9face000-1111-4222-8333-444444444444",
  subject: "GrAcE0hopper_4VnYbK8sWqTzJ2mXcRfLd6GhPe1uAoIi",
  home: {
    username: "grace@fabrikam.example",
    objectId: "9face001-1111-4222-8333-444444444444",
    tenantId: "fab00000-2222-4333-8444-555555555555",
  },
} as const satisfies Account;

export const PUBLIC_APPLICATION: Application = {
  clientId: DEFAULT_CLIENT_ID,
  name: "entra-auth-cli",
  objectId: "5e000000-1111-4222-8333-444444444444",
};

export const CONFIDENTIAL_APPLICATION: Application = {
  clientId: "cccccccc-bbbb-4ccc-8ddd-eeeeeeeeeeee",
  name: "Contoso nightly job",
  secret: "a client secret that only the tests know",
  objectId: "5e000001-1111-4222-8333-444444444444",
};

/** Finds an account by its `sub`, which is also its ID inside oidc-provider. */
export function findBySubject(
  accounts: readonly Account[],
  subject: string | undefined,
): Account | undefined {
  return accounts.find((account) => account.subject === subject);
}

/** Returns the user name that an account signs in with. */
export function signInName({ username, home }: Account): string {
  return home?.username ?? username;
}

/** Finds an account by the user name that it signs in with, ignoring case. */
export function findBySignInName(accounts: readonly Account[], username: string): Account | undefined {
  const wanted = username.trim().toLowerCase();
  return accounts.find((account) => signInName(account).toLowerCase() === wanted);
}
