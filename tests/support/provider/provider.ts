import type { IncomingMessage, ServerResponse } from "node:http";
import { applyFailure } from "./apply_failure.ts";
import { makeServerCertificate } from "./certificate.ts";
import {
  type Account,
  ADA,
  type Application,
  BOB,
  CONFIDENTIAL_APPLICATION,
  DEFAULT_TENANT_ID,
  PUBLIC_APPLICATION,
} from "./directory.ts";
import { entraErrorBody } from "./entra_errors.ts";
import { adaptRequest } from "./entra_request.ts";
import { type AnswerFailure, changesAnswer, type Endpoint, type Failure, FailureQueue } from "./failures.ts";
import { startHttpsServer } from "./https_server.ts";
import { loadOidcProvider } from "./load_oidc_provider.ts";
import { readBody, readForm } from "./request_body.ts";
import { findRoute, type Route, type RouteName } from "./routes.ts";
import { signingKey } from "./signing_key.ts";
import { makeTenant, type Tenant } from "./tenant.ts";

/** One request that the provider got. */
export interface ProviderRequest {
  readonly method: string;
  /** The path, with the tenant. */
  readonly path: string;
  /** What the path is for; undefined if nothing is there. */
  readonly endpoint: RouteName | undefined;
  readonly query: Record<string, string>;
  /** The form fields, only of the token and device code endpoints: what people type is not kept. */
  readonly form: Record<string, string>;
  readonly headers: Record<string, string>;
}

/** How to start a provider; everything has a default. */
export interface ProviderOptions {
  /** A GUID; `DEFAULT_TENANT_ID` by default. It also answers to `common`, `organizations` and `contoso.example`. */
  readonly tenantId?: string;
  /** More tenants with the same people and applications; none by default. */
  readonly otherTenantIds?: readonly string[];
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
  /** Seconds between polls that the device flow asks for; 5 by default. */
  readonly devicePollInterval?: number;
  /** 0, the default, takes any free port. */
  readonly port?: number;
}

/** A running provider, as a test sees it. */
export interface Provider extends AsyncDisposable {
  /** `https://localhost:PORT`, which is also the authority's base. */
  readonly origin: string;
  readonly port: number;
  readonly tenantId: string;
  readonly clientId: string;
  readonly issuer: string;
  /** The root certificate to trust, PEM. */
  readonly caPem: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly ProviderRequest[];
  /** Errors inside the provider that no test asked for: always empty unless the provider has a bug. */
  readonly faults: readonly unknown[];
  /** Requests so far of one kind, for counting. */
  requestsTo(endpoint: RouteName): ProviderRequest[];
  setAccessTokenTtl(seconds: number): void;
  setRefreshTokenTtl(seconds: number): void;
  setDeviceCodeTtl(seconds: number): void;
  /** Makes the next request to an endpoint fail; called twice, the next two. */
  failNext(endpoint: Endpoint, failure: Failure): void;
  /** Closes the port and all connections; safe to call twice. */
  stop(): Promise<void>;
}

const ALIASES = ["common", "organizations", "contoso.example"];
const FAILING: ReadonlySet<string> = new Set(["authorize", "token", "devicecode", "discovery", "keys"]);

