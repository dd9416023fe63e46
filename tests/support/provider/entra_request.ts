import type { IncomingMessage } from "node:http";
import { replaceBody } from "./request_body.ts";
import { innerResponseMode } from "./response_modes.ts";
import type { Route } from "./routes.ts";
import { renameOfflineAccess } from "./scopes.ts";

const routes = new WeakMap<IncomingMessage, Route>();
const DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/**
 * Turns a request to Entra into one to oidc-provider: the path without the tenant (it takes its mount path from the
 * difference to `originalUrl`), and the few parameters that the two name differently.
 */
export function adaptRequest(
  request: IncomingMessage,
  route: Route,
  url: URL,
  body: string | undefined,
): void {
  routes.set(request, route);
  // Deno 2.6 takes HTTP/2, whose requests have no Host header, and oidc-provider builds its URLs from it.
  request.headers.host ??= url.host;
  const query = new URLSearchParams(url.search);
  if (route.name === "authorize") {
    adaptScope(query);
    query.set("response_mode", innerResponseMode(query.get("response_mode")));
  }
  request.url = query.size === 0 ? route.inner : `${route.inner}?${query}`;
  Object.assign(request, { originalUrl: `/${route.tenant}${request.url}` });
  if (body !== undefined) replaceBody(request, adaptForm(route, body));
}

/** The route of a request that was adapted. */
export function routeOf(request: IncomingMessage): Route | undefined {
  return routes.get(request);
}

function adaptForm(route: Route, body: string): string {
  if (route.name !== "token" && route.name !== "devicecode") return body;
  const form = new URLSearchParams(body);
  adaptScope(form);
  // MSAL sends the short name; RFC 8628 section 3.4 has only the long one.
  if (form.get("grant_type") === "device_code") form.set("grant_type", DEVICE_CODE_GRANT);
  return form.toString();
}

function adaptScope(parameters: URLSearchParams): void {
  const scope = parameters.get("scope");
  if (scope !== null) parameters.set("scope", renameOfflineAccess(scope));
}
