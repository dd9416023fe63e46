import { assert, assertEquals, assertStringIncludes } from "@std/assert";

/** Returns the blocks of shell commands in the README. */
async function readCommands(): Promise<string[]> {
  const text = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  return [...text.matchAll(/```bash\n([\s\S]*?)```/g)].map(([, block]) => block ?? "");
}

Deno.test("the README registers the application as a public client", async () => {
  const registering = (await readCommands()).filter((block) => block.includes("az ad app create"));
  assertEquals(registering.length > 0, true);
  assert(
    registering.some((block) =>
      block.includes("--is-fallback-public-client true") &&
      block.includes("--public-client-redirect-uris http://localhost")
    ),
    registering.join("\n"),
  );
  for (const block of registering) {
    assert(!/--enable-(access|id)-token-issuance/.test(block), `${block}: the implicit grant must stay off`);
  }
});

Deno.test("the README explains why the redirect URI is not a web redirect URI", async () => {
  const text = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  assertStringIncludes(text, "Not `--web-redirect-uris`");
  assertStringIncludes(text, "AADSTS7000218");
});
