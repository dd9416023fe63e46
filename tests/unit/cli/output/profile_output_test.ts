import { assertEquals } from "@std/assert";
import { fitCells, fitRows } from "../../../../src/cli/output/profile_output.ts";

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

const HEADER = ["NAME", "ACCOUNT", "EXPIRES", "FLOW", "TENANT", "CLIENT", "SCOPES"];

function fitted(width: number, scopes = "User.Read", account = "ada@contoso.example"): string[][] {
  const ids = ["t".repeat(36), "c".repeat(36)];
  return fitRows([HEADER, ["default *", account, "in 42 minutes", "interactive", ...ids, scopes]], width);
}

Deno.test("fitRows() leaves out columns from the least useful one on, and shows the others in full", () => {
  const table: [width: number, columns: string[]][] = [
    [145, HEADER],
    [144, HEADER.filter((name) => name !== "CLIENT")],
    [107, HEADER.filter((name) => name !== "CLIENT")],
    [106, ["NAME", "ACCOUNT", "EXPIRES", "FLOW", "SCOPES"]],
    [69, ["NAME", "ACCOUNT", "EXPIRES", "FLOW", "SCOPES"]],
    [68, ["NAME", "ACCOUNT", "EXPIRES", "FLOW"]],
    [57, ["NAME", "ACCOUNT", "EXPIRES"]],
    [45, ["NAME", "ACCOUNT", "EXPIRES"]],
    [44, ["NAME", "ACCOUNT"]],
    [30, ["NAME", "ACCOUNT"]],
  ];
  for (const [width, columns] of table) {
    const [header, cells] = fitted(width);
    assertEquals(header, columns, `${width} columns`);
    assertEquals(cells?.join("").includes("…"), false);
  }
});

Deno.test("fitRows() shortens a long list of scopes before it leaves out a column, and a long account at last", () => {
  const many = "User.Read Mail.Read Calendars.Read Files.Read";
  assertEquals(fitted(160, many), [HEADER, fitted(1000, many)[1]?.with(6, "User.Read Mail.Read Cal…") ?? []]);
  assertEquals(fitted(24, many), [["NAME", "ACCOUNT"], ["default *", "ada@contoso.…"]]);
});
