import { ADFS } from "./adfs.ts";
import type { CertificateOptions } from "./certificate.ts";
import {
  type Account,
  ADA,
  type Application,
  BOB,
  CONFIDENTIAL_APPLICATION,
  DEFAULT_TENANT_ID,
  type NamedAuthority,
  PUBLIC_APPLICATION,
} from "./directory.ts";
import type { Endpoint, Failure } from "./failures.ts";
import { startHttpsServer } from "./https_server.ts";
import { loadOidcProvider } from "./load_oidc_provider.ts";
import { type ProviderRequest, RequestRouter } from "./request_router.ts";
import type { RouteName } from "./routes.ts";
import type { SecretKind } from "./secrets_on_the_wire.ts";
import { sharedCertificate } from "./shared_certificate.ts";
import { KeyRing, signingKey } from "./signing_key.ts";
import { makeTenant, type TenantSetup } from "./tenant.ts";
import { startProxy } from "../network/proxy.ts";

/** How to start a provider; everything has a default. */
export interface ProviderOptions {
  /** A GUID; `DEFAULT_TENANT_ID` by default. Its aliases are `common`, `organizations` and `contoso.example`. */
  readonly tenantId?: string;
  /** More tenants with the same users and applications; none by default. */
  readonly otherTenantIds?: readonly string[];
  /** Authorities with host names of their own, which clients reach through {@linkcode Provider.proxyUrl}. */
  readonly authorities?: readonly NamedAuthority[];
  /** The first one is the public application that `clientId` is about. */
  readonly applications?: readonly Application[];
  /** Ada and Bob by default. */
  readonly accounts?: readonly Account[];
  /** Seconds an access token lives; 3600 by default. */
  readonly accessTokenTtl?: number;
  /** Seconds a refresh token lives; 14 days by default. */
  readonly refreshTokenTtl?: number;
  /** Seconds a device code lives; 900 by default. */
  readonly deviceCodeTtl?: number;
  /** The interval of the device flow in seconds; 5 by default. */
  readonly devicePollInterval?: number;
  /** Whether a refresh token remains valid after its use, as in Entra. By default reuse revokes the whole sign-in. */
  readonly keepsUsedRefreshTokens?: boolean;
  /**
   * Whether a refresh token is good for its own scopes only, so that others are `invalid_scope` (RFC 6749 section 6). By
   * default they need consent, as in Entra.
   */
  readonly bindsRefreshTokens?: boolean;
  /** Whether only an administrator may consent, which no user is; false by default. */
  readonly requiresAdminConsent?: boolean;
  /** Whether responses have `client_info`, as Entra's do; true by default. */
  readonly sendsClientInfo?: boolean;
  /** The years of its certificate's validity; by default it is valid for a day. */
  readonly certificateYears?: readonly [from: number, until: number];
  /** 0, the default, takes any free port. */
  readonly port?: number;
}

/** A running provider, as a test sees it. */
export interface Provider extends AsyncDisposable {
  /** `https://localhost:PORT`, which is also the authority's base. */
  readonly origin: string;
  readonly port: number;
  /** The proxy that leads to the authorities with host names of their own; null without any. */
  readonly proxyUrl: string | null;
  readonly tenantId: string;
  readonly clientId: string;
  readonly issuer: string;
  /** The root certificate to trust, PEM. */
  readonly caPem: string;
  /** All requests, oldest first. */
  readonly requests: readonly ProviderRequest[];
  /** The kind of every secret sent or received so far, by its value. */
  readonly secrets: ReadonlyMap<string, SecretKind>;
  /** Errors inside the provider that no test demanded. Empty unless the provider has a bug. */
  readonly faults: readonly unknown[];
  /** Returns the requests of one kind. */
  requestsTo(endpoint: RouteName): ProviderRequest[];
  setAccessTokenTtl(seconds: number): void;
  setRefreshTokenTtl(seconds: number): void;
  setDeviceCodeTtl(seconds: number): void;
  /** Signs with a new key from now on. The keys before it are retired, and still published. */
  rotateKey(): Promise<void>;
  /** Publishes the retired keys no more. */
  removeRetiredKeys(): void;
  /** Makes the next request to an endpoint fail, or the next two if called twice. */
  failNext(endpoint: Endpoint, failure: Failure): void;
  /** Closes the port and all connections; safe to call twice. */
  stop(): Promise<void>;
}

const ALIASES = ["common", "organizations", "contoso.example"];

