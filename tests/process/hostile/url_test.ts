import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path/join";
import { bundleIntoOne } from "../../../scripts/build/bundle.ts";
import { GrowingText } from "../../support/program/growing_text.ts";
import { inheritedVariables } from "../../support/program/program.ts";
import { ADA, CONFIDENTIAL_APPLICATION, PUBLIC_APPLICATION } from "../../support/provider/directory.ts";
import { makeClientCertificate, makePfx } from "../../support/secrets/client_certificate.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

/** A server with one file, and the requested paths. */
async function serveFile(
  path: string,
): Promise<AsyncDisposable & { readonly url: string; readonly requested: readonly string[] }> {
  const text = await Deno.readTextFile(path);
  const requested: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ url }) => {
      const { pathname } = new URL(url);
      requested.push(pathname);
      return pathname === "/entra-auth-cli.js"
        ? new Response(text, { headers: { "content-type": "text/javascript" } })
        : new Response("not found", { status: 404 });
    },
  );
  return {
    requested,
    url: `http://127.0.0.1:${server.addr.port}/entra-auth-cli.js`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const { secret: _, ...APPLICATION } = CONFIDENTIAL_APPLICATION;
const PASSWORD = "the password of the file";

/** An address without a listener: a missing package would be downloaded from there. */
const NO_REGISTRY = "http://127.0.0.1:1/";

Deno.test({
  name: "the module runs from its URL with an empty cache and no network but the authority",
  // An executable is not a module.
  ignore: Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined || Deno.build.os === "windows",
  async fn() {
    const certificate = await makeClientCertificate();
    await using sandbox = await openSandbox({
      applications: [PUBLIC_APPLICATION, { ...APPLICATION, certificate: certificate.certificatePem }],
    });
    const module = join(sandbox.folder, "entra-auth-cli.js");
    await bundleIntoOne(module, "contoso/entra-auth-cli");
    await using server = await serveFile(module);
    const pfx = join(sandbox.folder, "app.pfx");
    await Deno.writeFile(pfx, makePfx(certificate, PASSWORD));
    // As on a machine without a browser.
    const env = {
      ...sandbox.env,
      BROWSER: "",
      DISPLAY: "",
      WAYLAND_DISPLAY: "",
      AZURE_CLIENT_CERTIFICATE_PATH: pfx,
      AZURE_CLIENT_CERTIFICATE_PASSWORD: PASSWORD,
    };
    const { tenantId, origin } = sandbox.provider;
    const ids = ["--tenant-id", tenantId, "--authority", origin, "--client-id", APPLICATION.clientId];
    const create = ["create-profile", "--name", "app", "--flow", "client-credentials", ...ids];
    const created = await sandbox.run(create, { env });
    assertEquals(created.code, 0, created.stderr);
    const printed = await sandbox.run(["permissions", "--output", "json"], { env });
    assertEquals(printed.code, 0, printed.stderr);
    const { flags } = JSON.parse(printed.stdout);
    assert(
      flags.includes("--no-prompt") && !flags.some((flag: string) => /-all$|^-A$|=\*/.test(flag)),
      flags,
    );
    const registries = { NPM_CONFIG_REGISTRY: NO_REGISTRY, JSR_URL: NO_REGISTRY };
    const denoDir = { DENO_DIR: join(sandbox.folder, "deno-for-url") };
    const start = (...args: string[]) => {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", ...flags, server.url, ...args],
        cwd: sandbox.folder,
        env: { ...inheritedVariables(), ...env, ...registries, ...denoDir },
        clearEnv: true,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const stderr = new GrowingText(child.stderr);
      const ended = Promise.all([child.status, new Response(child.stdout).text(), stderr.whole]);
      return { stderr, ended };
    };

    const signIn = start("get-token", "--show-url");
    const [, url = ""] = await signIn.stderr.match(/^ *(https:\S+)$/m);
    await sandbox.userAgent.signIn(url, ADA);
    const [{ code }, token, said] = await signIn.ended;
    assertEquals(code, 0, said);
    assertMatch(token, /^ey\S+\n$/);

    const [cached, same, saidThen] = await start("get-token").ended;
    assertEquals([cached.code, same], [0, token], saidThen);
    const [refreshed, , saidLast] = await start("refresh").ended;
    assertEquals(refreshed.code, 0, saidLast);

    // node-forge decrypts the PFX file.
    const [certified, applicationToken, saidOfIt] = await start("get-token", "--profile", "app").ended;
    assertEquals(certified.code, 0, saidOfIt);
    assertMatch(applicationToken, /^ey\S+\n$/);

    const [, help] = await start("--help").ended;
    assertMatch(
      help,
      /^Documentation: https:\/\/github\.com\/contoso\/entra-auth-cli\/tree\/v\d+\.\d+\.\d+\/docs$/m,
    );
    assertMatch(help, /^Issues: https:\/\/github\.com\/contoso\/entra-auth-cli\/issues \(add /m);

    assertEquals(server.requested, ["/entra-auth-cli.js"]);
    // The cache of Deno contains only this module and no package.
    assertEquals(await Array.fromAsync(Deno.readDir(join(denoDir.DENO_DIR, "npm"))).catch(() => []), []);
  },
});
