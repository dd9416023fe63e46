/** Finds a Chromium browser for the sign-in tests and the demo. As a program, prints its path. */

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

const MACOS_PATHS = ["Chromium", "Google Chrome", "Microsoft Edge"]
  .map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);

const WINDOWS_PATHS = ["Google\\Chrome\\Application\\chrome.exe", "Microsoft\\Edge\\Application\\msedge.exe"];

function windowsCandidates(): string[] {
  const roots = ["ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA"].map((name) => Deno.env.get(name));
  return roots.flatMap((root) => root ? WINDOWS_PATHS.map((path) => `${root}\\${path}`) : []);
}

function pathCandidates(): string[] {
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder.startsWith("/"));
  return NAMES.flatMap((name) => folders.map((folder) => `${folder}/${name}`));
}

function candidates(): string[] {
  const named = ["CHROMIUM_BIN", "CHROME_BIN"].map((name) => Deno.env.get(name) ?? "").filter(Boolean);
  if (Deno.build.os === "windows") return [...named, ...windowsCandidates()];
  return [...named, ...pathCandidates(), ...(Deno.build.os === "darwin" ? MACOS_PATHS : [])];
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    // An unreadable path is as useless as a missing one.
    return false;
  }
}

/**
 * Returns the path of the browser in `CHROMIUM_BIN` or `CHROME_BIN`, else of the first one in the usual places of the
 * system, or undefined if there is none.
 */
export async function findChromium(): Promise<string | undefined> {
  for (const path of candidates()) {
    if (await isFile(path)) return path;
  }
  return undefined;
}

if (import.meta.main) {
  const path = await findChromium();
  if (path === undefined) Deno.exit(1);
  await Deno.stdout.write(new TextEncoder().encode(`${path}\n`));
}
