import { assertEquals } from "@std/assert";
import { count } from "../../scripts/check/attack.ts";
import { GROUPS } from "../../scripts/check/attack/groups.ts";

Deno.test("every file of the groups is there, and in one group only", async () => {
  const files = GROUPS.flatMap((group) => group.files);
  for (const file of files) await Deno.stat(new URL(`../../${file}`, import.meta.url));
  assertEquals(new Set(files).size, files.length);
});

Deno.test("count() adds up tests, their steps and the cases that tests count themselves", () => {
  assertEquals(count("ok | 3 passed (14 steps) | 0 failed (7s)\n"), { survived: 17, lost: 0, ignored: 0 });
  assertEquals(count("ok | 1 passed | 0 failed (7s)\nlies: 30 cases, 0 lost (refresh)\n"), {
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

Deno.test("count() finds nothing in a run that broke off", () => {
  assertEquals(count("error: Module not found\n"), { survived: 0, lost: 0, ignored: 0 });
});
