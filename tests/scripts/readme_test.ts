import { assert, assertEquals, assertStringIncludes } from "@std/assert";

/** The blocks of shell commands in the README. */
async function readCommands(): Promise<string[]> {
  const text = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  return [...text.matchAll(/```bash\n([\s\S]*?)```/g)].map(([, block]) => block ?? "");
}

Deno.test("the commands that register the application make a public client, not a web one", async () => {
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
    assert(!/--enable-(access|id)-token-issuance/.test(block), `${block}: the implicit grant is for nobody`);
  }
});

Deno.test("the README explains why the redirect URI is not a web one", async () => {
  const text = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  assertStringIncludes(text, "Not `--web-redirect-uris`");
  assertStringIncludes(text, "AADSTS7000218");
});