/** Starts a provider on a free port of 127.0.0.1, ready when the promise resolves. */
export async function startProvider(options: ProviderOptions = {}): Promise<Provider> {
  // All three at once: the key is made on another thread while the library loads.
  const [certificate, key] = await Promise.all([makeServerCertificate(), signingKey(), loadOidcProvider()]);
  const lifetimes = {
    accessToken: options.accessTokenTtl ?? 3600,
    refreshToken: options.refreshTokenTtl ?? 14 * 24 * 3600,
    deviceCode: options.deviceCodeTtl ?? 900,
  };
  const applications = options.applications ?? [PUBLIC_APPLICATION, CONFIDENTIAL_APPLICATION];
  const tenantId = (options.tenantId ?? DEFAULT_TENANT_ID).toLowerCase();
  const failures = new FailureQueue();
  const changes = new WeakMap<IncomingMessage, AnswerFailure>();
  const requests: ProviderRequest[] = [];
  const faults: unknown[] = [];
  const tenants = new Map<string, Tenant>();
  let stopped = false;

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", origin);
    const body = request.method === "POST" ? await readBody(request) : undefined;
    const route = findRoute(url.pathname);
    requests.push(record(request, url, route, body));
    const tenant = route && tenants.get(route.tenant);
    if (route === undefined || tenant === undefined) return answerNotFound(response, route);
    const failure = takeFailure(failures, route);
    if (failure !== undefined) {
      const outcome = await applyFailure(failure, response, url.searchParams, () => server.breakOff(request));
      if (outcome.answered) return;
      if (outcome.change !== undefined) changes.set(request, outcome.change);
    }
    adaptRequest(request, route, url, body);
    await tenant.provider.callback()(request, response);
  };

  const server = await startHttpsServer(options.port ?? 0, certificate, (request, response) => {
    serve(request, response).catch((fault) => {
      if (!stopped) faults.push(fault);
      server.breakOff(request);
    });
  });
  const origin = `https://localhost:${server.port}`;
  for (const id of [tenantId, ...options.otherTenantIds ?? []]) {
    tenants.set(
      id.toLowerCase(),
      await makeTenant({
        origin,
        tenantId: id.toLowerCase(),
        accounts: options.accounts ?? [ADA, BOB],
        applications,
        signingKey: key,
        accessTokenTtl: () => lifetimes.accessToken,
        refreshTokenTtl: () => lifetimes.refreshToken,
        deviceCodeTtl: () => lifetimes.deviceCode,
        devicePollInterval: options.devicePollInterval ?? 5,
        answerFailure: (request) => changes.get(request),
        authorizeFailure: () => failures.take("authorize", changesAnswer) as AnswerFailure | undefined,
        onFault: (fault) => faults.push(fault),
      }),
    );
  }
  const main = tenants.get(tenantId);
  if (main !== undefined) { for (const alias of ALIASES) tenants.set(alias, main); }
  const stop = () => {
    stopped = true;
    return server.stop();
  };
  return {
    origin,
    port: server.port,
    tenantId,
    clientId: applications[0]?.clientId ?? "",
    issuer: `${origin}/${tenantId}/v2.0`,
    caPem: certificate.caPem,
    requests,
    faults,
    requestsTo: (endpoint) => requests.filter((request) => request.endpoint === endpoint),
    setAccessTokenTtl: (seconds) => void (lifetimes.accessToken = seconds),
    setRefreshTokenTtl: (seconds) => void (lifetimes.refreshToken = seconds),
    setDeviceCodeTtl: (seconds) => void (lifetimes.deviceCode = seconds),
    failNext: (endpoint, failure) => failures.add(endpoint, failure),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A change to an authorization response waits until there is one; every other failure strikes at once. */
function takeFailure(failures: FailureQueue, { name }: Route): Failure | undefined {
  if (!FAILING.has(name)) return undefined;
  return failures.take(name as Endpoint, (failure) => name !== "authorize" || !changesAnswer(failure));
}

function record(
  request: IncomingMessage,
  url: URL,
  route: Route | undefined,
  body: string | undefined,
): ProviderRequest {
  const keepsForm = route?.name === "token" || route?.name === "devicecode";
  return {
    method: request.method ?? "GET",
    path: url.pathname,
    endpoint: route?.name,
    query: readForm(url.search),
    form: keepsForm && body !== undefined ? readForm(body) : {},
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ),
  };
}

function answerNotFound(response: ServerResponse, route: Route | undefined): void {
  if (route === undefined) {
    response.writeHead(404, { "content-type": "text/plain" }).end("Not found\n");
    return;
  }
  const body = entraErrorBody({
    error: "invalid_tenant",
    aadsts: 90002,
    description: `Tenant '${route.tenant}' not found. Check to make sure you have the correct tenant ID.`,
  }, Date.now());
  response.writeHead(400, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}
