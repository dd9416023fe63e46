import { join } from "@std/path/join";
import { makeServerCertificate } from "../provider/certificate.ts";
import { startHttpsServer } from "../provider/https_server.ts";
import type { ProgramOptions, ProgramResult } from "../program/program.ts";
import type { Sandbox } from "../program/sandbox.ts";
import { startProxy } from "./proxy.ts";

/** A request that an API received. */
export interface ApiRequest {
  /** Method, host and path. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A response of an API. A body that is not text is sent as JSON. */
export interface ApiReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An https server under the real names of APIs, behind a proxy. */
export interface Api extends AsyncDisposable {
  readonly requests: ApiRequest[];
  /** The next responses. Default: `{}`. */
  readonly replies: ApiReply[];
  /** Runs the program, for which the API has these names. */
  run(args: readonly string[], options?: Partial<ProgramOptions>): Promise<ProgramResult>;
}

/** Starts an API under `names` for the program in `sandbox`. */
export async function startApi(sandbox: Sandbox, names: readonly string[]): Promise<Api> {
  await using parts = new AsyncDisposableStack();
  const certificate = await makeServerCertificate({ names });
  const caFile = join(sandbox.folder, "api-ca.pem");
  await Deno.writeTextFile(caFile, `${sandbox.provider.caPem}\n${certificate.caPem}`);
  const requests: ApiRequest[] = [];
  const replies: ApiReply[] = [];
  const server = await startHttpsServer(0, certificate, (request, response) => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    request.on("data", (chunk) => chunks.push(new Uint8Array(chunk)));
    request.on("end", () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]),
      );
      const body = new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
      requests.push({ target: `${request.method} ${headers.host}${request.url}`, headers, body });
      const { status = 200, headers: sent = {}, body: answer = {} } = replies.shift() ?? {};
      const isText = typeof answer === "string" || answer instanceof Uint8Array;
      response.writeHead(status, { "content-type": "application/json", ...sent });
      response.end(isText ? answer : JSON.stringify(answer));
    });
  });
  parts.defer(server.stop);
  const hosts = names.map((name) => `${name}:443`);
  const proxy = parts.use(startProxy({ route: (target) => hosts.includes(target) ? server.port : null }));
  const owned = parts.move();
  return {
    requests,
    replies,
    run: (args, options = {}) =>
      sandbox.run(args, {
        hosts: [`localhost:${sandbox.provider.port}`, ...hosts],
        ...options,
        env: {
          ENTRA_AUTH_CLI_CA_CERT: caFile,
          HTTPS_PROXY: proxy.url,
          NO_PROXY: "localhost,127.0.0.1",
          ...options.env,
        },
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
