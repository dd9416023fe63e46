import { assertEquals, assertMatch } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { join } from "@std/path/join";
import { makeServerCertificate } from "../../support/provider/certificate.ts";
import { startHttpsServer } from "../../support/provider/https_server.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { hasCommand, hasNoShell, runShell } from "../../support/program/shell.ts";

const PAGE = await Deno.readTextFile(new URL("../../../docs/user-guide/sdks-and-tools.md", import.meta.url));
const HOST = "pkgs.dev.azure.com";
const SCOPE = "499b84ac-1321-427f-aa17-267ca6975798/.default";

/** Returns the first block of a language under a heading of the page, for the registry at `host`. */
function recipe(heading: string, language: string, host: string): string {
  const section = PAGE.split(new RegExp(`^##+ ${heading}$`, "m"))[1]?.split(/^##/m)[0] ?? "";
  const [, block] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "m").exec(section) ?? [];
  if (block === undefined) throw new Error(`The page has no ${language} block under ${heading}`);
  return block.replaceAll(HOST, host);
}

const SCHEMA = "http://maven.apache.org/POM/4.0.0";
/** The parent of a Maven project, whose version is that of the project. */
const PARENT = "<groupId>com.contoso</groupId><artifactId>tools</artifactId><version>1.2.3</version>";

/** Starts a registry in the place of Azure Artifacts, with one package for npm, pip, Cargo and Maven each. */
async function startFeed(sandbox: Sandbox) {
  const certificate = await makeServerCertificate();
  const caFile = join(sandbox.folder, "feed-ca.pem");
  await Deno.writeTextFile(caFile, certificate.caPem);
  const accepted: string[] = [];
  let expected: readonly string[] = [];
  const server = await startHttpsServer(0, certificate, (request, response) => {
    const { authorization = "", host } = request.headers;
    const [path = ""] = (request.url ?? "").split("?");
    if (!expected.includes(authorization)) {
      return void response.writeHead(401, { "www-authenticate": 'Basic realm="feed", Bearer' }).end("{}");
    }
    accepted.push(path.split("/")[4] ?? "");
    const index = `https://${host}/contoso/_packaging/feed/Cargo`;
    const documents: Record<string, [type: string, body: string]> = {
      "/npm/registry/tools": [
        "application/json",
        '{"name":"tools","dist-tags":{"latest":"1.2.3"},"versions":{"1.2.3":{"name":"tools","version":"1.2.3"}}}',
      ],
      "/pypi/simple/tools/": [
        "text/html",
        '<a href="tools-1.2.3-py3-none-any.whl">tools-1.2.3-py3-none-any.whl</a>',
      ],
      "/Cargo/index/config.json": [
        "application/json",
        JSON.stringify({ dl: index, api: index, "auth-required": true }),
      ],
      "/Cargo/api/v1/crates": [
        "application/json",
        '{"crates":[{"name":"tools","max_version":"1.2.3","description":""}],"meta":{"total":1}}',
      ],
      "/maven/v1/com/contoso/tools/1.2.3/tools-1.2.3.pom": [
        "text/xml",
        `<project xmlns="${SCHEMA}"><modelVersion>4.0.0</modelVersion>${PARENT}<packaging>pom</packaging></project>`,
      ],
    };
    const [type, body] = documents[path.replace("/contoso/_packaging/feed", "")] ?? ["text/plain", ""];
    response.writeHead(body === "" ? 404 : 200, { "content-type": type }).end(body);
  });
  return {
    host: `localhost:${server.port}`,
    caFile,
    /** The ways in which requests were accepted. */
    accepted,
    accept(token: string) {
      expected = [`Bearer ${token}`, `Basic ${encodeBase64(`entra:${token}`)}`];
    },
    [Symbol.asyncDispose]: server.stop,
  };
}

