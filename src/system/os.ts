/** The operating systems that the program distinguishes. Other Unixes count as Linux. */
export type Os = "linux" | "darwin" | "windows";

/** The operating system of this process. */
export const systemOs: Os = Deno.build.os === "darwin" || Deno.build.os === "windows"
  ? Deno.build.os
  : "linux";

/** Returns the absolute path of this executable, or null if the program runs from its source. */
export function executablePath(): string | null {
  return Deno.build.standalone ? Deno.execPath() : null;
}

/** Returns the runtime for a report: "Deno 2.9.6 on linux x86_64, from its source". */
export function runtimeText(): string {
  const { os, arch, standalone } = Deno.build;
  return `Deno ${Deno.version.deno} on ${os} ${arch}, ${standalone ? "as an executable" : "from its source"}`;
}
