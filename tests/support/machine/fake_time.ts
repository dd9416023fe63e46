/** Returns the path of Debian's libfaketime, which gives a program another clock, or null if it is not installed. */
export async function findFakeTime(): Promise<string | null> {
  const { arch, os } = Deno.build;
  if (os !== "linux") return null;
  const path = `/usr/lib/${arch}-linux-gnu/faketime/libfaketime.so.1`;
  return await Deno.stat(path).then(() => path, () => null);
}
