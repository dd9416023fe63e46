/**
 * Calls `action` after `ms` milliseconds, unless the result is disposed first.
 *
 * The first `setTimeout()` of a process loads Node's timers in Deno 2.9, which takes 15 to 20 ms.
 */
export function startTimer(ms: number, action: () => void): Disposable {
  const time = AbortSignal.timeout(Math.max(0, ms));
  // Without a listener, the timer does not keep the process alive.
  time.addEventListener("abort", action);
  return { [Symbol.dispose]: () => time.removeEventListener("abort", action) };
}

/** Resolves after `ms` milliseconds. Rejects with the reason of `signal` as soon as it is aborted. */
export async function delay(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal?.reason);
  using _timer = startTimer(ms, resolve);
  signal?.addEventListener("abort", abort);
  try {
    await promise;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
