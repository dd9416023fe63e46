/**
 * Keeps Deno from loading Node's modules at the start. Cliffy reads `globalThis.process` wherever it turns to `Deno`, and
 * Deno 2.9 loads some thirty modules of Node at the first read, which takes about as long as the start of Deno itself.
 */

const original = Object.getOwnPropertyDescriptor(globalThis, "process");

/** Puts Node's process back in its place, and returns it. */
function loadProcess(): object {
  if (original !== undefined) Object.defineProperty(globalThis, "process", original);
  return Reflect.get(globalThis, "process");
}

if (original?.configurable === true) {
  const value = new Proxy({}, {
    get: (_, name) => Reflect.get(loadProcess(), name),
    set: (_, name, value) => Reflect.set(loadProcess(), name, value),
    has: (_, name) => Reflect.has(loadProcess(), name),
  });
  Object.defineProperty(globalThis, "process", { value, configurable: true, writable: true });
}
