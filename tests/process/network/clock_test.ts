/** Tests of the whole program on a machine whose clock is wrong, or changes during a sign-in. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path/join";
import { findFakeTime } from "../../support/machine/fake_time.ts";
import { enterDeviceCode } from "../../support/browser/enter_device_code.ts";
import { ADA, CONFIDENTIAL_APPLICATION } from "../../support/provider/directory.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

const fakeTime = await findFakeTime();
const ignore = fakeTime === null;

/**
 * The clock of the program, in the notation of libfaketime: `+1h`, or `@1970-01-01 00:00:20`. Without a lock file
 * Deno accepts no package that is newer than the clock; users run from source with the lock file, or an executable.
 */
function clockAt(time: string): { env: Record<string, string>; flags: readonly string[] } {
  return { env: { LD_PRELOAD: fakeTime ?? "", FAKETIME: time }, flags: ["--minimum-dependency-age=0"] };
}

/** The first minute of a machine without a clock battery, and times beyond 32 bits and two digits. */
const OTHER_AGES = [
  "@1970-01-01 00:00:20",
  "@1999-12-31 23:59:50",
  "@2038-01-19 03:14:00",
  "@2100-03-01 00:00:00",
];
const [EARLIEST = "", LATEST = ""] = [OTHER_AGES.at(0), OTHER_AGES.at(-1)];
/** A certificate that is valid at all of these times. */
const ALL_AGES = { certificateYears: [1970, 2200] } as const;

const APART =
  /^error: The clocks of this machine and of the sign-in service are about \d+ (?:minute|hour|day|year)s? apart\nHint: Set this/m;
const CERTIFICATE =
  /^error: The TLS certificate of localhost:\d+ .*\nHint: Check the date and time of this machine\.$/m;

/** At these times the provider's certificate is not valid. */
const WRONG_CLOCKS = ["+10y", "-5d", ...OTHER_AGES];

/** Checks with a correct clock that the token is still stored and can be refreshed. */
async function assertSignedIn(sandbox: Sandbox, token: string): Promise<void> {
  const right = await sandbox.run(["get-token", "--no-interactive"]);
  assertEquals([right.code, right.stdout], [0, token], right.stderr);
  const refreshed = await sandbox.run(["refresh"]);
  assertEquals(refreshed.code, 0, refreshed.stderr);
}

function storeOf({ home }: Sandbox): Promise<Uint8Array> {
  return Deno.readFile(join(home, "tokens.enc"));
}

Deno.test({
  name: "a clock that is days or years off is reported and loses nothing",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const { stdout: token } = await sandbox.signIn(["get-token"]);
    const store = await storeOf(sandbox);
    for (const time of WRONG_CLOCKS) {
      const wrong = await sandbox.run(["get-token", "--no-interactive"], clockAt(time));
      assertEquals([wrong.code, wrong.stdout], [4, ""], `${time}: ${wrong.stderr}`);
      assertMatch(wrong.stderr, CERTIFICATE, time);
      assertEquals(await storeOf(sandbox), store, time);
    }
    await assertSignedIn(sandbox, token);
  },
});

