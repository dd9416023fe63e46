/**
 * The program with its command replaced by probes: the main thread gives the worker the permissions of the command line,
 * as in a release, and the worker prints what it could do.
 */

import { isBroker, runBroker } from "../../../src/broker.ts";
import { handleSignals } from "../../../src/system/processes/signals.ts";
import { exitThroughMainThread } from "../../../src/system/sandbox.ts";

const PROBES: Readonly<Record<string, () => unknown>> = {
  "read a file of the system": () => Deno.readTextFileSync("/etc/passwd"),
  "list another folder": () => [...Deno.readDirSync("/")],
  "write to another folder": () => Deno.makeTempDirSync(),
  "connect to another host": () => Deno.connect({ hostname: "other.example", port: 443 }),
  "start another program": () => new Deno.Command("uname").outputSync(),
  "read another variable": () => Deno.env.get("ENTRA_AUTH_CLI_PROBE"),
  "read all variables": () => Deno.env.toObject(),
  "load a library": () => Deno.dlopen("libc.so.6", {}),
  "read the name of the machine": () => Deno.hostname(),
  "start a worker with more permissions": () =>
    new Worker(
      "data:text/javascript,",
      { type: "module", deno: { permissions: { read: true } } } as WorkerOptions,
    ),
};

/** What `request METHOD URL --body @FILE` may reach by its arguments, and what is next to it. */
function probesOfRequest(): Record<string, () => unknown> {
  const [command, , url, , body = ""] = Deno.args;
  if (command !== "request" || url === undefined) return {};
  const { hostname, port } = new URL(url);
  return {
    "read the file of --body": () => Deno.readTextFileSync(body.slice(1)),
    "read another file in its folder": () => Deno.readTextFileSync(`${body.slice(1)}.other`),
    "write to the file of --body": () => Deno.writeTextFileSync(body.slice(1), ""),
    "connect to the host of the URL": () => Deno.connect({ hostname, port: Number(port) }),
    "connect to another port of it": () => Deno.connect({ hostname, port: Number(port) ^ 1 }),
    "connect to another address": () => Deno.connect({ hostname: "127.0.0.3", port: Number(port) }),
  };
}

/** Returns the probes that were not refused. */
async function succeeded(): Promise<string[]> {
  const names: string[] = [];
  for (const [name, probe] of Object.entries({ ...PROBES, ...probesOfRequest() })) {
    try {
      await probe();
      names.push(name);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) names.push(`${name}: ${error}`);
    }
  }
  return names;
}

exitThroughMainThread();
if (isBroker()) {
  Deno.exit(await runBroker(Deno.args, handleSignals()));
}
// deno-lint-ignore no-console -- the result of a program
console.log(JSON.stringify(await succeeded()));
Deno.exit(0);
