/**
 * Keeps Deno from loading Node's modules when nothing needs them. Cliffy reads `globalThis.process` wherever it turns to
 * `Deno`, and MSAL reads a few members of it; Deno 2.9 loads some thirty modules of Node at the first read, which takes
 * about as long as the start of Deno itself.
 */

const original = Object.getOwnPropertyDescriptor(globalThis, "process");

/** Puts Node's process back in its place, and returns it. */
function loadProcess(): object {
  if (original !== undefined) Object.defineProperty(globalThis, "process", original);
  return Reflect.get(globalThis, "process");
}

const { os, arch } = Deno.build;

/** The members that MSAL reads at its start and in a refresh. As in Node, a variable that cannot be read is missing. */
const KNOWN: Readonly<Record<string | symbol, unknown>> = {
  platform: os === "windows" ? "win32" : os,
  arch: arch === "x86_64" ? "x64" : "arm64",
  env: new Proxy<Record<string, string>>({}, {
    get: (_, name) => typeof name === "string" ? readVariable(name) : undefined,
    has: (_, name) => typeof name === "string" && readVariable(name) !== undefined,
  }),
};

function readVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}

if (original?.configurable === true) {
  const value = new Proxy({}, {
    get: (_, name) => Object.hasOwn(KNOWN, name) ? KNOWN[name] : Reflect.get(loadProcess(), name),
    set: (_, name, value) => Reflect.set(loadProcess(), name, value),
    has: (_, name) => Reflect.has(loadProcess(), name),
  });
  Object.defineProperty(globalThis, "process", { value, configurable: true, writable: true });
}
