import { assertEquals } from "@std/assert";
import type { Environment } from "../../../../src/system/environment.ts";
import { findRoute, findRouteIfReadable } from "../../../../src/system/network/proxy.ts";
import { CliError } from "../../../../src/errors.ts";
import { type RawServer, respond, startRawServer } from "../../../support/network/raw_server.ts";

function environment(variables: Readonly<Record<string, string>>): Environment {
  return {
    get: (name) => variables[name] === "" ? undefined : variables[name],
    isEmpty: (name) => variables[name] === "",
  };
}

const LOGIN = new URL("https://login.nowhere.invalid/");

/** Variables and the resulting proxy for `LOGIN`: A, B or none. `//a` and `//b` stand for the addresses of A and B. */
const CASES: readonly (readonly [Record<string, string>, "A" | "B" | null])[] = [
  [{ HTTPS_PROXY: "http://a" }, "A"],
  [{ https_proxy: "http://a" }, "A"],
  [{ HTTPS_PROXY: "http://a", https_proxy: "http://b" }, "A"],
  [{ ALL_PROXY: "http://b", HTTPS_PROXY: "http://a" }, "B"],
  [{ all_proxy: "http://b", HTTPS_PROXY: "http://a" }, "B"],
  [{ HTTP_PROXY: "http://a", http_proxy: "http://a" }, null],
  [{ HTTPS_PROXY: "//a" }, "A"],
  [{ HTTPS_PROXY: "HTTP://a/path?query" }, "A"],
  [{ HTTPS_PROXY: "http://ada:sesame@a" }, "A"],
  [{ HTTPS_PROXY: "http://ada@a" }, null],
  [{ HTTPS_PROXY: " http://a" }, null],
  [{ HTTPS_PROXY: "ftp://a", https_proxy: "http://b" }, "B"],
  [{ HTTPS_PROXY: "", https_proxy: "http://b" }, "B"],
  [{ HTTPS_PROXY: "http://a", NO_PROXY: "nowhere.invalid" }, null],
  [{ HTTPS_PROXY: "http://a", NO_PROXY: "x.example , .nowhere.invalid" }, null],
  [{ HTTPS_PROXY: "http://a", no_proxy: "*" }, null],
  [{ HTTPS_PROXY: "http://a", NO_PROXY: "", no_proxy: "*" }, "A"],
  [{ HTTPS_PROXY: "http://a", NO_PROXY: "*", no_proxy: "" }, null],
  [{ HTTPS_PROXY: "http://a", NO_PROXY: "where.invalid" }, "A"],
  [{ HTTPS_PROXY: "http://a", NO_PROXY: "*.nowhere.invalid" }, "A"],
  [{ HTTPS_PROXY: "http://a", NO_PROXY: "login.nowhere.invalid:443" }, "A"],
  [{ HTTPS_PROXY: "http://a", NO_PROXY: "LOGIN.NOWHERE.INVALID" }, "A"],
];

/** Replaces the placeholders in the variables by addresses. */
function withAddresses(
  variables: Readonly<Record<string, string>>,
  [a, b]: readonly [string, string],
): Record<string, string> {
  const real = (value: string) =>
    value.replace(/(\/\/|@)a\b/, `$1${a}`).replace(/(\/\/|@)b\b/, `$1${b}`).replace(/^\/\//, "");
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, real(value)]));
}

Deno.test("findRoute() returns the proxy of the variables without user name and password", () => {
  const hosts = { A: "proxy-a.example:3128", B: "proxy-b.example:8080" };
  for (const [variables, expected] of CASES) {
    const env = environment(withAddresses(variables, [hosts.A, hosts.B]));
    const { proxy } = findRoute(LOGIN, env);
    assertEquals(proxy?.host ?? null, expected === null ? null : hosts[expected], JSON.stringify(variables));
  }
  const withUser = findRoute(LOGIN, environment({ HTTPS_PROXY: "http://ada:s3same@proxy.example:3128" }));
  assertEquals(withUser, { proxy: { host: "proxy.example:3128", hasUser: true }, ignored: null });
});

Deno.test({
  name: "findRoute() returns the proxy that Deno uses",
  async fn() {
    const asked: string[] = [];
    const proxy = (name: string) =>
      startRawServer((connection, received) => {
        asked.push(`${name} ${new TextDecoder().decode(received).split(" ")[0]}`);
        return respond("HTTP/1.1 403 Forbidden\r\n\r\n")(connection, received);
      });
    await using a = proxy("A");
    await using b = proxy("B");
    const address = ({ port }: RawServer) => `127.0.0.1:${port}`;
    const fetching = `try { await fetch("${LOGIN}") } catch {}`;
    // On Windows the names of variables are case-insensitive.
    const isOne = (variables: Record<string, string>) =>
      new Set(Object.keys(variables).map((name) => name.toUpperCase())).size < Object.keys(variables).length;
    const cases = CASES.filter(([variables]) => Deno.build.os !== "windows" || !isOne(variables));
    for (const [variables, expected] of cases) {
      asked.length = 0;
      await new Deno.Command(Deno.execPath(), {
        args: ["eval", "--no-config", "--no-lock", fetching],
        env: { ...withAddresses(variables, [address(a), address(b)]), DENO_NO_UPDATE_CHECK: "1" },
      }).output();
      assertEquals(asked, expected === null ? [] : [`${expected} CONNECT`], JSON.stringify(variables));
    }
  },
});

Deno.test("findRoute() supports SOCKS proxies and reports an ignored variable", () => {
  const cases: readonly (readonly [Record<string, string>, string | null, string | null])[] = [
    [{ ALL_PROXY: "socks5://proxy.example:1080" }, "proxy.example:1080", null],
    [{ ALL_PROXY: "socks5h://ada:s3same@proxy.example" }, "proxy.example", null],
    [{ ALL_PROXY: "SOCKS5://proxy.example" }, null, "ALL_PROXY"],
    [{ HTTPS_PROXY: "socks4://proxy.example" }, null, "HTTPS_PROXY"],
    [{ https_proxy: "http://ada@proxy.example" }, null, "https_proxy"],
    [{ HTTPS_PROXY: "socks4://one.example", https_proxy: "http://two.example" }, "two.example", null],
    [{ HTTPS_PROXY: "socks4://one.example", NO_PROXY: "*" }, null, null],
    [{}, null, null],
  ];
  for (const [variables, host, ignored] of cases) {
    const route = findRoute(LOGIN, environment(variables));
    assertEquals([route.proxy?.host ?? null, route.ignored], [host, ignored], JSON.stringify(variables));
  }
});

Deno.test("findRouteIfReadable() returns null if a variable may not be read", () => {
  const denied: Environment = {
    get() {
      throw new CliError("permission", "not permitted");
    },
  };
  assertEquals(findRouteIfReadable(LOGIN, denied), null);
});
