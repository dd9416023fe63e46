// @ts-types="npm:@types/oidc-provider@9.12.1"
import type * as OidcProvider from "oidc-provider";

let loading: Promise<typeof OidcProvider> | undefined;

/** Loads oidc-provider once, without the notice that Deno is not one of its supported runtimes. */
export function loadOidcProvider(): Promise<typeof OidcProvider> {
  loading ??= loadQuietly();
  return loading;
}

async function loadQuietly(): Promise<typeof OidcProvider> {
  const terminal = globalThis.console;
  const warn = terminal.warn;
  terminal.warn = (...data: unknown[]) => {
    if (!String(data[0]).includes("oidc-provider WARNING: Unsupported runtime")) warn(...data);
  };
  try {
    return await import("oidc-provider");
  } finally {
    terminal.warn = warn;
  }
}
