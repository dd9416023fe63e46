import type { Os } from "../system/os.ts";
import { type Callback, CallbackReceiver } from "./callback_receiver.ts";
import { type CallbackTraffic, describeTraffic } from "./callback_traffic.ts";
import type { ExpectedCallback } from "./validate_callback.ts";
import { listenOnLoopback } from "./listen_on_loopback.ts";
import { preparePageResponse } from "./page_response.ts";
import { brokenPage } from "./pages.ts";
import type { PortChoice } from "./port_choice.ts";

export type { Callback } from "./callback_receiver.ts";
export type { CallbackTraffic } from "./callback_traffic.ts";
export type { AuthorizationResponse, ExpectedCallback } from "./validate_callback.ts";
export type { PageOutcome } from "./pages.ts";

/**
 * Listens on this machine for the browser that comes back from the sign-in. Disposing of it lets a page that is on its
 * way go out, then frees the port, within about a second whatever the clients do.
 */
export interface CallbackServer extends AsyncDisposable {
  /** The port that is listened on. */
  readonly port: number;
  /**
   * `http://localhost:PORT`. Entra takes any port for a registered `http://localhost`, and for that name only; the page
   * on redirect URI restrictions says so ("Localhost exceptions").
   */
  readonly redirectUri: string;
  /** What has reached the listener so far. */
  readonly traffic: Readonly<CallbackTraffic>;
  /** The same in a sentence. */
  describeTraffic(): string;
  /**
   * Waits for the callback, which may have come already. Rejects with the reason of `signal` when it is aborted, and with
   * an `AbortError` when the server is disposed of.
   */
  waitForCallback(signal: AbortSignal): Promise<Callback>;
}

/**
 * Starts a server that takes exactly one callback: the first one that `expected` fits. Whatever else comes gets an error
 * page and changes nothing. `os` only chooses the commands that an error names.
 *
 * @throws {CliError} `port_in_use` when no port of `ports` is free, `permission` when Deno may not listen, `network` when
 * the machine has no loopback address.
 */
export async function listenForCallback(
  ports: PortChoice,
  expected: ExpectedCallback,
  os: Os = Deno.build.os === "windows" ? "windows" : "linux",
): Promise<CallbackServer> {
  const respond = await preparePageResponse();
  const receiver = new CallbackReceiver(expected, respond);
  const listener = listenOnLoopback(ports, {
    handle: (request, port) => receiver.receive(request, port),
    handleFailure: () => respond(500, brokenPage()),
    traffic: receiver.traffic,
    os,
  });
  return {
    port: listener.port,
    redirectUri: `http://localhost:${listener.port}`,
    traffic: receiver.traffic,
    describeTraffic: () => describeTraffic(receiver.traffic),
    waitForCallback: (signal) => receiver.wait(signal),
    [Symbol.asyncDispose]: async () => {
      receiver.close();
      await listener[Symbol.asyncDispose]();
    },
  };
}
