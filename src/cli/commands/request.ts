import { CliError } from "../../errors.ts";
import { type ApiCall, callApi } from "../../flows/call_api.ts";
import { chooseApi } from "../../identity/api_hosts.ts";
import { mergeClaims } from "../../identity/claims.ts";
import { parseScopeFlag } from "../../identity/scopes.ts";
import type { Bytes } from "../../system/files/files.ts";
import type { HttpResponse } from "../../system/network/network.ts";
import { assertPermittedHost } from "../../system/network/network_error.ts";
import { isJsonObject, isTooDeep } from "../../text/json.ts";
import { plainLines, plainText } from "../../text/plain_text.ts";
import { acquireToken, parseDuration, readSettings } from "../acquire_token.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { profileName } from "../options/chosen_profile.ts";
import { claimsInChallenge, parseClaimsFlag } from "../options/claims.ts";
import { REQUEST_OPTIONS, type RequestFlags } from "../options/command_options.ts";
import { formatJson } from "../output/document_format.ts";
import { waitPrinter } from "../terminal/progress_lines.ts";

export function requestCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description(
      "Call an API with an access token for it.\n" +
        "The token is sent only to https hosts of the API that its scopes are for, never along a redirect.",
    )
    .arguments("<method:string:method> <url:string>")
    .complete("method", () => METHODS);
  return addOptions(command, REQUEST_OPTIONS)
    .example("Read your profile", "entra-auth-cli request GET https://graph.microsoft.com/v1.0/me")
    .example(
      "List all users",
      "entra-auth-cli request GET https://graph.microsoft.com/v1.0/users --paginate --scope User.Read.All",
    )
    .example(
      "Call your own API",
      "entra-auth-cli request POST https://api.contoso.com/orders --scope api://orders/Orders.Write " +
        "--allow-host api.contoso.com --body @order.json",
    )
    .action((flags: RequestFlags, method: string, url: string) => runRequest(method, url, flags, context));
}

/** Without TRACE, whose response would contain the token. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "MERGE"];
const OUTPUTS = ["json", "raw", "headers"] as const;
type Output = typeof OUTPUTS[number];

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 5 * 60_000;

/**
 * Calls the API and prints its response; nothing on stdout if that is an error.
 *
 * @throws {CliError} `usage`; what {@linkcode acquireToken} and {@linkcode callApi} throw.
 */
async function runRequest(
  method: string,
  address: string,
  flags: RequestFlags,
  context: CommandContext,
): Promise<void> {
  const { env, terminal } = context;
  const output = parseOutput(flags.output ?? "json");
  const name = await profileName(flags.profile, context);
  const { authority, scopes: own } = await readSettings({ ...flags, scope: undefined }, name, context);
  const named = parseScopeFlag(flags.scope);
  const { url, scopes } = chooseApi(address, { named, own, allowedHosts: flags.allowHost ?? [], authority });
  // Before a sign-in whose token could not be used.
  await assertPermittedHost(url);
  const call = { ...await readCall(method, flags, output, context), url };
  const say = waitPrinter(terminal, flags.quiet ?? flags.silent ?? false);
  const asked = flags.claims === undefined ? undefined : parseClaimsFlag(flags.claims);
  let isFirst = true;
  const responses = await callApi(call, {
    network: await context.openNetwork(flags.caCert ?? env.get("ENTRA_AUTH_CLI_CA_CERT")),
    clock: context.clock,
    signal: context.signal,
    progress: say,
    async getToken(demanded) {
      const claims = mergeClaims(asked, demanded);
      const force = isFirst && flags.force;
      isFirst = false;
      return (await acquireToken({ ...flags, scope: scopes, claims, force }, context, say)).result.token;
    },
    claimsIn: claimsInChallenge,
  });
  await terminal.writeData(formatResponses(responses, output, terminal.stdoutIsTerminal));
}

