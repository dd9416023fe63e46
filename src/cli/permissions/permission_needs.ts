import { type GrantKind, type Grants } from "./permission_grants.ts";
import type { Os } from "../../system/os.ts";

/** What a command needs permissions for. */
export type Need =
  /** The program's folder, to read. */
  | "folder"
  /** The program's folder, to write. */
  | "change"
  /** Which profile is meant. */
  | "profile"
  /** What the environment says in the place of a profile. */
  | "settings"
  /** The key of the tokens. */
  | "key"
  /** The authority, through a proxy or not. */
  | "authority"
  /** What an application proves itself with, and the identity of a machine. */
  | "application"
  /** The files that the environment names for that. */
  | "proof"
  /** A root certificate of the user's. */
  | "certificate"
  /** Loading MSAL, which asks for more than it uses. */
  | "msal"
  /** Asking the user: the browser, and the port for its answer. */
  | "user"
  /** Showing on the terminal what a person has to see or answer, where stderr is hidden. */
  | "question"
  /** Looking around on this machine. */
  | "machine"
  /** What Kubernetes asks for. */
  | "kubernetes"
  /** How to print on a terminal. */
  | "terminal";

interface Rule {
  readonly kind: GrantKind;
  readonly names: RegExp;
  readonly need: Need;
  /** The systems that have it; all by default. */
  readonly os?: readonly Os[];
}

/** What each permission of `deno.json` is for. The first rule that fits counts. */
const RULES: readonly Rule[] = [
  { kind: "env", names: /^ENTRA_AUTH_CLI_HOME$/, need: "folder" },
  { kind: "env", names: /^USERPROFILE$/, need: "folder", os: ["windows"] },
  { kind: "env", names: /^HOME$/, need: "folder", os: ["linux", "darwin"] },
  { kind: "env", names: /^ENTRA_AUTH_CLI_PROFILE$/, need: "profile" },
  { kind: "env", names: /^AZURE_(TENANT_ID|CLIENT_ID|AUTHORITY_HOST)$/, need: "settings" },
  { kind: "env", names: /^ENTRA_AUTH_CLI_KEY(RING)?$/, need: "key" },
  { kind: "env", names: /^ENTRA_AUTH_CLI_CA_CERT$/, need: "certificate" },
  { kind: "env", names: /_CA_STORE$|_PROXY$/i, need: "authority" },
  { kind: "env", names: /^Program(Data|Files)$/, need: "msal" },
  { kind: "env", names: /^AZURE_(CLIENT_CERTIFICATE_PATH|FEDERATED_TOKEN_FILE)$/, need: "proof" },
  { kind: "env", names: /^AZURE(_(CLIENT_|FEDERATED_|POD_)|SUBSCRIPTION_)/, need: "application" },
  { kind: "env", names: /^(ACTIONS|SYSTEM|GITLAB|MSAL|REGION)_/, need: "application" },
  { kind: "env", names: /^((DEFAULT_)?IDENTITY|IMDS|MSI)_/, need: "application" },
  { kind: "env", names: /^((WAYLAND_)?DISPLAY|WSL_\w+)$/, need: "user", os: ["linux"] },
  { kind: "env", names: /^(PATH|DENO_CERT|NODE_EXTRA_CA_CERTS)$/, need: "machine" },
  { kind: "env", names: /^KUBERNETES_EXEC_INFO$/, need: "kubernetes" },
  { kind: "env", names: /^(NO_COLOR|TERM|LC_\w+|LANG)$/, need: "terminal" },
  { kind: "env", names: /^(WT_SESSION|TERM_PROGRAM)$/, need: "terminal", os: ["windows"] },
  // The others tell where the user sits, and with which browser.
  { kind: "env", names: /^\w+$/, need: "user" },
  { kind: "net", names: /^(127\.0\.0\.1|\[::1\])$/, need: "user" },
  { kind: "net", names: /^(\*\.actions\.|dev\.azure\.|169\.254\.|localhost$)/, need: "application" },
  { kind: "net", names: /:443$/, need: "authority" },
  { kind: "ffi", names: /crypt32/, need: "key", os: ["windows"] },
  { kind: "run", names: /^secret-tool$/, need: "key", os: ["linux"] },
  { kind: "run", names: /security$/, need: "key", os: ["darwin"] },
  { kind: "run", names: /^(xdg-open|wslview)$/, need: "user", os: ["linux"] },
  // On Linux it is the way from WSL to the browser of Windows.
  { kind: "run", names: /^rundll32\.exe$/, need: "user", os: ["linux", "windows"] },
  { kind: "run", names: /^(open$|\/Applications\/)/, need: "user", os: ["darwin"] },
  { kind: "run", names: /^tee$/, need: "question", os: ["linux", "darwin"] },
  { kind: "run", names: /^[\w-]+$/, need: "user" },
];

const NETWORK: readonly Need[] = ["authority", "certificate"];
const REFRESH: readonly Need[] = [
  "folder",
  "change",
  "profile",
  "settings",
  "key",
  ...NETWORK,
  "msal",
  "application",
  "proof",
  "terminal",
];
const TOKEN: readonly Need[] = [...REFRESH, "user", "question"];

/** What each command needs. */
const COMMAND_NEEDS: Readonly<Record<string, readonly Need[]>> = {
  "get-token": [...TOKEN, "kubernetes"],
  "exec": TOKEN,
  "credential-helper": TOKEN,
  "refresh": REFRESH,
  "inspect": ["folder", "profile", "settings", "key", ...NETWORK, "terminal"],
  "status": ["folder", "key", "terminal"],
  "explain": ["folder", "profile", "settings", "terminal"],
  "clear-cache": ["folder", "change", "profile", "key", "question", "terminal"],
  "create-profile": ["folder", "change", "key", "question", "terminal"],
  "list-profiles": ["folder", "settings", "key", "terminal"],
  "show-profile": ["folder", "profile", "settings", "key", "terminal"],
  "edit-profile": ["folder", "change", "key", "question", "terminal"],
  "delete-profile": ["folder", "change", "key", "question", "terminal"],
  "export-profile": ["folder", "key", "question", "terminal"],
  "import-profile": ["folder", "change", "key", "question", "terminal"],
  "doctor": [...TOKEN.filter((need) => need !== "msal"), "machine"],
  "completions": ["folder", "terminal"],
  "permissions": ["folder", "certificate", "proof", "terminal"],
};

/** The commands that need a permission at all, but for showing their help. */
export const COMMANDS_WITH_NEEDS: readonly string[] = Object.keys(COMMAND_NEEDS);

/** What `command` needs; without one, what any of them does. Undefined for a command that isn't there. */
export function needsOf(command: string | undefined): readonly Need[] | undefined {
  if (command === undefined) return [...new Set(Object.values(COMMAND_NEEDS).flat())];
  return Object.hasOwn(COMMAND_NEEDS, command) ? COMMAND_NEEDS[command] : undefined;
}

/** What a permission of `deno.json` is for, or undefined where no rule says so. */
export function needFor(kind: GrantKind, name: string): Need | undefined {
  return ruleFor(kind, name)?.need;
}

function ruleFor(kind: GrantKind, name: string): Rule | undefined {
  return RULES.find((rule) => rule.kind === kind && rule.names.test(name));
}

/** The part of a permission set that serves `needs` on one system. What the set grants without a name is left out. */
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
    ffi: named("ffi"),
  };
}
