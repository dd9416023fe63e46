import type { Signature } from "../entra/verify_token.ts";
import type { System } from "../system/system.ts";
import { openNetwork } from "./open_network.ts";

/** Joins the check of a token's signature with the network; nothing is loaded before it is called. */
export function verifierFor(
  system: System,
  options: { readonly authority: string; readonly caCertFile: string | undefined },
): (token: string, authority?: string) => Promise<Signature> {
  return async (token, authority = options.authority) => {
    const { verifyToken } = await import("../entra/verify_token.ts");
    const network = await openNetwork(system, options.caCertFile);
    return await verifyToken(token, { authority, network, signal: system.interrupted });
  };
}
