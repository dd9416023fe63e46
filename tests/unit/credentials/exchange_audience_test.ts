import { assertEquals } from "@std/assert";
import { exchangeAudience } from "../../../src/credentials/federation/exchange_audience.ts";

Deno.test("exchangeAudience() is the one of the authority's cloud", () => {
  assertEquals(exchangeAudience("https://login.microsoftonline.com"), "api://AzureADTokenExchange");
  assertEquals(exchangeAudience("https://login.microsoftonline.us"), "api://AzureADTokenExchangeUSGov");
  assertEquals(
    exchangeAudience("https://login.partner.microsoftonline.cn"),
    "api://AzureADTokenExchangeChina",
  );
  assertEquals(exchangeAudience("https://login.example.org"), "api://AzureADTokenExchange");
});