Deno.test({
  name: "a clock that is four minutes off yields no negative or extended lifetime",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
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
  name: "a clock that changes during a sign-in is reported or does no harm",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const file = join(sandbox.folder, "clock");
    const env = {
      LD_PRELOAD: fakeTime ?? "",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      // Setting the wall clock does not affect the monotonic clock.
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

const AS_APPLICATION = [
  "get-token",
  "--client-id",
  CONFIDENTIAL_APPLICATION.clientId,
  "-f",
  "client-credentials",
];

Deno.test({
  name: "in 1970 and 2100 commands that need the authority report the clock, and others work",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    const store = await storeOf(sandbox);
    const secret = { AZURE_CLIENT_SECRET: CONFIDENTIAL_APPLICATION.secret ?? "" };
    for (const time of [EARLIEST, LATEST]) {
      const { env, flags } = clockAt(time);
      const run = (...args: string[]) => sandbox.run(args, { env: { ...env, ...secret }, flags });
      for (
        const args of [
          ["refresh"],
          ["get-token", "--force"],
          ["get-token", "-f", "device-code"],
          AS_APPLICATION,
        ]
      ) {
        const { code, stdout, stderr } = await run(...args);
        assertEquals([code, stdout], [4, ""], `${time} ${args}: ${stderr}`);
        assertMatch(stderr, CERTIFICATE);
      }
      const doctor = await run("doctor");
      assertEquals(doctor.code, 1, doctor.stderr);
      assertMatch(doctor.stdout, /^fail {2}authority .*\n +-> Check the date and time of this machine\.$/m);
      for (const [args, code] of [[["status"], 0], [["inspect"], 6], [["list-profiles"], 0]] as const) {
        const result = await run(...args);
        assertEquals(result.code, code, `${time} ${args}: ${result.stderr}`);
      }
      assertEquals(sandbox.browser.count, 1);
      assertEquals(await storeOf(sandbox), store, time);
    }
  },
});

Deno.test({
  name: "every sign-in reports the clock for tokens far from the current time and keeps the stored ones",
  ignore,
  async fn() {
    await using sandbox = await openSandbox({ ...ALL_AGES, devicePollInterval: 1 });
    const { stdout: token } = await sandbox.signIn(["get-token"]);
    const store = await storeOf(sandbox);
    for (const time of [EARLIEST, LATEST]) {
      const clock = clockAt(time);
      const signedIn = await sandbox.signIn(["get-token", "--force"], ADA, clock);
      const program = sandbox.start(["get-token", "--force", "-f", "device-code"], clock);
      await enterDeviceCode(sandbox, program.stderrMatch);
      for (const { code, stdout, stderr } of [signedIn, await program.ended]) {
        assertEquals([code, stdout], [3, ""], `${time}: ${stderr}`);
        assertMatch(stderr, /about \d\d years apart\nHint: Set this machine's clock, then try again\.$/m);
      }
      assertEquals(await storeOf(sandbox), store, time);
    }
    await assertSignedIn(sandbox, token);
  },
});

Deno.test({
  name: "an application token issued under a wrong clock is used only until the clock is corrected",
  ignore,
  async fn() {
    await using sandbox = await openSandbox(ALL_AGES);
    const secret = { AZURE_CLIENT_SECRET: CONFIDENTIAL_APPLICATION.secret ?? "" };
    const source = async ({ env, flags }: Partial<ReturnType<typeof clockAt>>) => {
      const options = { env: { ...env, ...secret }, ...(flags === undefined ? {} : { flags }) };
      const { code, stdout, stderr } = await sandbox.run([...AS_APPLICATION, "-o", "json"], options);
      assertEquals(code, 0, stderr);
      return JSON.parse(stdout).source;
    };
    for (const time of [EARLIEST, LATEST]) {
      assertEquals([await source(clockAt(time)), await source(clockAt(time))], [
        "client-credentials",
        "cache",
      ]);
      assertEquals([await source({}), await source({})], ["client-credentials", "cache"], time);
    }
  },
});

Deno.test({
  name: "a pause or a killed sign-in from a wrong clock blocks no later process",
  ignore,
  async fn() {
    await using sandbox = await openSandbox(ALL_AGES);
    await sandbox.signIn(["get-token"]);
    const askForPause = () =>
      sandbox.provider.failNext("token", {
        kind: "response",
        status: 503,
        headers: { "retry-after": "500" },
      });
    const PAUSED = /is throttling requests/;
    for (const time of [EARLIEST, LATEST]) {
      const clock = clockAt(time);
      askForPause();
      assertEquals((await sandbox.run(["refresh"], clock)).code, 4);
      assertMatch((await sandbox.run(["refresh"], clock)).stderr, PAUSED);
      const killed = sandbox.start(["get-token", "--force"], clock);
      await sandbox.browser.next();
      killed.kill("SIGKILL");
      await killed.ended;

      const right = await sandbox.signIn(["get-token", "--force"]);
      assertEquals(right.code, 0, right.stderr);
      const refreshed = await sandbox.run(["refresh"]);
      assertEquals(refreshed.code, 0, `${time}: ${refreshed.stderr}`);
    }
    askForPause();
    await sandbox.run(["refresh"]);
    assertMatch((await sandbox.run(["refresh"])).stderr, PAUSED);
    for (const time of [EARLIEST, LATEST]) {
      assertEquals((await sandbox.run(["refresh"], clockAt(time))).code, 0);
    }
  },
});
