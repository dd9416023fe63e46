import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { systemEnvironment } from "../../../src/system/environment.ts";
import { systemFiles } from "../../../src/system/files/deno_files.ts";
import { systemLocks } from "../../../src/system/files/lock.ts";
import { permissionFlag, permitted } from "../../../src/system/permission.ts";

Deno.test({
  name: "a missing Deno permission is an error with the flag to add, never a missing file",
  permissions: { read: false, write: false, env: false },
  async fn() {
    const path = "/home/me/.entra-auth-cli/tokens.enc";
    const attempts: [() => Promise<unknown>, string, string][] = [
      [() => systemFiles.lstat(path), "Inspecting", "read"],
      [() => systemFiles.read(path), "Reading", "read"],
      [() => systemFiles.open(path), "Reading", "read"],
      [() => systemFiles.list(path), "Reading", "read"],
      [() => systemFiles.create(path, new Uint8Array()), "Writing", "write"],
      [() => systemFiles.chmod(path, 0o600), "Changing", "write"],
      [() => systemFiles.remove(path), "Removing", "write"],
      [() => systemFiles.makeFolder(path), "Creating", "read"],
      [() => systemFiles.rename(path, path), "Replacing", "read"],
      [() => systemLocks.acquire(path), "Locking", "read"],
    ];
    for (const [attempt, action, access] of attempts) {
      const error = await assertRejects(attempt, CliError);
      assertEquals(
        [error.code, error.message, error.hint],
        ["permission", `${action} ${path} is not permitted`, `Add the Deno flag --allow-${access}=${path}`],
      );
    }
  },
});

Deno.test({
  name: "systemEnvironment throws a permission error for a variable that Deno may not read",
  permissions: { env: ["ENTRA_AUTH_CLI_TEST"] },
  fn() {
    const error = assertThrows(() => systemEnvironment.get("HOME"), CliError);
    assertEquals([error.code, error.hint], ["permission", "Add the Deno flag --allow-env=HOME"]);
    Deno.env.set("ENTRA_AUTH_CLI_TEST", "value");
    assertEquals(systemEnvironment.get("ENTRA_AUTH_CLI_TEST"), "value");
    Deno.env.set("ENTRA_AUTH_CLI_TEST", "");
    assertEquals(systemEnvironment.get("ENTRA_AUTH_CLI_TEST"), undefined);
    Deno.env.delete("ENTRA_AUTH_CLI_TEST");
    assertEquals(systemEnvironment.get("ENTRA_AUTH_CLI_TEST"), undefined);
  },
});

Deno.test("permitted() names the permission that the work lacks", async () => {
  const work = () => Promise.reject(new Deno.errors.NotCapable('Requires write access to "/x", run again'));
  const needs = [{ name: "read", path: "/x" }, { name: "write", path: "/x" }] as const;
  const error = await assertRejects(() => permitted(needs, "Replacing /x", work), CliError);
  assertEquals([error.code, error.hint], ["permission", "Add the Deno flag --allow-write=/x"]);
});

Deno.test("permitted() names the outermost need of the missing kind", async () => {
  const draft = () =>
    permitted([{ name: "write", path: "/home/me/.draft" }], "Writing /home/me/.draft", () => {
      throw new Deno.errors.NotCapable('Requires write access to "/home/me/.draft"');
    });
  const folder = [{ name: "read", path: "/home/me" }, { name: "write", path: "/home/me" }] as const;
  const error = await assertRejects(() => permitted(folder, "Writing /home/me/tokens.enc", draft), CliError);
  assertEquals(error.message, "Writing /home/me/tokens.enc is not permitted");
  assertEquals(error.hint, "Add the Deno flag --allow-write=/home/me");
  const other = await assertRejects(() => permitted(folder.slice(0, 1), "Reading", draft), CliError);
  assertEquals(other.hint, "Add the Deno flag --allow-write=/home/me/.draft");
});

Deno.test("permitted() returns or throws what the work does", async () => {
  const needs = [{ name: "env", variable: "HOME" }] as const;
  assertEquals(await permitted(needs, "Reading", () => Promise.resolve(7)), 7);
  const reason = new Error("other");
  assertEquals(await assertRejects(() => permitted(needs, "Reading", () => Promise.reject(reason))), reason);
});

Deno.test("permissionFlag() returns the flag, quoted if a shell would split it", () => {
  const table: [Deno.PermissionDescriptor, string][] = [
    [{ name: "read", path: "/home/me" }, "--allow-read=/home/me"],
    [{ name: "net", host: "localhost:8080" }, "--allow-net=localhost:8080"],
    [{ name: "run", command: "xdg-open" }, "--allow-run=xdg-open"],
    [{ name: "env", variable: "HOME" }, "--allow-env=HOME"],
    [{ name: "sys", kind: "hostname" }, "--allow-sys=hostname"],
    [{ name: "ffi", path: "crypt32.dll" }, "--allow-ffi=crypt32.dll"],
    [{ name: "net" }, "--allow-net"],
    [{ name: "write", path: "/home/my files" }, '"--allow-write=/home/my files"'],
  ];
  for (const [need, flag] of table) assertEquals(permissionFlag(need), flag);
});
