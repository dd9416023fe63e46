/**
 * The text of `help TOPIC`. `deno task command-page` writes the same text into a page of `docs/`, and the manual page has
 * the exit codes and variables from here.
 *
 * In a text, code is in backticks, a term is in two stars, and a link is as in Markdown: a terminal shows their words.
 */

import { EXIT_CODES } from "../errors.ts";
import { type Flow, FLOWS } from "../profiles/profile.ts";

/** Rows of code and its meaning. */
export interface TopicTable {
  readonly title?: string;
  /** The names of the two columns on the page. */
  readonly head: readonly [code: string, meaning: string];
  readonly rows: readonly (readonly [code: string, meaning: string])[];
}

/** A paragraph, points, commands, or a table. */
export type TopicPart = string | { readonly points: readonly string[] } | {
  readonly commands: readonly string[];
} | TopicTable;

export interface Topic {
  /** The description in the list of topics. */
  readonly summary: string;
  /** The page with this text. */
  readonly page: `docs/${string}.md`;
  readonly parts: readonly TopicPart[];
}

const FLOW_MEANINGS: Readonly<Record<Flow, string>> = {
  "interactive": "A user signs in with the browser on this machine. The default.",
  "device-code": "A user signs in with a code in the browser of another device.",
  "authorization-code":
    "A user signs in with the browser, and the application authenticates too: a Web registration.",
  "client-credentials":
    "An application signs in as itself, with a secret, a certificate or a federated token: jobs and CI.",
  "managed-identity": "An Azure resource signs in with the identity that Azure gave it. It stores no secret.",
};

const EXIT_MEANINGS: readonly (readonly [exitCode: number, meaning: string])[] = [
  [0, "success"],
  [1, "unexpected error, a failed `request`, or `doctor` found a fault"],
  [2, "wrong usage"],
  [3, "sign-in failed or refused, or its port is in use"],
  [4, "network"],
  [5, "timeout"],
  [6, "no such profile, or no valid token"],
  [7, "the store cannot be read or written"],
  [8, "a Deno permission is missing"],
  [9, "a user must sign in, confirm or enter a value, but cannot be asked"],
  [10, "another account signed in"],
  [126, "`exec` cannot run its command"],
  [127, "`exec` cannot find its command"],
  [130, "interrupted by Ctrl-C (129 by SIGHUP, 143 by SIGTERM)"],
];

/** Returns the error codes of the JSON output that end the program with `exitCode`. */
export function errorCodesOf(exitCode: string): string[] {
  return Object.entries(EXIT_CODES).flatMap(([name, number]) => String(number) === exitCode ? [name] : []);
}

/** The table whose rows {@linkcode errorCodesOf} extends on its page. */
export const EXIT_TABLE: TopicTable = {
  head: ["exit code", "meaning"],
  rows: EXIT_MEANINGS.map(([exitCode, meaning]) => [String(exitCode), meaning]),
};

