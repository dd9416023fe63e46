import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import {
  type DoctorDependencies,
  type DoctorProbes,
  openDoctorProbes,
} from "../../../../src/flows/doctor/doctor_probes.ts";
import { LockedError } from "../../../../src/system/files/file_error.ts";
import type { PrivateFolder } from "../../../../src/system/files/private_folder.ts";
import type { HttpResponse } from "../../../../src/system/network/network.ts";
import { MemoryProfileStore } from "../../../support/fixtures/command_fixture.ts";
import { MemoryStore } from "../../../support/fixtures/memory_store.ts";
import { FakeClock } from "../../../support/machine/fake_clock.ts";

const { signal } = new AbortController();

/** A folder in memory with locks that work, that are held by another process, or that the file system ignores. */
class MemoryFolder {
  readonly path = "/home/ada/f";
  readonly calls: string[] = [];
  #isLocked: boolean;

  constructor(readonly locks: "work" | "ignored" | "busy") {
    this.#isLocked = locks === "busy";
  }

  lock(name: string): Promise<Disposable> {
    if (this.locks !== "ignored" && this.#isLocked) return Promise.reject(new LockedError(name, "7"));
    this.calls.push("lock");
    this.#isLocked = true;
    return Promise.resolve({
      [Symbol.dispose]: () => {
        this.calls.push("unlock");
        this.#isLocked = false;
      },
    });
  }

  replace(name: string): Promise<void> {
    this.calls.push(`write ${name}`);
    return Promise.resolve();
  }

  remove(name: string): Promise<void> {
    this.calls.push(`remove ${name}`);
    return Promise.resolve();
  }
}

function open(changes: Partial<DoctorDependencies> = {}, caCertFile?: string): DoctorProbes {
  const settings = () => Promise.reject(new CliError("no_profile", "none"));
  const unused = () => Promise.reject(new Error("not used here"));
  return openDoctorProbes({ settings, caCertFile }, {
    os: "linux",
    env: { get: () => undefined },
    clock: new FakeClock(1_000_000),
    folder: new MemoryFolder("work") as Partial<PrivateFolder> as PrivateFolder,
    profiles: new MemoryProfileStore([]),
    store: new MemoryStore(),
    runtime: "Deno",
    dataProtectionLibrary: "crypt32.dll",
    queryPermission: (need) => Promise.resolve({ name: JSON.stringify(need), hint: "", isGranted: true }),
    probeLoopback: unused,
    isInstalled: () => Promise.resolve(true),
    findInPath: () => Promise.resolve(null),
    files: { read: unused },
    detectKeyStore: () => Promise.resolve({ keyStore: "secret-service", place: "the Secret Service" }),
    openNetwork: unused,
    ...changes,
  });
}

async function examineFolder(folder: MemoryFolder): Promise<string> {
  const probes = open({ folder: folder as Partial<PrivateFolder> as PrivateFolder });
  return (await probes.folder()).locks;
}

Deno.test("doctor tells locks that work from locks that the file system ignores", async () => {
  const working = new MemoryFolder("work");
  assertEquals(await examineFolder(working), "work");
  assertEquals(working.calls, ["lock", "write tokens.lock.try", "remove tokens.lock.try", "unlock"]);
  const ignoring = new MemoryFolder("ignored");
  assertEquals(await examineFolder(ignoring), "ignored");
  assertEquals(ignoring.calls.filter((call) => call === "unlock").length, 2);
});

Deno.test("doctor writes nothing to the folder while another process holds its lock", async () => {
  const busy = new MemoryFolder("busy");
  assertEquals([await examineFolder(busy), busy.calls], ["busy", []]);
});

Deno.test("doctor reports a folder that can't be locked for another reason", async () => {
  const folder = new MemoryFolder("work");
  folder.lock = () => Promise.reject(new CliError("store", "the disk is full"));
  await assertRejects(() => examineFolder(folder), CliError, "the disk is full");
});

Deno.test("doctor looks for a better key store only if the key is in a file", async () => {
  const store = new MemoryStore();
  assertEquals((await open({ store }).key()).best.keyStore, "secret-service");
  store.key = { ...store.key, keyStore: "dpapi", place: "DPAPI" };
  assertEquals((await open({ store }).key()).best.keyStore, "dpapi");
});

Deno.test("doctor queries the permissions of its platform, and those of the authority's port", async () => {
  const flags = async (os: "linux" | "darwin" | "windows", host: string) =>
    (await open({ os }).permissions(host)).map(({ name }) => JSON.parse(name));
  const [authority, ...others] = await flags("linux", "login.example");
  assertEquals(authority, { name: "net", host: "login.example:443" });
  assertEquals(others.map(({ name }) => name), ["net", "net", "read", "write", "sys"]);
  assertEquals((await flags("windows", "login.example:8443"))[0].host, "login.example:8443");
  assertEquals((await flags("windows", "login.example")).at(-1), { name: "ffi", path: "crypt32.dll" });
  assertEquals((await flags("darwin", "login.example")).at(-1), {
    name: "run",
    command: "/usr/bin/security",
  });
});

Deno.test("doctor does not know whether an opener is installed if it may not read PATH", async () => {
  const isInstalled = () => Promise.reject(new CliError("permission", "PATH"));
  const { openers } = await open({ isInstalled }).browser();
  assertEquals(openers, [{ command: "xdg-open", isInstalled: null, isPermitted: true, hint: "" }]);
});

Deno.test("doctor names the proxy without its password, and the roots that are trusted", () => {
  const variables: Record<string, string> = { HTTPS_PROXY: "http://ada:secret@proxy:3128", DENO_CERT: "x" };
  const env = { get: (name: string) => variables[name] };
  assertEquals(open({ env }, "ca.pem").route("https://login.example/t"), {
    host: "login.example",
    proxy: "proxy:3128",
    ignoredVariable: null,
    extraRoots: "ca.pem, $DENO_CERT",
  });
  variables.NODE_EXTRA_CA_CERTS = "y";
  for (
    const [runtime, expected] of [["Deno 2.8.3 on linux", "$DENO_CERT"], [
      "Deno 2.9.0 on linux",
      "$DENO_CERT, $NODE_EXTRA_CA_CERTS",
    ]]
  ) {
    const { extraRoots } = open({ env, runtime: runtime ?? "" }).route("https://login.example/t");
    assertEquals(extraRoots, expected);
  }
});

Deno.test("doctor compares its clock with the middle of the request", async () => {
  const clock = new FakeClock(Date.UTC(2025, 0, 1, 12, 0, 0));
  const respond = async (body: string, date: string | undefined): Promise<HttpResponse> => {
    await clock.wait(1000, signal);
    const headers: Record<string, string> = date === undefined ? {} : { date };
    return { status: 200, headers, body: new TextEncoder().encode(body) };
  };
  const ask = (body: string, date?: string) =>
    open({ clock, openNetwork: () => Promise.resolve({ send: () => respond(body, date) }) })
      .askAuthority("https://login.example/t", signal);
  const document = '{"issuer":"i","token_endpoint":"t"}';
  assertEquals(await ask(document, "Wed, 01 Jan 2025 11:59:00 GMT"), {
    status: 200,
    isDiscoveryDocument: true,
    clockAheadMs: 60_000,
  });
  assertEquals(await ask("<html>"), { status: 200, isDiscoveryDocument: false, clockAheadMs: null });
});
