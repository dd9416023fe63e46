import { type GrantKind, type Grants } from "./permission_grants.ts";
import type { CommandName } from "../options/command_options.ts";
import type { Os } from "../../system/os.ts";

/** A purpose that a command needs permissions for. */
export type Need =
  /** Read the program's home folder. */
  | "home"
  /** Write to the program's home folder. */
  | "write-home"
  /** Choose the profile. */
  | "profile"
  /** Read settings from the environment. */
  | "settings"
  /** Load the encryption key. */
  | "key"
  /** Send requests to the authority, through a proxy or not. */
  | "authority"
  /** Load application credentials and use managed identities. */
  | "credentials"
  /** Find the services that authenticate an application, which the environment names. */
  | "credential-endpoints"
  /** Read credential files that the environment names. */
  | "credential-files"
  /** Trust an additional root certificate. */
  | "ca-cert"
  /** Load MSAL, which reads more than it uses. */
  | "msal"
  /** Sign a user in: open the browser, and listen for the redirect. */
  | "sign-in"
  /** Keep the callback server where it is. */
  | "callback-server"
  /** Choose the programs that open the browser. */
  | "opener"
  /** Show messages on the terminal even if stderr is redirected. */
  | "controlling-terminal"
  /** Examine this machine. */
  | "doctor"
  /** Exchange tokens at container registries. */
  | "registries"
  /** Look for programs in PATH. */
  | "path"
  /** Answer Kubernetes clients. */
  | "kubernetes"
  /** Choose how to print on a terminal. */
  | "terminal";

interface Rule {
  readonly kind: GrantKind;
  readonly names: RegExp;
  readonly need: Need;
  /** The operating systems that have it; all by default. */
  readonly os?: readonly Os[];
}

/** Variables in which a machine or a CI system names the service that authenticates an application. */
export const ENDPOINT_VARIABLES = [
  "IDENTITY_ENDPOINT",
  "IMDS_ENDPOINT",
  "MSI_ENDPOINT",
  "AZURE_POD_IDENTITY_AUTHORITY_HOST",
  "ACTIONS_ID_TOKEN_REQUEST_URL",
  "SYSTEM_OIDCREQUESTURI",
] as const;

const ENDPOINTS = new RegExp(`^(${ENDPOINT_VARIABLES.join("|")})$`);

/** The purpose of each permission in `deno.json`. The first rule that matches counts. */
const RULES: readonly Rule[] = [
  { kind: "env", names: /^ENTRA_AUTH_CLI_HOME$/, need: "home" },
  { kind: "env", names: /^USERPROFILE$/, need: "home", os: ["windows"] },
  { kind: "env", names: /^HOME$/, need: "home", os: ["linux", "darwin"] },
  { kind: "env", names: /^ENTRA_AUTH_CLI_PROFILE$/, need: "profile" },
  { kind: "env", names: /^AZURE_(TENANT_ID|CLIENT_ID|AUTHORITY_HOST)$/, need: "settings" },
  { kind: "env", names: /^ENTRA_AUTH_CLI_KEY(RING)?$/, need: "key" },
  { kind: "env", names: /^(DBUS_SESSION_BUS_ADDRESS|XDG_RUNTIME_DIR)$/, need: "key", os: ["linux"] },
  { kind: "env", names: /^ENTRA_AUTH_CLI_CA_CERT$/, need: "ca-cert" },
  { kind: "env", names: /_CA_STORE$|_PROXY$/i, need: "authority" },
  { kind: "env", names: /^Program(Data|Files)$/, need: "msal" },
  { kind: "env", names: /^AZURE_(CLIENT_CERTIFICATE_PATH|FEDERATED_TOKEN_FILE)$/, need: "credential-files" },
  { kind: "env", names: ENDPOINTS, need: "credential-endpoints" },
  { kind: "env", names: /^AZURE(_(CLIENT_|FEDERATED_|POD_)|SUBSCRIPTION_)/, need: "credentials" },
  { kind: "env", names: /^(ACTIONS|SYSTEM|GITLAB|MSAL|REGION)_/, need: "credentials" },
  { kind: "env", names: /^((DEFAULT_)?IDENTITY|IMDS|MSI)_/, need: "credentials" },
  { kind: "env", names: /^BROWSER$/, need: "opener" },
  { kind: "env", names: /^WSL_\w+$/, need: "opener", os: ["linux"] },
  // Whether a keyring can ask for its password, and a sign-in can open a browser.
  { kind: "env", names: /^(WAYLAND_)?DISPLAY$/, need: "key", os: ["linux"] },
  { kind: "env", names: /^PATH$/, need: "path" },
  { kind: "env", names: /^(DENO_CERT|NODE_EXTRA_CA_CERTS)$/, need: "doctor" },
  { kind: "env", names: /^KUBERNETES_EXEC_INFO$/, need: "kubernetes" },
  { kind: "env", names: /^(NO_COLOR|TERM|LC_\w+|LANG)$/, need: "terminal" },
  { kind: "env", names: /^(WT_SESSION|TERM_PROGRAM)$/, need: "terminal", os: ["windows"] },
  { kind: "env", names: /^DENO_SERVE_ADDRESS$/, need: "callback-server" },
  // The others describe the user's session and browser.
  { kind: "env", names: /^\w+$/, need: "sign-in" },
  { kind: "net", names: /^(127\.0\.0\.1|\[::1\])$/, need: "sign-in" },
  { kind: "net", names: /^(\*\.actions\.|dev\.azure\.|169\.254\.|localhost$)/, need: "credentials" },
  { kind: "net", names: /^\*\.azurecr\./, need: "registries" },
  { kind: "net", names: /:443$/, need: "authority" },
  { kind: "sys", names: /^uid$/, need: "home", os: ["linux", "darwin"] },
  { kind: "ffi", names: /crypt32/, need: "key", os: ["windows"] },
  { kind: "run", names: /^secret-tool$/, need: "key", os: ["linux"] },
  { kind: "run", names: /security$/, need: "key", os: ["darwin"] },
  { kind: "run", names: /^cat$/, need: "sign-in", os: ["linux"] },
  { kind: "run", names: /^(xdg-open|wslview)$/, need: "sign-in", os: ["linux"] },
  // On Linux it opens the browser of Windows from WSL.
  { kind: "run", names: /^rundll32\.exe$/, need: "sign-in", os: ["linux", "windows"] },
  { kind: "run", names: /^(open$|\/Applications\/)/, need: "sign-in", os: ["darwin"] },
  { kind: "run", names: /^C:\\/, need: "sign-in", os: ["windows"] },
  { kind: "run", names: /^tee$/, need: "controlling-terminal", os: ["linux", "darwin"] },
  { kind: "run", names: /^[\w-]+$/, need: "sign-in" },
];

