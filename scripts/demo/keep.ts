import { join } from "@std/path/join";
import { UserAgent } from "../../tests/support/browser/user_agent.ts";
import { openUrlInbox, type UrlInbox } from "../../tests/support/browser/url_inbox.ts";
import { startAzureRepos } from "../../tests/support/network/azure_repos.ts";
import { startGraph } from "../../tests/support/network/graph.ts";
import { programCommand } from "../../tests/support/program/program.ts";
import { ADA } from "../../tests/support/provider/directory.ts";
import type { Provider } from "../../tests/support/provider/provider.ts";

const GRAPH = "graph.microsoft.com";

/** The folder of the demo, and whether a user sees the browser. */
export interface KeptDemo {
  readonly provider: Provider;
  /** A temporary folder, which the caller removes. */
  readonly folder: string;
  readonly isOnScreen: boolean;
  readonly say: (text?: string) => void;
  /** Resolves when the demo ends. */
  readonly interrupted: Promise<void>;
}

/**
 * Keeps the provider running, with stand-ins for Microsoft Graph and Azure Repos, until the user presses Ctrl-C. Writes a
 * file of variables with which the commands of the README work in another terminal.
 */
export async function keepDemo({ provider, folder, isOnScreen, say, interrupted }: KeptDemo): Promise<void> {
  await using graph = await startGraph(folder, { displayName: ADA.name, userPrincipalName: ADA.username });
  await using repos = await startAzureRepos(folder);
  await using inbox = openUrlInbox();
  using userAgent = new UserAgent(provider);
  const gitConfig = join(folder, "gitconfig");
  await Deno.writeTextFile(gitConfig, repos.gitConfig);
  const caFile = join(folder, "ca.pem");
  await Deno.writeTextFile(caFile, `${provider.caPem}\n${graph.caPem}`);
  const variables = join(folder, "variables.sh");
  const exported = {
    DEMO: folder,
    ENTRA_AUTH_CLI_HOME: join(folder, "home"),
    ENTRA_AUTH_CLI_KEYRING: "file",
    ENTRA_AUTH_CLI_CA_CERT: caFile,
    AZURE_AUTHORITY_HOST: provider.origin,
    TENANT_ID: provider.tenantId,
    APP_ID: provider.clientId,
    CURL_HOME: graph.curlHome,
    GIT_CONFIG_GLOBAL: gitConfig,
    HTTPS_PROXY: graph.proxyUrl,
    https_proxy: graph.proxyUrl,
    NO_PROXY: "localhost,127.0.0.1",
    no_proxy: "localhost,127.0.0.1",
    ...(isOnScreen ? {} : { BROWSER: inbox.browser }),
  };
  await Deno.writeTextFile(
    variables,
    "unset ENTRA_AUTH_CLI_PROFILE AZURE_TENANT_ID AZURE_CLIENT_ID GIT_SSL_CAINFO\n" +
      Object.entries(exported).map(([name, value]) => `export ${name}=${quote(value)}\n`).join("") +
      'PATH="$PATH:$DEMO/bin"\n',
  );
  await installProgram(join(folder, "bin"), provider);
  if (!isOnScreen) signInAlways(inbox, userAgent, say);

  say("Started stand-ins for Microsoft Graph and Azure Repos, for curl and git.");
  say("\nIn a second terminal, type this line first. It sets variables in that terminal only, and makes");
  say("entra-auth-cli run from this clone unless it is installed:");
  say(`\n  . ${quote(variables)}\n`);
  say("Then sign in, and use the token with curl and git:");
  say(`
  entra-auth-cli create-profile --name work --tenant-id "$TENANT_ID" --client-id "$APP_ID"
  export ENTRA_AUTH_CLI_PROFILE=work
  entra-auth-cli get-token
  curl -H "$(entra-auth-cli get-token --output header)" https://${GRAPH}/v1.0/me
  git config --global credential.https://dev.azure.com.helper '!entra-auth-cli credential-helper'
  git clone ${repos.url} "$DEMO/web"
`);
  say("Before the clone the program signs in again: the first use of another API asks for consent.");
  if (isOnScreen) {
    say(`In the browser, sign in as ${ADA.username} with the password: ${ADA.password}`);
    say("The browser warns about the certificate of the provider, which is new: continue to localhost.");
  } else {
    say(
      `This machine has no display, so the demo signs in as ${ADA.username} when the program opens a browser.`,
    );
  }
  say("\nPress Ctrl-C here to stop the provider and remove the profile and the tokens.");
  await interrupted;
}

/** Installs the program of this clone as the command `entra-auth-cli`. */
async function installProgram(folder: string, provider: Provider): Promise<void> {
  const command = programCommand([new URL(provider.origin).host, `${GRAPH}:443`], "any-browser");
  // `exec` runs whatever the user types.
  const started = command.length === 1
    ? command
    : [...command.slice(0, -1), "--allow-run", ...command.slice(-1)];
  await Deno.mkdir(folder);
  await Deno.writeTextFile(
    join(folder, "entra-auth-cli"),
    `#!/bin/sh\nexec ${started.map(quote).join(" ")} "$@"\n`,
    { mode: 0o755 },
  );
}

/** Signs in whenever the program opens a browser. */
async function signInAlways(inbox: UrlInbox, userAgent: UserAgent, say: KeptDemo["say"]): Promise<never> {
  for (;;) {
    const url = await inbox.next();
    await userAgent.signIn(url, ADA).then(
      () => say(`The demo signed in as ${ADA.username}.`),
      (error) => say(`The demo could not sign in: ${error.message}`),
    );
  }
}

/** Quotes a word for a POSIX shell. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
