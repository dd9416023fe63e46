import { join } from "@std/path/join";
import type { AccountEntry } from "../corpus/corpus.ts";
import { openUrlInbox, type UrlInbox } from "../browser/url_inbox.ts";
import { openBatch } from "../program/batch.ts";
import type { ProgramResult } from "../program/program.ts";
import { SecretWatch } from "../secrets/secret_watch.ts";
import { CLIENT_ID, type Service, startService } from "./service.ts";

/** A home folder, the service under its real host names, and the program. */
export interface ServiceSandbox extends AsyncDisposable {
  readonly service: Service;
  readonly browser: UrlInbox;
  readonly home: string;
  /** Runs the program with a home folder, in one process with the other runs. Default: the folder of the sandbox. */
  run(args: readonly string[], options?: RunOptions): Promise<ProgramResult>;
  /** Runs a command that signs in, and delivers the authorization response, with `change` applied to it. */
  signIn(
    args: readonly string[],
    options?: RunOptions & { readonly change?: Change },
  ): Promise<ProgramResult>;
}

export interface RunOptions {
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Returns the parameters to deliver in place of the successful ones. */
export type Change = (params: Record<string, string>) => Record<string, string>;

/** Opens a sandbox without any profile. */
export async function openServiceSandbox(): Promise<ServiceSandbox> {
  await using parts = new AsyncDisposableStack();
  const service = parts.use(await startService());
  const browser = parts.use(openUrlInbox());
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  parts.defer(() => Deno.remove(folder, { recursive: true }));
  const home = join(folder, "home");
  const watch = new SecretWatch(service.secrets);
  parts.defer(() => watch.assertNothingLeaked(home, folder));
  const caFile = join(folder, "ca.pem");
  await Deno.writeTextFile(caFile, service.caPem);
  const shared = {
    ENTRA_AUTH_CLI_CA_CERT: caFile,
    ENTRA_AUTH_CLI_KEYRING: "file",
    HTTPS_PROXY: service.proxyUrl,
    NO_PROXY: "localhost,127.0.0.1",
    BROWSER: browser.browser,
  };
  const batch = parts.use(openBatch(shared, service.hosts));
  const sandbox: Omit<ServiceSandbox, typeof Symbol.asyncDispose> = {
    service,
    browser,
    home,
    async run(args, options = {}) {
      watch.noteArguments(args);
      const env = { ENTRA_AUTH_CLI_HOME: options.home ?? home, ...options.env };
      const result = await batch.run({ args, env });
      watch.note(args, result);
      return result;
    },
    async signIn(args, { change, ...options } = {}) {
      const ended = sandbox.run(args, options);
      const url = await Promise.race([browser.next(), ended]);
      if (typeof url !== "string") throw new Error(`The program did not open the browser:\n${url.stderr}`);
      const { redirectUri, params } = service.authorize(url);
      const response = await fetch(redirectUri, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", "origin": "null" },
        body: new URLSearchParams(change?.(params) ?? params).toString(),
        redirect: "manual",
      });
      await response.body?.cancel();
      return await ended;
    },
  };
  const owned = parts.move();
  return { ...sandbox, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Returns the flags that name the authority, tenant and application of an account. */
export function flagsOf({ authority, tenant_id: tenant }: AccountEntry): string[] {
  return [
    ...["--authority", authority, "--client-id", CLIENT_ID],
    ...(tenant === null ? [] : ["--tenant-id", tenant]),
  ];
}
