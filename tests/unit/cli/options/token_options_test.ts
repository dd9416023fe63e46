import { assertEquals } from "@std/assert";
import { signInFlags } from "../../../../src/cli/options/token_options.ts";

Deno.test("signInFlags() repeats the flags that decide the token and the sign-in, and no others", () => {
  assertEquals(signInFlags({}), []);
  assertEquals(
    signInFlags({
      profile: "work",
      flow: "interactive",
      scope: ["User.Read", "Mail.Read Mail.Send"],
      tenantId: "contoso.example",
      clientId: "the-client",
      authority: "https://login.example",
      cloud: "usgov",
      loginHint: "ada@contoso.example",
      domainHint: "contoso.example",
      prompt: "login",
      expectUser: "ada@contoso.example",
      expectTenant: "contoso.example",
      certificate: "app.pem",
      sendCertificateChain: true,
      assertionFile: "token.txt",
      assertionEnv: "TOKEN",
      caCert: "root.pem",
      port: "8080",
      portRange: "1-2",
      force: true,
      cache: false,
      claims: "{}",
      interactive: false,
      quiet: true,
      timeout: "1s",
    }).join(" "),
    "--flow interactive --scope User.Read Mail.Read Mail.Send --tenant-id contoso.example --client-id the-client " +
      "--authority https://login.example --cloud usgov --login-hint ada@contoso.example --domain-hint contoso.example " +
      "--prompt login --expect-user ada@contoso.example --expect-tenant contoso.example --certificate app.pem --assertion-file token.txt --assertion-env TOKEN " +
      "--ca-cert root.pem --port 8080 --port-range 1-2 --send-certificate-chain --force --no-cache",
  );
  assertEquals(signInFlags({ tenant: "contoso.example" }), ["--tenant-id", "contoso.example"]);
});
