/** What runs the program, for people: "Deno 2.9.6 on linux x86_64, from its source". */
export function runtimeText(): string {
  const { os, arch, standalone } = Deno.build;
  return `Deno ${Deno.version.deno} on ${os} ${arch}, ${standalone ? "as an executable" : "from its source"}`;
}
