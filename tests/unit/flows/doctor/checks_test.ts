import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  checkAuthority,
  checkBrowser,
  checkClock,
  checkDisplay,
  checkFolder,
  checkKey,
  checkLoopback,
  checkPermissions,
} from "../../../../src/flows/doctor/checks.ts";

Deno.test("checkClock() accepts a minute, warns up to five and fails beyond, in both directions", () => {
  const levels = [0, 60_000, -60_000, 60_001, 300_000, -300_000, 300_001, -3_600_000]
    .map((ms) => checkClock(ms, "login.example", "linux").level);
  assertEquals(levels, ["ok", "ok", "ok", "warn", "warn", "warn", "fail", "fail"]);
  assertMatch(
    checkClock(90_061_000, "login.example", "darwin").message,
    /^1 day 1 hour ahead of that of login\.example/,
  );
  assertEquals(checkClock(null, "login.example", "windows").level, "warn");
  assertStringIncludes(checkClock(null, "login.example", "windows").remedy ?? "", "w32tm");
});

Deno.test("checkLoopback() accepts a machine without IPv6, and suggests the firewall for a blocked address", () => {
  assertEquals(checkLoopback("::1", { kind: "no-address" }).level, "ok");
  assertEquals(checkLoopback("127.0.0.1", { kind: "no-address" }).level, "warn");
  const blocked = checkLoopback("127.0.0.1", { kind: "blocked", reason: "timed out" });
  assertEquals([blocked.check, blocked.level], ["loopback 127.0.0.1", "fail"]);
  assertStringIncludes(blocked.remedy ?? "", "firewall");
});

Deno.test("checkKey() suggests a better key store only for a key in a file", () => {
  const file = { keyStore: "key-file", place: "the file ~/key" } as const;
  const store = { keyStore: "secret-service", place: "the Secret Service" } as const;
  const kept = { isInUse: true, reason: null };
  assertEquals(checkKey({ place: { ...file, ...kept }, best: file }).level, "ok");
  assertEquals(checkKey({ place: { ...store, ...kept }, best: store }).message, "kept in the Secret Service");
  const better = checkKey({ place: { ...file, ...kept }, best: store });
  assertEquals(better.level, "warn");
  assertStringIncludes(better.remedy ?? "", "ENTRA_AUTH_CLI_KEYRING=secret-service");
  const first = checkKey({ place: { ...file, isInUse: false, reason: "no Secret Service" }, best: file });
  assertEquals(first.message, "would be kept in the file ~/key (no Secret Service)");
});

Deno.test("checkFolder() fails if locks are ignored", () => {
  assertEquals(checkFolder({ path: "/f", locks: "work" }).level, "ok");
  assertEquals(checkFolder({ path: "/f", locks: "busy" }).level, "warn");
  assertEquals(checkFolder({ path: "/f", locks: "ignored" }).level, "fail");
});

Deno.test("checkPermissions() names only the missing flags", () => {
  const granted = { name: "--allow-read=/f", hint: "Add it", isGranted: true };
  assertEquals(checkPermissions([granted]).level, "ok");
  const { level, message } = checkPermissions([granted, {
    ...granted,
    name: "--allow-write=/f",
    isGranted: false,
  }]);
  assertEquals([level, message], ["fail", "not granted: --allow-write=/f"]);
});

Deno.test("checkAuthority() names the proxy and the extra root certificates", () => {
  const answer = { status: 200, isDiscoveryDocument: true, clockAheadMs: 0 };
  const route = {
    host: "login.example",
    proxy: "proxy:3128",
    ignoredVariable: null,
    extraRoots: "ca.pem",
  };
  assertEquals(
    checkAuthority(answer, route).message,
    "login.example (through the proxy proxy:3128, extra root certificates: ca.pem) responds",
  );
  const passedOver = checkAuthority(answer, { ...route, proxy: null, ignoredVariable: "HTTPS_PROXY" });
  assertEquals(passedOver.level, "warn");
  assertStringIncludes(passedOver.message, "HTTPS_PROXY is ignored");
});

Deno.test("checkBrowser() names the first opener that is installed and permitted", () => {
  const facts = { hasDisplay: true, displayReason: "DISPLAY is set", browserVariable: "firefox:chromium" };
  const firefox = { command: "firefox", isInstalled: false, isPermitted: true, hint: "" };
  const chromium = { command: "chromium", isInstalled: true, isPermitted: true, hint: "" };
  assertStringIncludes(checkBrowser({ ...facts, openers: [firefox, chromium] }).message, "chromium opens it");
  assertEquals(checkBrowser({ ...facts, openers: [firefox] }).level, "warn");
  assertEquals(checkDisplay({ ...facts, openers: [] }).message, "not needed, because BROWSER is set");
  const remote = { ...facts, hasDisplay: false, browserVariable: undefined, openers: [chromium] };
  assertEquals(checkDisplay(remote).level, "warn");
  assertEquals(checkBrowser(remote).message, "with a display, chromium opens it (the system's opener)");
});
