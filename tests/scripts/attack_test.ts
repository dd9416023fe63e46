import { assertEquals } from "@std/assert";
import { count, GROUPS } from "../../scripts/check/attack.ts";

Deno.test("every file of the attack groups exists and is in one group", async () => {
  const files = GROUPS.flatMap((group) => group.files);
  for (const file of files) await Deno.stat(new URL(`../../${file}`, import.meta.url));
  assertEquals(new Set(files).size, files.length);
});

Deno.test("count() adds tests, their steps and the cases that tests count", () => {
  assertEquals(count("ok | 3 passed (14 steps) | 0 failed (7s)\n"), { survived: 17, lost: 0, ignored: 0 });
  assertEquals(count("ok | 1 passed | 0 failed (7s)\nfaults: 30 cases, 0 lost (refresh)\n"), {
    survived: 30,
    lost: 0,
    ignored: 0,
  });
  assertEquals(
    count("soak: 240 operations, 30 killed on their way\nok | 2 passed | 0 failed | 1 ignored (1s)"),
    {
      survived: 241,
      lost: 0,
      ignored: 1,
    },
  );
  assertEquals(count("FAILED | 3 passed (2 steps) | 2 failed (1 step) (7s)\n"), {
    survived: 5,
    lost: 3,
    ignored: 0,
  });
});

Deno.test("count() returns zeros for a run that ended early", () => {
  assertEquals(count("error: Module not found\n"), { survived: 0, lost: 0, ignored: 0 });
});
