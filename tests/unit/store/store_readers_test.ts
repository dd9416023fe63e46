import { assert, assertEquals } from "@std/assert";
import { keyOf, makeStoreHome, sampleSession } from "../../support/fixtures/store_fixture.ts";

const READS = 300;

Deno.test("Readers see only complete writes, in order, while writers write without a pause", async () => {
  await using home = await makeStoreHome();
  const padding = "x".repeat(40_000);
  const save = (write: number) => home.store().save(sampleSession("work", `${write} ${padding} ${write}`));
  const read = async () => {
    const session = await home.store().read(keyOf("work"));
    const [start, , end] = session?.tokens[0]?.accessToken.reveal().split(" ").map(Number) ?? [];
    assert(start !== undefined && start === end, `${start} ${end}`);
    return start;
  };
  await save(0);

  let readers = 3;
  const readOn = async () => {
    try {
      let last = 0;
      for (let reads = 0; reads < READS; reads++) {
        const seen = await read();
        assert(seen >= last, `${seen} came after ${last}`);
        last = seen;
      }
    } finally {
      readers--;
    }
  };
  let writes = 0;
  const writeOn = async () => {
    while (readers > 0) await save(++writes);
  };
  await Promise.all([writeOn(), readOn(), readOn(), readOn()]);
  assert(writes > 1);
  assertEquals(await read(), writes);
});
