import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { type ApiChoice, chooseApi } from "../../../src/identity/api_hosts.ts";

const PUBLIC = "https://login.microsoftonline.com";
const CHINA = "https://login.partner.microsoftonline.cn";

function choice(given: Partial<ApiChoice> = {}): ApiChoice {
  return { named: undefined, own: ["User.Read"], allowedHosts: [], authority: PUBLIC, ...given };
}

function refusal(url: string, given?: Partial<ApiChoice>): string {
  const error = assertThrows(() => chooseApi(url, choice(given)), CliError, undefined, url);
  assertEquals(error.code, "usage", url);
  return error.message;
}

Deno.test("chooseApi() takes the profile's scopes for a host, or the .default of a known one", () => {
  const cases: [string, string[], Partial<ApiChoice>?][] = [
    ["https://graph.microsoft.com/v1.0/me?$select=id#part", ["User.Read"]],
    ["https://GRAPH.microsoft.com:443/", ["User.Read"]],
    ["https://graph.microsoft.com/", ["https://graph.microsoft.com/.default"], { own: [] }],
    ["https://management.azure.com/subscriptions", ["https://management.azure.com/.default"]],
    ["https://contoso-1.vault.azure.net/secrets", ["https://vault.azure.net/.default"]],
    ["https://a.dfs.core.windows.net/x", ["https://storage.azure.com/.default"]],
    ["https://dev.azure.com/contoso", ["499b84ac-1321-427f-aa17-267ca6975798/.default"]],
    ["https://contoso.sharepoint.com/_api", ["https://contoso.sharepoint.com/.default"]],
    ["https://a.vault.azure.cn/", ["https://vault.azure.cn/.default"], { authority: CHINA }],
    ["https://microsoftgraph.chinacloudapi.cn/", ["User.Read"], { authority: CHINA }],
    ["https://api.contoso.com/a", ["https://api.contoso.com/Read"], {
      own: ["User.Read", "https://api.contoso.com/Read"],
    }],
  ];
  for (const [url, scopes, given] of cases) assertEquals(chooseApi(url, choice(given)).scopes, scopes, url);
  assertEquals(
    chooseApi("https://graph.microsoft.com/a#b", choice()).url.href,
    "https://graph.microsoft.com/a",
  );
});

Deno.test("chooseApi() accepts named scopes only for a host of their resource", () => {
  const arm = ["https://management.core.windows.net//.default"];
  assertEquals(chooseApi("https://management.azure.com/", choice({ named: arm })).scopes, arm);
  const vault = ["https://contoso.vault.azure.net/.default"];
  for (
    const [url, named] of [
      ["https://graph.microsoft.com/", arm],
      ["https://contoso.vault.azure.net/", ["User.Read"]],
      ["https://graph.microsoft.com/", ["User.Read", ...arm]],
      ["https://graph.microsoft.com/", ["openid"]],
      // A vault takes tokens for all vaults only.
      ["https://contoso.vault.azure.net/", vault],
      ["https://contoso.vault.azure.net:8443/", ["https://vault.azure.net/.default"]],
      ["https://api.contoso.com/", ["api://api.contoso.com/.default"]],
      ["https://api.contoso.com:444/", ["https://api.contoso.com/.default"]],
      ["https://api.contoso.com/", ["http://api.contoso.com/.default"]],
    ] as const
  ) {
    assertStringIncludes(refusal(url, { named }), "does not belong to ", url);
    const { host } = new URL(url);
    assertEquals(chooseApi(url, choice({ named, allowedHosts: [host.toUpperCase()] })).scopes, named);
  }
});

Deno.test("chooseApi() refuses hosts that only look like a known one", () => {
  const hosts = [
    "graph.microsoft.com.evil.example",
    "graph.microsoft.com.",
    "graph.microsoft.com:8443",
    "evil-graph.microsoft.com",
    "x.graph.microsoft.com",
    "graph.microsоft.com",
    "vault.azure.net",
    ".vault.azure.net",
    "a.b.vault.azure.net",
    "evilvault.azure.net",
    "a.vault.azure.net.evil.example",
    "a.vault.azure.cn",
    "graph.microsoft.us",
    "evil.example?.vault.azure.net",
    "evil.example/.vault.azure.net",
    "evil.example\\.vault.azure.net",
    "127.0.0.1",
    "[::1]",
  ];
  for (const host of hosts) assertStringIncludes(refusal(`https://${host}/v1.0/me`), "is unknown", host);
});

Deno.test("chooseApi() refuses URLs that are not https, and with a user name", () => {
  const allowedHosts = ["evil.example", "graph.microsoft.com"];
  for (
    const url of [
      "http://graph.microsoft.com/",
      "graph.microsoft.com/v1.0/me",
      "ftp://evil.example",
      "",
      "/me",
    ]
  ) {
    assertStringIncludes(refusal(url, { allowedHosts }), "expected an https URL");
  }
  for (const user of ["graph.microsoft.com", "ada:secret", ":secret"]) {
    const message = refusal(`https://${user}@evil.example/`, { allowedHosts });
    assertEquals(message, "Invalid URL of evil.example: expected no user name and password");
  }
});

Deno.test("chooseApi() takes --allow-host for exact hosts, and never without a scope for them", () => {
  for (const host of ["*.contoso.com", "https://a.example", "a@b.example", "a/b", "a b", "#", ""]) {
    assertStringIncludes(
      refusal("https://a.example/", { allowedHosts: [host] }),
      "Invalid --allow-host",
      host,
    );
  }
  const allowedHosts = ["api.contoso.com", "api.contoso.com:8443"];
  refusal("https://api.contoso.com/", { allowedHosts });
  const named = ["api://a/.default"];
  for (const host of ["api.contoso.com", "API.contoso.com:443", "api.contoso.com:8443"]) {
    assertEquals(chooseApi(`https://${host}/`, choice({ allowedHosts, named })).scopes, named);
  }
  for (const host of ["api.contoso.com:444", "a.api.contoso.com", "contoso.com"]) {
    refusal(`https://${host}/`, { allowedHosts, named });
  }
});