/** The environment variables, by subject. */
export const VARIABLE_TABLES: readonly TopicTable[] = [
  {
    title: "The program",
    head: ["variable", "meaning"],
    rows: [
      ["`ENTRA_AUTH_CLI_HOME`", "the folder of profiles and tokens; by default `~/.entra-auth-cli`"],
      ["`ENTRA_AUTH_CLI_PROFILE`", "the profile to use, instead of that of `use-profile`"],
      [
        "`ENTRA_AUTH_CLI_KEYRING`",
        "the key store: `auto`, `secret-service`, `keychain`, `dpapi` or `file`",
      ],
      ["`ENTRA_AUTH_CLI_KEY`", "the encryption key itself; overrides every key store"],
      ["`ENTRA_AUTH_CLI_CA_CERT`", "a root certificate to trust (`--ca-cert`)"],
    ],
  },
  {
    title: "The application",
    head: ["variable", "meaning"],
    rows: [
      [
        "`AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_AUTHORITY_HOST`",
        "`--tenant-id`, `--client-id`, `--authority`",
      ],
      ["`AZURE_CLIENT_SECRET`", "a client secret"],
      ["`AZURE_CLIENT_CERTIFICATE_PATH`", "a certificate with its key"],
      ["`AZURE_CLIENT_CERTIFICATE_PASSWORD`", "the password of the certificate"],
      ["`AZURE_CLIENT_SEND_CERTIFICATE_CHAIN`", "`true` is `--send-certificate-chain`"],
      ["`AZURE_FEDERATED_TOKEN_FILE`", "a file with a federated token"],
      ["`ACTIONS_ID_TOKEN_REQUEST_URL`, `ACTIONS_ID_TOKEN_REQUEST_TOKEN`", "set by GitHub Actions"],
      ["`SYSTEM_OIDCREQUESTURI`, `SYSTEM_ACCESSTOKEN`", "set by Azure Pipelines"],
      ["`AZURESUBSCRIPTION_SERVICE_CONNECTION_ID`", "the service connection of Azure Pipelines"],
      ["`GITLAB_OIDC_TOKEN`", "the usual name for `--assertion-env` in GitLab"],
      ["`IDENTITY_ENDPOINT`, `IDENTITY_HEADER` and others", "set by Azure for managed identities"],
    ],
  },
  {
    title: "Browser and terminal",
    head: ["variable", "meaning"],
    rows: [
      ["`BROWSER`", "the browser to open: a command, a path, or a list of them"],
      ["`DISPLAY`, `WAYLAND_DISPLAY`", "whether Linux has a display"],
      ["`SSH_CONNECTION`, `SSH_TTY`, `VSCODE_IPC_HOOK_CLI`", "whether the session is remote"],
      ["`CI`, `TF_BUILD`", "whether this is a CI job"],
      ["`WSL_DISTRO_NAME`, `WSL_INTEROP`", "whether this is WSL"],
      ["`NO_COLOR`, `TERM`, `LC_ALL`, `LC_CTYPE`, `LANG`", "what the terminal can show"],
      ["`KUBERNETES_EXEC_INFO`", "set by Kubernetes clients"],
    ],
  },
  {
    title: "Network",
    head: ["variable", "meaning"],
    rows: [
      ["`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`", "the proxy, and the hosts that are reached without it"],
      ["`DENO_TLS_CA_STORE`", "the root certificates to trust: `system`, `mozilla` or both"],
      ["`DENO_CERT`, `NODE_EXTRA_CA_CERTS`", "files with additional root certificates"],
      ["`DENO_SERVE_ADDRESS`", "has no effect: it does not move the loopback port"],
    ],
  },
];

