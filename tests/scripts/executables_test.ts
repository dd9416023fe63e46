/** Tests the executables for all systems as files: what their systems check before they start them. */

import { assertEquals, assertThrows } from "@std/assert";
import { executablesOnce } from "../../scripts/build/built_once.ts";
import { withIdentifier } from "../../scripts/build/compile/sign_mach_o.ts";
import { readMachO } from "../support/machine/mach_o.ts";

// Elsewhere the runtimes of the other systems would be downloaded.
const ignore = Deno.build.os !== "linux" || Deno.build.arch !== "x86_64";

Deno.test({
  name: "the executable for macOS on ARM has an ad-hoc signature of this program whose every page is right",
  ignore,
  async fn() {
    const file = await Deno.readFile((await executablesOnce())["aarch64-apple-darwin"]);
    const { cpu, oldestSystem, linkEditEnd, signature } = await readMachO(file);
    assertEquals([cpu, oldestSystem, linkEditEnd], ["arm64", "11.0", file.length]);
    assertEquals([signature?.identifier, signature?.isAdHoc], ["entra-auth-cli", true]);
    assertEquals([signature?.limit, signature?.end], [signature?.start, file.length]);
    assertEquals(signature?.wrongPages, []);

    file[4096 * 100] = (file[4096 * 100] ?? 0) ^ 1;
    assertEquals((await readMachO(file)).signature?.wrongPages, [100]);
  },
});

Deno.test({
  name: "the executable for macOS on Intel needs macOS 10.12 and has no signature",
  ignore,
  async fn() {
    const file = await Deno.readFile((await executablesOnce())["x86_64-apple-darwin"]);
    const { cpu, oldestSystem, linkEditEnd, signature } = await readMachO(file);
    assertEquals([cpu, oldestSystem, linkEditEnd, signature], ["x86_64", "10.12", file.length, null]);
    assertEquals(withIdentifier(file, "x"), file);
  },
});

Deno.test("withIdentifier() refuses what is no executable for macOS", () => {
  assertThrows(() => withIdentifier(new Uint8Array(64), "x"), Error, "Invalid executable for macOS");
});

Deno.test({
  name: "the executables for Linux and Windows are for the processors that they say",
  ignore,
  async fn() {
    const paths = await executablesOnce();
    const machine = async (target: keyof typeof paths, at: (view: DataView) => number) => {
      using file = await Deno.open(paths[target]);
      const start = new Uint8Array(4096);
      await file.read(start);
      const view = new DataView(start.buffer);
      return view.getUint16(at(view), true).toString(16);
    };
    // e_machine of ELF, and Machine of the COFF header that follows the signature "PE\0\0".
    assertEquals(await machine("x86_64-unknown-linux-gnu", () => 18), "3e");
    assertEquals(await machine("aarch64-unknown-linux-gnu", () => 18), "b7");
    assertEquals(await machine("x86_64-pc-windows-msvc", (view) => view.getUint32(0x3c, true) + 4), "8664");
  },
});
