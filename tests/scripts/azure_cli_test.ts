import { assertEquals } from "@std/assert";
import { openAzureCli } from "../../scripts/bench/azure_cli.ts";
import { inheritedVariables } from "../support/program.ts";
import { startProvider } from "../support/provider/provider.ts";

const SCOPE = "https://graph.microsoft.com/.default";
const hasAzureCli = await new Deno.Command("az", { args: ["version"] }).output().then(() => true, () => false);

Deno.test({
  name: "the Azure CLI gets its token from the provider once, and then has it in its cache",
  ignore: !hasAzureCli,
  async fn() {
    await using provider = await startProvider();
    await using azureCli = await openAzureCli(provider, SCOPE, inheritedVariables());
    const [program = "", ...args] = azureCli?.cached.command ?? [];
    const command = new Deno.Command(program, { args, env: { ...azureCli?.cached.env }, clearEnv: true });
    const { stdout } = await command.output();
    assertEquals(provider.secrets.get(new TextDecoder().decode(stdout).trim()), "access token");
    assertEquals(provider.requests.map(({ form }) => form.scope), [SCOPE]);
  },
});

Deno.test("where no Azure CLI can sign in, none is compared", async () => {
  await using provider = await startProvider({ applications: [] });
  assertEquals(await openAzureCli(provider, SCOPE, inheritedVariables()), null);
  assertEquals(await openAzureCli(provider, SCOPE, { ...inheritedVariables(), PATH: "" }), null);
});