/** The topics, by their names in `help TOPIC`. */
export const TOPICS = {
  "flows": {
    summary: "Ways to sign in, and when to use which.",
    page: "docs/oauth-flows/choosing-a-flow.md",
    parts: [
      "A flow is a way to get a token. `--flow` selects it; otherwise the profile does.",
      { head: ["flow", "who signs in"], rows: FLOWS.map((flow) => [`\`${flow}\``, FLOW_MEANINGS[flow]]) },
      {
        points: [
          "Whichever flow is named, a cached token with at least five minutes left is returned without a " +
          "network call, and a user's token is refreshed silently after that. The flow runs only if this fails.",
          "`--force` signs in again. `--no-cache` neither reads nor saves tokens.",
          "Without a display, `interactive` falls back to a device code.",
          "`--no-interactive` fails with exit code 9 instead of asking a user.",
        ],
      },
      {
        commands: [
          "entra-auth-cli get-token --flow interactive",
          "entra-auth-cli get-token --no-interactive   # in a script",
        ],
      },
    ],
  },
  "scopes": {
    summary: "What a token is for: scopes, resources and .default.",
    page: "docs/user-guide/scopes.md",
    parts: [
      {
        commands: [
          'entra-auth-cli get-token --scope "User.Read Mail.Read"',
          "entra-auth-cli get-token --scope User.Read --scope Mail.Read   # the same",
          "entra-auth-cli get-token --scope User.Read,Mail.Read           # the same",
        ],
      },
      "Without `--scope`, the scopes of the profile are used. A scope without a resource is one of Microsoft " +
      "Graph, unless it is a URI or an application ID.",
      {
        points: [
          "**One token, one resource.** Scopes of two resources are refused before a browser opens (exit code " +
          "2), and the hint has one command for each. `.default` next to a scope of the same resource is " +
          "refused too.",
          "**`.default`** requests all permissions that the application lists for an API. In an interactive " +
          "sign-in, that of Microsoft Graph gives a warning: name the permissions that you need. For Azure's " +
          "APIs, such as Key Vault, it is usual.",
          "**Applications** use `RESOURCE/.default`: what an administrator granted to the application.",
          "**Cache.** A cached token is found by the name under which a scope was requested or granted. If " +
          "the authority grants a scope under another name of the same API, such as its application ID, " +
          "there is no warning.",
          "**Refresh.** A refresh token can be bound to its scopes. If a refresh is refused with " +
          "`invalid_scope`, sign in with `--force`; the tokens for other scopes are kept.",
          "**Families.** Refresh tokens of Microsoft's own applications work for a whole family of them. This " +
          "program uses each one only for the application that signed in.",
        ],
      },
    ],
  },
  "storage": {
    summary: "Where tokens and their key are, and how to choose.",
    page: "docs/user-guide/storage-and-keys.md",
    parts: [
      "Tokens and client secrets are in `tokens.enc` in `~/.entra-auth-cli`, encrypted with AES-256-GCM. The " +
      "file is as safe as its key:",
      {
        head: ["system", "key store"],
        rows: [
          ["Windows", "DPAPI"],
          ["macOS", "the Keychain"],
          [
            "Linux",
            "the Secret Service (GNOME Keyring, KWallet, KeePassXC) by `secret-tool`, if there is one",
          ],
          ["other", "the file `key` in the same folder, mode 0600"],
        ],
      },
      "`entra-auth-cli status` shows which one is used. `ENTRA_AUTH_CLI_KEYRING` selects one: `auto` (the default), " +
      "`secret-service`, `keychain`, `dpapi` or `file`. In CI, `ENTRA_AUTH_CLI_KEY` can hold the key itself, and " +
      "no key store is used:",
      { commands: ['export ENTRA_AUTH_CLI_KEY="$(openssl rand -base64 32)"'] },
      "If the file cannot be decrypted, nothing is overwritten: `entra-auth-cli clear-cache` moves it aside, " +
      "and you sign in again.",
    ],
  },
  "environment": {
    summary: "Environment variables.",
    page: "docs/reference/environment-variables.md",
    parts: ["A flag overrides a variable, and a variable overrides the profile.", ...VARIABLE_TABLES],
  },
  "exit-codes": {
    summary: "Exit codes, for scripts.",
    page: "docs/reference/exit-codes.md",
    parts: [
      EXIT_TABLE,
      "Until the program waits for something or writes, a signal ends it as it ends any other program: a shell " +
      "reports the same exit codes, and Windows its own. `exec` returns the exit code of its command.",
      {
        commands: [
          "if ! entra-auth-cli get-token --no-interactive >/dev/null; then",
          '  echo "Sign in first: entra-auth-cli get-token"',
          "fi",
        ],
      },
    ],
  },
} as const satisfies Readonly<Record<string, Topic>>;

export type TopicName = keyof typeof TOPICS;

/** The names of the topics, in the order of the help. */
export const TOPIC_NAMES = Object.keys(TOPICS) as readonly TopicName[];

/** Returns a text of a topic without marks. */
export function withoutMarks(text: string): string {
  return text.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1").replaceAll(/`|\*\*/g, "");
}
