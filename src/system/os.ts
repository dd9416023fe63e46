/** The operating systems the program tells apart. Other Unixes count as Linux. */
export type Os = "linux" | "darwin" | "windows";

/** The operating system this process runs on. */
export const systemOs: Os = Deno.build.os === "darwin" || Deno.build.os === "windows"
  ? Deno.build.os
  : "linux";
