import { assertEquals } from "@std/assert";
import { fitCells } from "../../../../src/cli/output/profile_output.ts";

Deno.test("fitCells() does not change a table that fits", () => {
  const rows = [["NAME", "SCOPES"], ["work", "User.Read Mail.Read"]];
  assertEquals(fitCells(rows, 23), rows);
});

Deno.test("fitCells() shortens the widest column first, and marks shortened cells", () => {
  const rows = [["NAME", "SCOPES"], ["work", "User.Read Mail.Read"], ["home", "User.Read"]];
  assertEquals(fitCells(rows, 22), [["NAME", "SCOPES"], ["work", "User.Read Mail.Re…"], [
    "home",
    "User.Read",
  ]]);
  assertEquals(fitCells([["a".repeat(20), "b".repeat(20)]], 30), [[
    "a".repeat(14) + "…",
    "b".repeat(14) + "…",
  ]]);
});

Deno.test("fitCells() shortens the columns in the given order", () => {
  const rows = [["a".repeat(10), "b".repeat(20), "c".repeat(10)]];
  const order = [[2], [0], [1]];
  assertEquals(fitCells(rows, 36, order), [["a".repeat(10), "b".repeat(20), "ccccc…"]]);
  assertEquals(fitCells(rows, 34, order), [["aaaaaaa…", "b".repeat(20), "ccccc…"]]);
  assertEquals(fitCells(rows, 31, order), [["aaaaa…", "b".repeat(18) + "…", "ccccc…"]]);
});

Deno.test("fitCells() makes no column narrower than six characters", () => {
  assertEquals(fitCells([["a".repeat(20), "short"]], 3), [["aaaaa…", "short"]]);
  assertEquals(fitCells([], 10), []);
});
