import { supplyTokens } from "../flows/supply_tokens.ts";
import type { PortChoice } from "../loopback/listen_on_loopback.ts";
import type { TokenEndpoint } from "../loopback/token_endpoint.ts";
import { acquireToken, readSettings } from "./acquire_token.ts";
import type { CommandContext } from "./context.ts";
import { profileName } from "./options/chosen_profile.ts";
import type { TokenFlags } from "./options/token_options.ts";
import { waitPrinter } from "./terminal/progress_lines.ts";

/** Where the endpoint listens, and what it gives out. */
export interface EndpointRequest {
  readonly ports: PortChoice;
  /** The allowed resources; those of the scopes by default. */
  readonly resources: readonly string[] | undefined;
  /** An address in place of the loopback ones. */
  readonly address?: string | undefined;
  /** Names by which callers may reach it, besides the loopback ones. */
  readonly hosts?: readonly string[];
}

/**
 * Opens an endpoint for the tokens that the flags choose, and prints whose tokens it gives out and for which resources.
 * Signs in first if needed; later requests never prompt.
 *
 * @throws {CliError} What {@linkcode acquireToken} throws, `usage`, `port_in_use` or `permission`.
 */
export async function openTokenEndpoint(
  { ports, resources, address, hosts = [] }: EndpointRequest,
  flags: TokenFlags,
  context: CommandContext,
): Promise<TokenEndpoint> {
  const isQuiet = flags.quiet ?? flags.silent ?? false;
  const name = await profileName(flags.profile, context);
  const { authority, scopes } = await readSettings(flags, name, context);
  const supply = supplyTokens({
    authority,
    scopes,
    resources,
    clock: context.clock,
    async acquire(scope, tenant) {
      const others = tenant === undefined ? {} : { tenant: undefined, tenantId: tenant };
      // The user has signed in already, and `--force` applied to that sign-in.
      const silent = { ...flags, ...others, scope, interactive: false, force: false };
      return (await acquireToken(silent, context, () => {})).result.token;
    },
  });
  const say = waitPrinter(context.terminal, isQuiet);
  const { result } = await acquireToken({ ...flags, scope: supply.firstScopes }, context, say);
  supply.holdFirst(result.token);
  const endpoint = await context.listenForTokenRequests(ports, { supply, address, hosts }, say);
  if (!isQuiet) {
    const owner = result.token.account?.username ?? "the application";
    const place = `${address ?? "127.0.0.1"}:${endpoint.port}`;
    context.terminal.writeMessage(
      `Tokens of ${owner} (profile '${name}') for ${supply.resources.join(", ")} are given out on ${place}`,
    );
  }
  return endpoint;
}

/**
 * Returns the variables by which Azure SDKs and azd find an endpoint.
 *
 * @param host How the reader of the variables reaches this machine.
 */
export function endpointVariables({ port, secret }: TokenEndpoint, host: string): Record<string, string> {
  const base = `http://${host}:${port}`;
  return {
    IDENTITY_ENDPOINT: `${base}/msi/token`,
    IDENTITY_HEADER: secret.reveal(),
    AZD_AUTH_ENDPOINT: base,
    AZD_AUTH_KEY: secret.reveal(),
  };
}
