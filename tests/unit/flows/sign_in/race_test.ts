import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { abortable } from "@std/async/abortable";
import { Race } from "../../../../src/flows/sign_in/remote_sign_in.ts";

const NEVER = new AbortController().signal;

/** A way that never ends by itself, and notes that it was ended. */
async function lasting(race: Race<string>, ended: string[], name: string): Promise<string> {
  try {
    return await abortable(new Promise<never>(() => {}), race.signal);
  } finally {
    ended.push(name);
  }
}

Deno.test("a race gives what the first way brings, once all others have ended", async () => {
  const race = new Race<string>(NEVER);
  const ended: string[] = [];
  race.enter(lasting(race, ended, "slow"));
  race.enter(Promise.resolve("fast"));
  race.enter(lasting(race, ended, "slower"));
  assertEquals(await race.run(), "fast");
  assertEquals(ended, ["slow", "slower"]);
});

Deno.test("a race that a failing way wins ends with its error", async () => {
  const race = new Race<string>(NEVER);
  const ended: string[] = [];
  const refused = new Error("refused");
  race.enter(lasting(race, ended, "slow"));
  race.enter(Promise.reject(refused));
  assertStrictEquals(await assertRejects(() => race.run()), refused);
  assertEquals(ended, ["slow"]);
});

Deno.test("a race ends with the reason of its signal", async () => {
  const controller = new AbortController();
  const race = new Race<string>(controller.signal);
  const reason = new Error("over");
  race.enter(lasting(race, [], "slow"));
  const running = assertRejects(() => race.run());
  controller.abort(reason);
  assertStrictEquals(await running, reason);
});

Deno.test("a race that is never run leaves nothing behind", async () => {
  const race = new Race<string>(NEVER);
  const ended: string[] = [];
  race.enter(lasting(race, ended, "slow"));
  race.enter(Promise.reject(new Error("nobody hears of it")));
  await new Promise((resolve) => setTimeout(resolve));
  await race.end();
  assertEquals(ended, ["slow"]);
});
