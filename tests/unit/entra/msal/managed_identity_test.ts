import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { acquireManagedIdentityToken } from "../../../../src/entra/msal/managed_identity.ts";
import { CliError } from "../../../../src/errors.ts";
import { FakeClock } from "../../../support/machine/fake_clock.ts";

/** A clock whose deadlines come when {@linkcode end} is called. */
class EndingClock extends FakeClock {
  readonly deadlines: number[] = [];
  readonly #ended = new AbortController();

  override deadline(ms: number): { signal: AbortSignal } & Disposable {
    this.deadlines.push(ms);
    return { signal: this.#ended.signal, [Symbol.dispose]() {} };
  }

  end(): void {
    this.#ended.abort();
  }
}

Deno.test("acquireManagedIdentityToken() waits 30 seconds in all for an endpoint that never answers", async () => {
  const clock = new EndingClock(Date.UTC(2025, 11, 28, 12, 0, 0));
  const network = {
    send({ signal }: { signal: AbortSignal }): Promise<never> {
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        clock.end();
      });
    },
  };
  const env = { get: () => undefined };
  const { signal } = new AbortController();
  const error = await assertRejects(
    () =>
      acquireManagedIdentityToken({ identity: { kind: "system" }, network, env, clock, signal }, [
        "resource",
      ]),
    CliError,
  );
  assertEquals([error.code, error.message, clock.deadlines], [
    "network",
    "The managed identity's endpoint gave no token within 30 seconds",
    [30_000],
  ]);
  assertMatch(error.hint ?? "", /--timeout 2m/);
});