/** Returns whether a client is installed, in the version that its recipe needs. */
async function hasClient(command: string, pattern: RegExp, args = ["--version"]): Promise<boolean> {
  if (hasNoShell || !hasCommand(command)) return false;
  const { stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
  return pattern.test(new TextDecoder().decode(stdout));
}

const CLIENTS = {
  npm: await hasClient("npm", /^\d/),
  pip: await hasClient("pip3", /^pip (23\.[1-9]|2[4-9]|[3-9]\d)/),
  cargo: await hasClient("cargo", /^cargo 1\.(7[4-9]|[89]\d|\d{3})/),
  maven: await hasClient("mvn", /^.{0,9}Apache Maven \d/),
};
const FOLDERS = { npm: "npm", pip: "pypi", cargo: "Cargo", maven: "maven" };
const missing = Object.entries(CLIENTS).filter(([, isThere]) => !isThere).map(([name]) => name);

Deno.test({
  name: "npm, pip, Cargo and Maven send the token by the recipes in the documentation" +
    (missing.length === 0 ? "" : `: without ${missing.join(", ")}, which are not installed`),
  ignore: missing.length === Object.keys(CLIENTS).length,
  async fn() {
    await using sandbox = await openSandbox();
    await using feed = await startFeed(sandbox);
    const { host, caFile } = feed;
    const { stdout } = await sandbox.signIn(["get-token", "--scope", SCOPE]);
    feed.accept(stdout.trim());
    const folder = join(sandbox.folder, "project");
    const bin = join(sandbox.folder, "clients");
    await Deno.mkdir(join(folder, ".cargo"), { recursive: true });
    await Deno.mkdir(bin);
    await Deno.writeTextFile(join(folder, ".npmrc"), recipe("npm", "ini", host));
    await Deno.writeTextFile(join(folder, ".cargo", "config.toml"), recipe("Cargo", "toml", host));
    await Deno.writeTextFile(join(bin, "keyring"), recipe("pip", "sh", host), { mode: 0o755 });
    await Deno.writeTextFile(join(folder, "settings.xml"), recipe("Maven", "xml", host));
    const repository = `<id>feed</id><url>https://${host}/contoso/_packaging/feed/maven/v1</url>`;
    await Deno.writeTextFile(
      join(folder, "pom.xml"),
      `<project xmlns="${SCHEMA}"><modelVersion>4.0.0</modelVersion><parent>${PARENT}<relativePath/></parent>
      <artifactId>app</artifactId><packaging>pom</packaging>
      <repositories><repository>${repository}</repository></repositories></project>`,
    );
    const [exec = ""] = /^entra-auth-cli exec .* -- (?=npm)/m.exec(recipe("npm", "bash", host)) ?? [];
    const [execMaven = ""] = /^entra-auth-cli exec .* -- (?=mvn)/m.exec(recipe("Maven", "bash", host)) ?? [];
    const env = {
      HOME: folder,
      npm_config_cafile: caFile,
      npm_config_fetch_retries: "0",
      npm_config_update_notifier: "false",
      PIP_CERT: caFile,
      PIP_DISABLE_PIP_VERSION_CHECK: "1",
      CARGO_HTTP_CAINFO: caFile,
      CARGO_HOME: join(folder, ".cargo-home"),
      // Java trusts only its own list of roots.
      MAVEN_OPTS: "-Dmaven.wagon.http.ssl.insecure=true -Dmaven.wagon.http.ssl.allowall=true " +
        "-Daether.connector.https.securityMode=insecure -XX:TieredStopAtLevel=1",
      RUSTUP_HOME: Deno.env.get("RUSTUP_HOME") ?? join(Deno.env.get("HOME") ?? "", ".rustup"),
    };
    const scripts = {
      npm: `${exec} npm view tools version`,
      pip: `PATH="${bin}:$PATH" pip3 index versions tools --keyring-provider subprocess \\
        --index-url https://entra@${host}/contoso/_packaging/feed/pypi/simple/`,
      cargo: "cargo search tools --registry feed",
      maven: `${execMaven} mvn -B -s settings.xml -Dmaven.repo.local="$HOME/.m2" validate`,
    };
    for (const client of ["npm", "pip", "cargo", "maven"] as const) {
      if (!CLIENTS[client]) continue;
      const script = `cd "$HOME"\n${scripts[client]}`;
      const result = await runShell(sandbox, script, { env, programs: ["npm", "mvn"] });
      assertEquals(result.code, 0, `${client}: ${result.stderr}`);
      assertMatch(result.stdout, /1\.2\.3/, client);
      assertEquals(feed.accepted.includes(FOLDERS[client]), true, client);
    }
    assertEquals(sandbox.browser.count, 1);
  },
});

const hasRclone = await hasClient("rclone", /./, ["version"]);

Deno.test({
  name: "rclone sends the token by the recipe in the documentation" +
    (hasRclone ? "" : ": it is not installed"),
  ignore: !hasRclone,
  async fn() {
    await using sandbox = await openSandbox();
    const certificate = await makeServerCertificate();
    const caFile = join(sandbox.folder, "dav-ca.pem");
    await Deno.writeTextFile(caFile, certificate.caPem);
    const { stdout: token } = await sandbox.signIn(["get-token", "--scope", "api://dav/Files.Read"]);
    const properties = "<d:prop><d:resourcetype><d:collection/></d:resourcetype></d:prop>";
    const entry = (path: string) =>
      `<d:response><d:href>${path}</d:href><d:propstat><d:status>HTTP/1.1 200 OK</d:status>${properties}</d:propstat></d:response>`;
    const server = await startHttpsServer(0, certificate, ({ headers }, response) => {
      if (headers.authorization !== `Bearer ${token.trim()}`) return void response.writeHead(401).end();
      response.writeHead(207, { "content-type": "application/xml" });
      response.end(`<d:multistatus xmlns:d="DAV:">${entry("/")}${entry("/reports/")}</d:multistatus>`);
    });
    await using _ = { [Symbol.asyncDispose]: server.stop };
    const [command = ""] = /^rclone \S+ ':webdav,.*$/m.exec(recipe("rclone", "bash", "")) ?? [];
    const script = command.replace("dav.contoso.com", `localhost:${server.port}`);
    const env = { HOME: sandbox.folder, RCLONE_CONFIG: "", RCLONE_CA_CERT: caFile, RCLONE_RETRIES: "1" };
    const { code, stdout, stderr } = await runShell(sandbox, script, { env });
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /^ +-1 .+ reports$/m);
    assertEquals(sandbox.browser.count, 1);
  },
});
