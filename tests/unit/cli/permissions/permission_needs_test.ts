import { assertEquals } from "@std/assert";
import denoJson from "../../../../deno.json" with { type: "json" };
import {
  COMMANDS_WITH_NEEDS,
  grantsFor,
  needFor,
  needsOf,
} from "../../../../src/cli/permissions/permission_needs.ts";
import { COMMAND_NAMES } from "../../../../src/cli/program.ts";
import { GRANT_KINDS, type Grants } from "../../../../src/cli/permissions/permission_grants.ts";

const SET: Grants = denoJson.permissions.default;

Deno.test("every permission of deno.json serves a need of some command", () => {
  const all = needsOf(undefined) ?? [];
  for (const kind of GRANT_KINDS) {
    const granted = SET[kind];
    const names = typeof granted === "object" ? granted : [];
    const useless = names.filter((name) => {
      const need = needFor(kind, name);
      return need === undefined || !all.includes(need);
    });
    assertEquals(useless, [], kind);
  }
});

Deno.test("every permission of deno.json is granted on some system", () => {
  const systems = (["linux", "darwin", "windows"] as const).map((os) =>
    grantsFor(SET, needsOf(undefined) ?? [], os)
  );
  for (const kind of GRANT_KINDS) {
    const granted = SET[kind];
    const somewhere = systems.flatMap((grants) => grants[kind]);
    assertEquals(typeof granted === "object" ? granted.filter((name) => !somewhere.includes(name)) : [], []);
  }
});

Deno.test("every command has its needs", () => {
  assertEquals(COMMANDS_WITH_NEEDS.toSorted(), COMMAND_NAMES.toSorted());
});

Deno.test("grantsFor() leaves out grants of other systems", () => {
  const needs = needsOf("get-token") ?? [];
  const [linux, mac, windows] = (["linux", "darwin", "windows"] as const).map((os) =>
    grantsFor(SET, needs, os)
  );
  assertEquals(linux?.ffi, []);
  assertEquals(windows?.ffi.length, 1);
  assertEquals(linux?.run.includes("secret-tool"), true);
  assertEquals(mac?.run.includes("secret-tool"), false);
  assertEquals(mac?.run.includes("/usr/bin/security"), true);
  assertEquals(windows?.env.includes("USERPROFILE"), true);
  assertEquals(windows?.env.includes("DISPLAY"), false);
  assertEquals(linux?.env.includes("USERPROFILE"), false);
});

Deno.test("grantsFor() grants no browser to a command without prompts, and no host to one without network", () => {
  const refresh = grantsFor(SET, needsOf("refresh") ?? [], "linux");
  assertEquals(refresh.run, ["secret-tool"]);
  assertEquals(refresh.net.some((host) => host.startsWith("127.")), false);
  const status = grantsFor(SET, needsOf("status") ?? [], "linux");
  assertEquals(status.net, []);
});

Deno.test("grantsFor() lets every command that uses the key store find out whether a keyring can prompt", () => {
  for (const command of COMMANDS_WITH_NEEDS) {
    const needs = needsOf(command) ?? [];
    if (!needs.includes("key")) continue;
    const { env, run } = grantsFor(SET, needs, "linux");
    for (const name of ["DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"]) {
      assertEquals([command, name, env.includes(name)], [command, name, true]);
    }
    assertEquals([command, run.includes("secret-tool")], [command, true]);
  }
});