/** Starts a provider on a free port of 127.0.0.1, ready when the promise resolves. */
export async function startProvider(options: ProviderOptions = {}): Promise<Provider> {
  // In parallel: the key is made on another thread while the library loads.
  const authorities = options.authorities ?? [];
  const [certificate, firstKey] = await Promise.all([
    sharedCertificate(certificateOptions(options.certificateYears, authorities)),
    signingKey(),
    loadOidcProvider(),
  ]);
  const lifetimes = {
    accessToken: options.accessTokenTtl ?? 3600,
    refreshToken: options.refreshTokenTtl ?? 14 * 24 * 3600,
    deviceCode: options.deviceCodeTtl ?? 900,
  };
  const keys = new KeyRing(firstKey);
  const applications = options.applications ?? [PUBLIC_APPLICATION, CONFIDENTIAL_APPLICATION];
  const tenantId = (options.tenantId ?? DEFAULT_TENANT_ID).toLowerCase();
  const router = new RequestRouter();
  const faults: unknown[] = [];
  let stopped = false;
  const onFault = (fault: unknown) => {
    // stop() breaks connections on purpose.
    if (!stopped) faults.push(fault);
  };
  const server = await startHttpsServer(options.port ?? 0, certificate, (request, response) => {
    const breakOff = () => server.breakOff(request);
    router.serve(request, response, breakOff).catch((fault) => {
      onFault(fault);
      breakOff();
    });
  });
  const origin = `https://localhost:${server.port}`;
  const accounts = options.accounts ?? [ADA, BOB];
  const tenantAt = (
    place: Pick<TenantSetup, "origin" | "tenantId" | "issuer" | "accounts" | "authority">,
  ) =>
    makeTenant({
      ...place,
      applications,
      keys,
      lifetimes,
      devicePollInterval: options.devicePollInterval ?? 5,
      keepsUsedRefreshTokens: options.keepsUsedRefreshTokens ?? false,
      bindsRefreshTokens: options.bindsRefreshTokens ?? false,
      requiresAdminConsent: options.requiresAdminConsent ?? false,
      sendsClientInfo: options.sendsClientInfo ?? true,
      changeFor: (request) => router.changeFor(request),
      takeAuthorizeChange: () => router.takeAuthorizeChange(),
      onResponse: (answer) => router.secrets.noteResponse(answer),
      onFault,
    });
  const addTenant = async (id: string, names: readonly string[]) => {
    const tenant = await tenantAt({ origin, tenantId: id, issuer: `${origin}/${id}/v2.0`, accounts });
    for (const name of names) router.tenants.set(name, tenant);
  };
  await addTenant(tenantId, [tenantId, ...ALIASES]);
  for (const other of options.otherTenantIds ?? []) {
    await addTenant(other.toLowerCase(), [other.toLowerCase()]);
  }
  for (const authority of authorities) {
    const { host, issuer, policy, tenant: domain } = authority;
    const isAdfs = domain === ADFS;
    const tenant = await tenantAt({
      origin: `https://${host}`,
      tenantId: isAdfs ? ADFS : tenantId,
      issuer,
      authority,
      // At B2C the subject is the object ID.
      accounts: policy === undefined
        ? accounts
        : accounts.map((account) => ({ ...account, subject: account.objectId })),
    });
    if (isAdfs) {
      router.hosts.set(host, new Map([[ADFS, tenant]]));
      continue;
    }
    const names = [domain, tenantId].map((name) => policy === undefined ? name : `${name}/${policy}`);
    // The pages are below the tenant ID.
    router.hosts.set(host, new Map([...names, tenantId].map((name) => [name.toLowerCase(), tenant])));
  }
  const own = [`localhost:${server.port}`, ...authorities.map(({ host }) => `${host}:443`)];
  const proxy = authorities.length === 0
    ? null
    : startProxy({ route: (target) => own.includes(target) ? server.port : null });
  const stop = async () => {
    stopped = true;
    await proxy?.[Symbol.asyncDispose]();
    await server.stop();
  };
  return {
    origin,
    port: server.port,
    proxyUrl: proxy?.url ?? null,
    tenantId,
    clientId: applications[0]?.clientId ?? "",
    issuer: `${origin}/${tenantId}/v2.0`,
    caPem: certificate.caPem,
    requests: router.requests,
    secrets: router.secrets.found,
    faults,
    requestsTo: (endpoint) => router.requests.filter((request) => request.endpoint === endpoint),
    setAccessTokenTtl: (seconds) => void (lifetimes.accessToken = seconds),
    setRefreshTokenTtl: (seconds) => void (lifetimes.refreshToken = seconds),
    setDeviceCodeTtl: (seconds) => void (lifetimes.deviceCode = seconds),
    rotateKey: () => keys.rotate(),
    removeRetiredKeys: () => keys.removeRetired(),
    failNext: (endpoint, failure) => router.failures.add(endpoint, failure),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function certificateOptions(
  years: ProviderOptions["certificateYears"],
  authorities: readonly NamedAuthority[],
): CertificateOptions {
  if (authorities.length > 0) return { names: ["localhost", ...authorities.map(({ host }) => host)] };
  if (years === undefined) return {};
  const [from, until] = years.map((year) => (Date.UTC(year) - Date.now()) / (24 * 60 * 60 * 1000));
  return { validDays: [from ?? 0, until ?? 0] };
}
