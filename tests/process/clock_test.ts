/** The whole program on a machine whose clock is wrong, or is set while a person signs in. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path/join";
import { findFakeTime } from "../support/fake_time.ts";
import { ADA } from "../support/provider/directory.ts";
import { openSandbox } from "../support/sandbox.ts";

const fakeTime = await findFakeTime();
const ignore = fakeTime === null;

/** The variables by which the program's clock is moved, in libfaketime's words: `+1h`. */
function clockAt(time: string): { env: Record<string, string> } {
  return { env: { LD_PRELOAD: fakeTime ?? "", FAKETIME: time } };
}

const APART =
  /^The clocks of this machine and of the sign-in service are about \d+ (?:minutes|hours|days|years) apart\nHint: Set this/m;
const CERTIFICATE =
  /^The TLS certificate of localhost:\d+ .*\nHint: Check the date and time of this machine\.$/m;

/** What a refresh ends in with a clock that is wrong by so much: an exit code, and words that name the clock. */
const WRONG_CLOCKS: Readonly<Record<string, readonly [number, RegExp]>> = {
  "-50m": [3, APART],
  "+3h": [3, APART],
  "+10y": [4, CERTIFICATE],
  "-5d": [4, CERTIFICATE],
};

Deno.test({
  name:
    "a clock that is hours or years off is named, nothing is lost by it, and one that is set right finds all as it was",
  ignore,
  async fn() {
    // What is answered to a refused refresh is lost; Entra, as this provider, still takes the refresh token before.
    await using sandbox = await openSandbox({ keepsUsedRefreshTokens: true });
    const { stdout: token } = await sandbox.signIn(["get-token"]);
    const store = await Deno.readFile(join(sandbox.home, "tokens.enc"));
    for (const [time, [code, words]] of Object.entries(WRONG_CLOCKS)) {
      const wrong = await sandbox.run(["get-token", "--no-interactive"], clockAt(time));
      assertEquals([wrong.code, wrong.stdout], [code, ""], `${time}: ${wrong.stderr}`);
      assertMatch(wrong.stderr, words, time);
      assertEquals(await Deno.readFile(join(sandbox.home, "tokens.enc")), store, time);
    }
    const right = await sandbox.run(["get-token", "--no-interactive"]);
    assertEquals([right.code, right.stdout], [0, token], right.stderr);
    const refreshed = await sandbox.run(["refresh"]);
    assertEquals(refreshed.code, 0, refreshed.stderr);
  },
});

Deno.test({
  name: "a clock that is four minutes off does no harm: no life is below zero or longer than it was granted",
  ignore,
  async fn() {
    await using sandbox = await openSandbox({ keepsUsedRefreshTokens: true });
    await sandbox.signIn(["get-token"]);
    for (const time of ["-4m", "+4m"]) {
      await sandbox.run(["refresh"], clockAt(time));
      for (const clock of [clockAt(time), {}]) {
        const { code, stdout, stderr } = await sandbox.run(["get-token", "--output", "json"], clock);
        assertEquals(code, 0, stderr);
        const { source, expires_in: life } = JSON.parse(stdout);
        assertEquals(source, "cache", time);
        assert(life > 3000 && life <= 3600 + 240, `${time}: ${life} s`);
      }
    }
  },
});

Deno.test({
  name: "a clock that is set while a person signs in ends the sign-in by its name, or does no harm",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const file = join(sandbox.folder, "clock");
    const env = {
      LD_PRELOAD: fakeTime ?? "",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      // Setting a clock leaves the one alone that measures waits.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    for (const [time, expected] of [["+2h", 3], ["-50m", 3], ["-200", 0]] as const) {
      await Deno.writeTextFile(file, "+0\n");
      const program = sandbox.start(["get-token", "--force"], { env });
      const callback = await sandbox.userAgent.authorize(await sandbox.browser.next(), ADA);
      await Deno.writeTextFile(file, `${time}\n`);
      await sandbox.userAgent.deliver(callback);
      const { code, stdout, stderr } = await program.ended;
      assertEquals(code, expected, `${time}: ${stderr}`);
      if (code === 0) continue;
      assertEquals(stdout, "");
      assertMatch(stderr, APART);
      const status = await sandbox.run(["get-token", "--no-interactive"]);
      assertEquals(status.code, 9, `${time} left something: ${status.stderr}`);
    }
  },
});
