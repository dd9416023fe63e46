import type { Network } from "../system/network/network.ts";
import { readRoots } from "../system/network/root_certificates.ts";
import type { System } from "../system/system.ts";

/** The network, trusting the roots in `caCertFile` (PEM) too. @throws {CliError} What is wrong with the certificate. */
export async function openNetwork(system: System, caCertFile: string | undefined): Promise<Network> {
  return system.network(caCertFile === undefined ? [] : await readRoots(caCertFile, system.files));
}
