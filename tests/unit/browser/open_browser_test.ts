import { assert, assertEquals, assertRejects } from "@std/assert";
import { type BrowserOpening, openBrowser } from "../../../src/browser/open_browser.ts";
import type { Os } from "../../../src/system/os.ts";
import type { Processes, StartAttempt } from "../../../src/system/processes/processes.ts";
import { environment, SIGN_IN_URL } from "../../support/fixtures/browser_fixture.ts";

/** The behavior of a simulated program: it does not start, exits with a code, or keeps running. */
type Behaviour = "not-found" | "not-permitted" | "refused" | number | { exited: Promise<{ code: number }> };

/** Simulates programs by command; others are not found. `started` records the calls. */
class FakeProcesses implements Pick<Processes, "start"> {
  readonly started: string[][] = [];
  unrefs = 0;
  readonly #behaviours: Record<string, Behaviour>;

  constructor(behaviours: Record<string, Behaviour>) {
    this.#behaviours = behaviours;
  }

  start(command: string, args: readonly string[]): Promise<StartAttempt> {
    this.started.push([command, ...args]);
    const behaviour = this.#behaviours[command] ?? "not-found";
    if (behaviour === "not-permitted") return Promise.resolve({ kind: behaviour, hint: `Permit ${command}` });
    if (typeof behaviour === "string") return Promise.resolve({ kind: behaviour });
    const exited = typeof behaviour === "number" ? Promise.resolve({ code: behaviour }) : behaviour.exited;
    return Promise.resolve({ kind: "started", process: { exited, unref: () => this.unrefs++ } });
  }
}

const RUNNING: Behaviour = { exited: new Promise(() => {}) };
const FAILED = { kind: "failed", hint: undefined } as const;
const NEVER = new AbortController().signal;

interface Scene {
  browser?: string;
  hasDisplay?: boolean;
  os?: Os;
  url?: string;
  /** One minute if the opener exits, so that time has no influence; 0 if it keeps running. */
  graceMs?: number;
  signal?: AbortSignal;
}

function open(processes: Pick<Processes, "start">, scene: Scene = {}): Promise<BrowserOpening> {
  const { browser, hasDisplay = true, os = "linux", url = SIGN_IN_URL, graceMs = 60_000, signal = NEVER } =
    scene;
  const env = environment({
    ...(browser === undefined ? {} : { BROWSER: browser }),
    ...(hasDisplay ? { DISPLAY: ":0" } : {}),
  });
  return openBrowser(url, { os, env, processes, graceMs }, signal);
}

Deno.test("openBrowser() succeeds when the opener exits with 0", async () => {
  const processes = new FakeProcesses({ "xdg-open": 0 });
  const opening = await open(processes);
  assert(opening.kind === "opened");
  assertEquals(await opening.lateFailure, null);
  assertEquals(processes.started, [["xdg-open", SIGN_IN_URL]]);
});

Deno.test("openBrowser() succeeds when the opener still runs, and does not keep the program alive", async () => {
  const processes = new FakeProcesses({ "xdg-open": RUNNING });
  assertEquals((await open(processes, { graceMs: 0 })).kind, "opened");
  assertEquals(processes.unrefs, 1);
});

Deno.test("openBrowser() reports an opener that fails later", async () => {
  const end = Promise.withResolvers<{ code: number }>();
  const opening = await open(new FakeProcesses({ "xdg-open": { exited: end.promise } }), { graceMs: 0 });
  assert(opening.kind === "opened");
  end.resolve({ code: 3 });
  assertEquals(await opening.lateFailure, "xdg-open exited with code 3");
});

Deno.test("openBrowser() reports an opener that succeeds later", async () => {
  const end = Promise.withResolvers<{ code: number }>();
  const opening = await open(new FakeProcesses({ "xdg-open": { exited: end.promise } }), { graceMs: 0 });
  assert(opening.kind === "opened");
  end.resolve({ code: 0 });
  assertEquals(await opening.lateFailure, null);
});

