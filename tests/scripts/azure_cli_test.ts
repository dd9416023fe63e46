import { assertEquals } from "@std/assert";
import { openAzureCli } from "../../scripts/bench/azure_cli.ts";
import { systemEnvironment } from "../../src/system/environment.ts";
import { systemFiles } from "../../src/system/files/deno_files.ts";
import { isInstalled } from "../../src/system/processes/processes.ts";
import { systemOs } from "../../src/system/os.ts";
import { inheritedVariables } from "../support/program/program.ts";
import { startProvider } from "../support/provider/provider.ts";

const SCOPE = "https://graph.microsoft.com/.default";
// Only looked up: to run it with the user's settings would write to the home folder and send telemetry.
const hasAzureCli = await isInstalled("az", { env: systemEnvironment, files: systemFiles, os: systemOs });

Deno.test({
  name: "the Azure CLI gets its token from the provider once and then from its cache",
  ignore: !hasAzureCli,
  async fn() {
    await using provider = await startProvider();
    await using azureCli = await openAzureCli(provider, SCOPE, inheritedVariables());
    // As shipped, it would leave a process behind that sends telemetry.
    const { command: [program = "", ...args] = [], env } = azureCli?.withoutTelemetry ?? {};
    const command = new Deno.Command(program, { args, env: { ...env }, clearEnv: true });
    const { stdout } = await command.output();
    assertEquals(provider.secrets.get(new TextDecoder().decode(stdout).trim()), "access token");
    assertEquals(provider.requests.map(({ form }) => form.scope), [SCOPE]);
  },
});

Deno.test("openAzureCli() returns null if the Azure CLI cannot sign in", async () => {
  await using provider = await startProvider({ applications: [] });
  assertEquals(await openAzureCli(provider, SCOPE, inheritedVariables()), null);
  assertEquals(await openAzureCli(provider, SCOPE, { ...inheritedVariables(), PATH: "" }), null);
});