/** Reads what the flags say about a request. @throws {CliError} `usage` or `permission`. */
async function readCall(
  typed: string,
  flags: RequestFlags,
  output: Output,
  context: CommandContext,
): Promise<Omit<ApiCall, "url">> {
  const method = typed.toUpperCase();
  if (!METHODS.includes(method)) {
    throw new CliError("usage", `Invalid method ${JSON.stringify(typed)}: expected ${METHODS.join(", ")}`);
  }
  const { paginate = false } = flags;
  if (paginate && (method !== "GET" || output !== "json")) {
    throw new CliError("usage", `${REQUEST_OPTIONS.paginate.flag} is only for GET with JSON output`);
  }
  if (flags.body !== undefined && ["GET", "HEAD"].includes(method)) {
    throw new CliError("usage", `${REQUEST_OPTIONS.body.flag} is not for ${method}: it has no body`);
  }
  const headers = parseHeaders(flags.header ?? []);
  const body = flags.body === undefined ? undefined : await readBody(flags.body, context);
  return {
    method,
    headers: {
      accept: output === "json" ? "application/json" : "*/*",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    body,
    paginate,
    acceptRedirect: output === "headers",
    timeoutMs: flags.timeout === undefined ? DEFAULT_TIMEOUT_MS : parseDuration(flags.timeout),
  };
}

function parseOutput(text: string): Output {
  const output = OUTPUTS.find((name) => name === text);
  if (output !== undefined) return output;
  throw new CliError(
    "usage",
    `Invalid output format ${JSON.stringify(text)}: expected ${OUTPUTS.join(", ")}`,
    { hint: `Example: ${REQUEST_OPTIONS.output.flag} raw` },
  );
}

/** Headers that decide who receives the token, and how the message is framed. */
const OWN_HEADERS =
  /^(authorization|host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|proxy-.*)$/;

/** Parses `Name: value`. @throws {CliError} `usage`; it quotes no value, which may be a secret. */
function parseHeaders(typed: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const text of typed) {
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      const [before = ""] = text.split(":", 1);
      throw new CliError(
        "usage",
        `Invalid ${REQUEST_OPTIONS.header.flag} ${
          JSON.stringify(plainText(before, 40))
        }: expected 'Name: value' ` +
          "on one line",
      );
    }
    const key = name.toLowerCase();
    if (OWN_HEADERS.test(key)) {
      throw new CliError("usage", `The header ${name} is set by entra-auth-cli`, {
        hint: key === "authorization" ? "Choose the token with --scope and --profile." : undefined,
      });
    }
    headers[key] = Object.hasOwn(headers, key) ? `${headers[key]}, ${value}` : value;
  }
  return headers;
}

/** Reads the body that the user named. @throws {CliError} `usage` or `permission`. */
async function readBody(text: string, context: CommandContext): Promise<string | Bytes> {
  if (text.startsWith("@")) return await context.readFile(text.slice(1), MAX_BODY_BYTES);
  if (text !== "-") return text;
  const input = await context.readInput(MAX_BODY_BYTES, context.signal);
  // Bytes that are no text would arrive as another character.
  if (!input.includes("\ufffd")) return input;
  throw new CliError("usage", "Standard input is not UTF-8 text", {
    hint: `Pass a file: ${REQUEST_OPTIONS.body.flag} @FILE`,
  });
}

function formatResponses(
  pages: readonly HttpResponse[],
  output: Output,
  toTerminal: boolean,
): string | Uint8Array {
  const [first] = pages;
  if (first === undefined) return "";
  switch (output) {
    case "headers": {
      const lines = Object.entries(first.headers).map(([name, value]) => `${name}: ${value}`);
      return [`HTTP ${first.status}`, ...lines].map((line) => `${plainText(line, 16_384)}\n`).join("");
    }
    case "raw":
      return toTerminal ? plainLines(new TextDecoder().decode(first.body)) : first.body;
    case "json":
      return pages.every(({ body }) => body.length === 0) ? "" : formatJson(joinPages(pages.map(parsePage)));
  }
}

/** Parses JSON with the digits of its numbers, which JavaScript would round. */
function parsePage({ body }: HttpResponse): unknown {
  const { rawJSON } = JSON as typeof JSON & { rawJSON(text: string): unknown };
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    const value: unknown = JSON.parse(
      text,
      (_key, member: unknown, context?: { readonly source: string }) =>
        typeof member === "number" && context !== undefined ? rawJSON(context.source) : member,
    );
    if (!isTooDeep(value)) return value;
  } catch {
    // Not JSON.
  }
  throw new CliError("invalid_response", "The response is not JSON", {
    hint: `Print it as it is: ${REQUEST_OPTIONS.output.flag} raw`,
  });
}

/** Joins the lists of all pages in the document of the first one. */
function joinPages(pages: readonly unknown[]): unknown {
  const [first] = pages;
  if (pages.length === 1 || !isJsonObject(first)) return first;
  const { "@odata.nextLink": _odata, nextLink: _next, ...document } = first;
  const value = pages.flatMap((page) => isJsonObject(page) && Array.isArray(page.value) ? page.value : []);
  return { ...document, value };
}