const NETWORK: readonly Need[] = ["authority", "ca-cert"];
/** What only applications need. */
export const CREDENTIALS: readonly Need[] = ["credentials", "credential-endpoints", "credential-files"];
const REFRESH: readonly Need[] = [
  "home",
  "write-home",
  "profile",
  "settings",
  "key",
  ...NETWORK,
  "msal",
  ...CREDENTIALS,
  "terminal",
];
const TOKEN: readonly Need[] = [...REFRESH, "sign-in", "callback-server", "opener", "controlling-terminal"];

const COMMAND_NEEDS: Readonly<Record<CommandName, readonly Need[]>> = {
  "get-token": [...TOKEN, "kubernetes"],
  "exec": TOKEN,
  "serve": TOKEN,
  "request": TOKEN,
  "credential-helper": TOKEN,
  "refresh": REFRESH,
  "inspect": ["home", "profile", "settings", "key", ...NETWORK, "terminal"],
  "status": ["home", "key", "terminal"],
  "explain": ["home", "profile", "settings", "terminal"],
  "clear-cache": ["home", "write-home", "profile", "key", "controlling-terminal", "terminal"],
  "create-profile": ["home", "write-home", "key", "controlling-terminal", "terminal"],
  "list-profiles": ["home", "profile", "settings", "key", "terminal"],
  "show-profile": ["home", "profile", "settings", "key", "terminal"],
  "use-profile": ["home", "write-home", "profile", "terminal"],
  "edit-profile": ["home", "write-home", "key", "controlling-terminal", "terminal"],
  "delete-profile": ["home", "write-home", "key", "controlling-terminal", "terminal"],
  "export-profile": ["home", "key", "controlling-terminal", "terminal"],
  "import-profile": ["home", "write-home", "key", "controlling-terminal", "terminal"],
  "doctor": [...TOKEN.filter((need) => need !== "msal" && need !== "callback-server"), "doctor", "path"],
  "completions": ["home", "terminal"],
  // It reads what decides the permissions of the others.
  "permissions": [
    "home",
    "profile",
    "settings",
    "ca-cert",
    "credential-files",
    "credential-endpoints",
    "msal",
    "opener",
    "path",
    "terminal",
  ],
  "install-shims": ["terminal"],
  "az": REFRESH,
  "azd": REFRESH,
  "docker-credential": [...TOKEN, "registries"],
};

/** The commands, in the order in which the help of `permissions` lists them. */
export const COMMANDS_WITH_NEEDS: readonly string[] = Object.keys(COMMAND_NEEDS);

/** Returns the needs of `command`, or of all commands without one; undefined for an unknown command. */
export function needsOf(command: string | undefined): readonly Need[] | undefined {
  if (command === undefined) return [...new Set(Object.values(COMMAND_NEEDS).flat())];
  const needs: Readonly<Record<string, readonly Need[]>> = COMMAND_NEEDS;
  return Object.hasOwn(needs, command) ? needs[command] : undefined;
}

/** Returns the purpose of a permission in `deno.json`, or undefined without a rule for it. */
export function needFor(kind: GrantKind, name: string): Need | undefined {
  return ruleFor(kind, name)?.need;
}

function ruleFor(kind: GrantKind, name: string): Rule | undefined {
  return RULES.find((rule) => rule.kind === kind && rule.names.test(name));
}

/** Returns the part of a permission set that serves `needs` on one system. Unrestricted grants are left out. */
export function grantsFor(set: Grants, needs: readonly Need[], os: Os): Record<GrantKind, string[]> {
  const named = (kind: GrantKind): string[] => {
    const granted = set[kind];
    return typeof granted !== "object" ? [] : granted.filter((name) => {
      const rule = ruleFor(kind, name);
      return rule !== undefined && needs.includes(rule.need) && (rule.os ?? [os]).includes(os);
    });
  };
  return {
    read: named("read"),
    write: named("write"),
    net: named("net"),
    env: named("env"),
    run: named("run"),
    sys: named("sys"),
    ffi: named("ffi"),
  };
}
