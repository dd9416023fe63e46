/** What the browser can be told to ask. */
export const PROMPTS = ["login", "select_account", "consent", "none"];

/** The flags that say which token, and how to come by it, as typed. */
export interface TokenFlags {
  /** How to sign in. */
  readonly flow?: string | undefined;
  /** Name of the profile. */
  readonly profile?: string | undefined;
  /** Scopes, each text with one or more. */
  readonly scope?: readonly string[] | undefined;
  /** The one port for the callback. */
  readonly port?: string | undefined;
  /** Ports for the callback, as `A-B`. */
  readonly portRange?: string | undefined;
  /** Show the URL instead of opening it. */
  readonly showUrl?: boolean | undefined;
  /** Sign in whatever is cached. */
  readonly force?: boolean | undefined;
  /** False for `--no-cache`. */
  readonly cache?: boolean | undefined;
  /** How long to wait for the person. */
  readonly timeout?: string | undefined;
  /** Tenant. */
  readonly tenantId?: string | undefined;
  /** Tenant, by its other flag. */
  readonly tenant?: string | undefined;
  /** Application. */
  readonly clientId?: string | undefined;
  /** Base URL of the authority. */
  readonly authority?: string | undefined;
  /** Claims that an API demanded. */
  readonly claims?: string | undefined;
  /** Domain of the account. */
  readonly domainHint?: string | undefined;
  /** Cloud, a name for an authority. */
  readonly cloud?: string | undefined;
  /** User name to fill in. */
  readonly loginHint?: string | undefined;
  /** What to ask in the browser. */
  readonly prompt?: string | undefined;
  /** The only user that will do. */
  readonly expectUser?: string | undefined;
  /** The only tenant that will do. */
  readonly expectTenant?: string | undefined;
  /** Path of the application's certificate. */
  readonly certificate?: string | undefined;
  /** Send the certificate along. */
  readonly sendCertificateChain?: boolean | undefined;
  /** Path of a federated token. */
  readonly assertionFile?: string | undefined;
  /** Name of a variable with a federated token. */
  readonly assertionEnv?: string | undefined;
  /** Resource id of a managed identity. */
  readonly identityResourceId?: string | undefined;
  /** Object id of a managed identity. */
  readonly identityObjectId?: string | undefined;
  /** Say more. */
  readonly verbose?: boolean | undefined;
  /** Path of a root certificate. */
  readonly caCert?: string | undefined;
  /** False for `--no-interactive`. */
  readonly interactive?: boolean | undefined;
  /** Draw the address for a device code as a QR code too. */
  readonly qr?: boolean | undefined;
  /** No status lines. */
  readonly quiet?: boolean | undefined;
  /** No status lines, by its other flag. */
  readonly silent?: boolean | undefined;
}
