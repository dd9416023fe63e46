import type { IncomingMessage, ServerResponse } from "node:http";
import { ADFS } from "./adfs.ts";
import { applyFailure } from "./apply_failure.ts";
import { validateAssertion } from "./client_assertion.ts";
import { correlationOf, type EntraError, entraErrorBody } from "./entra_errors.ts";
import { adaptRequest } from "./entra_request.ts";
import {
  changesResponse,
  type Endpoint,
  type Failure,
  FailureQueue,
  type ResponseChange,
} from "./failures.ts";
import { readBody, readForm } from "./request_body.ts";
import { findRoute, type Route, type RouteName } from "./routes.ts";
import { SecretsOnTheWire } from "./secrets_on_the_wire.ts";
import type { Tenant } from "./tenant.ts";

/** One request that the provider got. */
export interface ProviderRequest {
  readonly method: string;
  /** The path, with the tenant. */
  readonly path: string;
  /** The route of the path; undefined if there is none. */
  readonly endpoint: RouteName | undefined;
  readonly query: Record<string, string>;
  /** The form fields of the token and device code endpoints only: what users type is not recorded. */
  readonly form: Record<string, string>;
  readonly headers: Record<string, string>;
}

const FAILING: ReadonlySet<string> = new Set(["authorize", "token", "devicecode", "discovery", "keys"]);

/** Receives every request: records it, makes it fail if a test demands that, or passes it to its tenant. */
export class RequestRouter {
  readonly requests: ProviderRequest[] = [];
  readonly failures = new FailureQueue();
  readonly secrets = new SecretsOnTheWire();
  /** By the first segment of the path: tenant ids and aliases, lower-case. */
  readonly tenants = new Map<string, Tenant>();
  /** The tenants of the authorities with a host name of their own, by that name. */
  readonly hosts = new Map<string, Map<string, Tenant>>();
  #changes = new WeakMap<IncomingMessage, ResponseChange>();

  async serve(request: IncomingMessage, response: ServerResponse, breakOff: () => void): Promise<void> {
    // The path alone matters here; the tenant puts its own origin before it.
    const url = new URL(request.url ?? "/", "https://localhost");
    const body = request.method === "POST" ? await readBody(request) : undefined;
    const route = findRoute(url.pathname);
    const recorded = record(request, url, route, body);
    this.requests.push(recorded);
    this.secrets.noteForm(recorded.form);
    const host = request.headers.host ?? String(request.headers[":authority"] ?? "");
    const named = this.hosts.get(host);
    const tenant = route && (named ?? this.tenants).get(route.tenant);
    if (route === undefined || tenant === undefined) {
      return answerNotFound(response, named === undefined ? route : undefined);
    }
    const failure = this.#failureFor(route.name);
    if (failure !== undefined) {
      const correlationId = correlationOf(request.headers, url.searchParams);
      const outcome = await applyFailure(failure, response, {
        query: url.searchParams,
        correlationId,
        isAdfs: route.tenant === ADFS,
        breakOff,
      });
      if (outcome.answered) return;
      if (outcome.change !== undefined) this.#changes.set(request, outcome.change);
    }
    const judged = await this.#judgeClient(route, body, tenant);
    if (typeof judged === "object") return answerRefusal(response, request, judged);
    adaptRequest(request, route, new URL(request.url ?? "/", tenant.setup.origin), judged);
    await tenant.handle(request, response);
  }

  /** Returns the change that a test demands of the genuine response. */
  changeFor(request: IncomingMessage): ResponseChange | undefined {
    return this.#changes.get(request);
  }

  /** Takes the change a test wants made to the next authorization response. */
  takeAuthorizeChange(): ResponseChange | undefined {
    const failure = this.failures.take("authorize", changesResponse);
    return failure !== undefined && changesResponse(failure) ? failure : undefined;
  }

  /** Validates a client's assertion. Returns the refusal or the body to continue with. */
  async #judgeClient(
    route: Route,
    body: string | undefined,
    { setup }: Tenant,
  ): Promise<EntraError | string | undefined> {
    if (route.name !== "token" || body === undefined) return body;
    const form = new URLSearchParams(body);
    const application = setup.applications.find(({ clientId }) => clientId === form.get("client_id"));
    return await validateAssertion(form, application) ?? form.toString();
  }

  /** A change to an authorization response waits until there is one; every other failure strikes at once. */
  #failureFor(name: RouteName): Failure | undefined {
    if (!FAILING.has(name)) return undefined;
    return this.failures.take(
      name as Endpoint,
      (failure) => name !== "authorize" || !changesResponse(failure),
    );
  }
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

function answerRefusal(response: ServerResponse, request: IncomingMessage, error: EntraError): void {
  const correlationId = correlationOf(request.headers, new URLSearchParams());
  response.writeHead(401, { "content-type": "application/json; charset=utf-8" })
    .end(JSON.stringify(entraErrorBody(error, correlationId)));
}

/** Responds to a path that does not exist. Only Entra itself has JSON for an unknown tenant: B2C and others have a page. */
function answerNotFound(response: ServerResponse, route: Route | undefined): void {
  if (route === undefined) {
    response.writeHead(404, { "content-type": "text/html" }).end("<html><body>404 - Not found</body></html>");
    return;
  }
  const body = entraErrorBody({
    error: "invalid_tenant",
    aadsts: 90002,
    description: `Tenant '${route.tenant}' not found. Check to make sure you have the correct tenant ID.`,
  });
  response.writeHead(400, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}
