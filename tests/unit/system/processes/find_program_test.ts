import { assertEquals } from "@std/assert";
import { isInstalled } from "../../../../src/system/processes/processes.ts";
import { FileError } from "../../../../src/system/files/file_error.ts";
import type { FileFacts } from "../../../../src/system/files/files.ts";

const PROGRAM: FileFacts = {
  kind: "file",
  mode: 0o755,
  isSticky: false,
  uid: 0,
  gid: 0,
  id: "1:2",
  size: 1,
  changedMs: null,
};

function search(os: "linux" | "windows", path: string, there: Record<string, FileFacts | "denied">) {
  return {
    os,
    env: { get: (name: string) => name === "PATH" ? path : undefined },
    files: {
      lstat: (file: string): Promise<FileFacts | null> =>
        there[file] === "denied"
          ? Promise.reject(new FileError("denied", "inspect it", file))
          : Promise.resolve(there[file] ?? null),
    },
  };
}

Deno.test("isInstalled() searches PATH and skips folders that cannot be read", async () => {
  const linux = search("linux", "/denied:/bin::/usr/bin", {
    "/denied/xdg-open": "denied",
    "/usr/bin/xdg-open": PROGRAM,
  });
  assertEquals(await isInstalled("xdg-open", linux), true);
  assertEquals(await isInstalled("firefox", linux), false);
  assertEquals(await isInstalled("/usr/bin/xdg-open", linux), true);
});

Deno.test("isInstalled() ignores folders and files that are not executable", async () => {
  const linux = search("linux", "/a:/b", {
    "/a/x": { ...PROGRAM, kind: "folder" },
    "/b/x": { ...PROGRAM, mode: 0o644 },
  });
  assertEquals(await isInstalled("x", linux), false);
});

Deno.test("isInstalled() adds .exe and .com on Windows", async () => {
  const windows = search("windows", "C:\\Windows;C:\\Windows\\System32", {
    "C:\\Windows\\System32\\rundll32.exe": { ...PROGRAM, mode: null },
  });
  assertEquals(await isInstalled("rundll32", windows), true);
  assertEquals(await isInstalled("rundll32.exe", windows), true);
  assertEquals(await isInstalled("firefox", windows), false);
});