Deno.test("openBrowser() explains why an opener failed", async () => {
  const reasonFor = async (behaviour: Behaviour) => await open(new FakeProcesses({ "xdg-open": behaviour }));
  assertEquals(await reasonFor("not-found"), { ...FAILED, reason: "xdg-open was not found" });
  assertEquals(await reasonFor("refused"), { ...FAILED, reason: "xdg-open could not be started" });
  assertEquals(await reasonFor(4), { ...FAILED, reason: "xdg-open exited with code 4" });
  assertEquals(await reasonFor("not-permitted"), {
    kind: "failed",
    reason: "Running xdg-open is not permitted",
    hint: "Permit xdg-open",
  });
});

Deno.test("openBrowser() tries the openers in order until one succeeds", async () => {
  const processes = new FakeProcesses({ a: "not-permitted", b: 1, c: 0, d: 0 });
  assertEquals((await open(processes, { browser: "missing:a:b:c:d" })).kind, "opened");
  assertEquals(processes.started.map(([command]) => command), ["missing", "a", "b", "c"]);
});

Deno.test("openBrowser() reports all failures, and does not ignore BROWSER", async () => {
  const processes = new FakeProcesses({ a: "not-permitted", b: 1, "xdg-open": 0 });
  assertEquals(await open(processes, { browser: "a:b:c" }), {
    kind: "failed",
    reason: "Running a is not permitted; b exited with code 1; c was not found",
    hint: "Permit a",
  });
});

Deno.test("openBrowser() refuses a URL that is too long for the opener", async () => {
  const processes = new FakeProcesses({ "rundll32.exe": 0, "firefox.exe": 0 });
  const url = `https://login.example/?claims=${"a".repeat(8000)}`;
  assertEquals(await open(processes, { url, os: "windows" }), {
    ...FAILED,
    reason: "Windows cannot open a URL of more than 2081 characters",
  });
  assertEquals((await open(processes, { url, os: "windows", browser: "firefox" })).kind, "opened");
  assertEquals(processes.started, [["firefox.exe", url]]);
});

Deno.test("openBrowser() starts nothing if BROWSER is none or invalid", async () => {
  const processes = new FakeProcesses({});
  assertEquals(await open(processes, { browser: "none" }), {
    kind: "failed",
    reason: "BROWSER is set to none",
  });
  const script = await open(processes, { browser: "browser.bat", os: "windows" });
  assertEquals(script, {
    kind: "failed",
    reason: "BROWSER does not name a program",
    hint: "Set BROWSER to the name of a browser or to the full path of its .exe file.",
  });
  assertEquals(processes.started, []);
});

Deno.test("openBrowser() starts nothing for anything but a plain https URL", async () => {
  const processes = new FakeProcesses({ "xdg-open": 0 });
  for (
    const url of [
      "http://login.example/",
      "file:///etc/passwd",
      "-https://a",
      "--help",
      " https://a/",
      "https://",
      "",
    ]
      .concat(
        "https://a/\n",
        "https://a/ b",
        'https://a/"',
        "https://a/\\",
        "https://a/`id`",
        "https://a/<",
        "https://a/^|",
        "https://a/$(id)",
        "https://a/?a=$env:PATH",
        "https://a/?a=%PATH%",
        "https://a/?a=100%",
        "https://a/%2",
      )
      .concat("javascript:alert(1)", "HTTPS://a/", "https:a", "https://[/")
  ) {
    const opening = await open(processes, { url });
    assertEquals(opening, {
      kind: "failed",
      reason: "The sign-in URL is not a plain https URL",
    }, url);
  }
  assertEquals(processes.started, []);
});

Deno.test("openBrowser() stops waiting for the opener when aborted, and leaves it running", async () => {
  const processes = new FakeProcesses({ "xdg-open": RUNNING });
  const stop = new AbortController();
  const opening = open(processes, { signal: stop.signal });
  stop.abort(new Error("Interrupted"));
  await assertRejects(() => opening, Error, "Interrupted");
  assertEquals(processes.unrefs, 1);
});

Deno.test("openBrowser() starts nothing if it is already aborted", async () => {
  const processes = new FakeProcesses({ "xdg-open": 0 });
  await assertRejects(
    () => open(processes, { signal: AbortSignal.abort(new Error("Interrupted")) }),
    Error,
    "Interrupted",
  );
  assertEquals(processes.started, []);
});
