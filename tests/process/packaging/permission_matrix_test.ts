import { assertEquals } from "@std/assert";
import { join } from "@std/path/join";
import { COMMAND_NAMES } from "../../../src/cli/program.ts";
import { APPLICATION_VARIABLES, MACHINE_VARIABLES } from "../../support/secrets/application_variables.ts";
import {
  type Asked,
  covers,
  type Documented,
  listed,
  PermissionMatrix,
  SAVING,
  type Use,
} from "../../support/program/permission_matrix.ts";
import { createProfileArgs, openSandbox } from "../../support/program/sandbox.ts";

const SHOWN = ["--force", "--show-url", "--timeout", "30s"];
const AT_URL = "at the URL that is shown";
const TENANT = "11111111-2222-4333-8444-555555555555";
const IDS = ["--tenant-id", TENANT, "--client-id", TENANT];
const AZURE_REPOS = "protocol=https\nhost=dev.azure.com\n\n";
const AZURE_REPOS_SCOPE = "499b84ac-1321-427f-aa17-267ca6975798/user_impersonation";
const PORTABLE = JSON.stringify({
  format: "entra-auth-cli-profiles",
  version: 1,
  profiles: { default: { tenantId: TENANT, clientId: TENANT, flow: "interactive", scopes: ["User.Read"] } },
});
const ANYTHING = /^/;
/** Variables that only redact the home directory, find an opener, or describe a proxy in an error. */
const UNESSENTIAL = /^--allow-env=(HOME|PATH|\w+_PROXY)$/i;

/** Uses of each command. Add a line here for a new command. */
const USES: readonly Use[] = [
  { args: ["get-token"] },
  { args: ["get-token", ...SHOWN], signsIn: AT_URL, continuesWithout: /^--allow-(write=|run=cat$)/ },
  {
    args: ["get-token", "--force", "--flow", "device-code"],
    signsIn: "with the code that is shown",
    continuesWithout: SAVING,
  },
  { args: ["get-token", "--force"], code: 9, continuesWithout: SAVING, silentWithout: SAVING },
  { args: ["get-token", "--output", "exec-credential"] },
  { args: ["exec", "--", "true"], runs: "true" },
  { args: ["serve", "--for", "10ms"], continuesWithout: /^--allow-run=cat$/ },
  { args: ["credential-helper", "--profile", "repos", "get"], stdin: AZURE_REPOS },
  { args: ["refresh"] },
  { args: ["inspect"] },
  { args: ["inspect", "--verify"] },
  { args: ["status"] },
  { args: ["explain", "AADSTS50011"] },
  { args: ["clear-cache"] },
  { args: ["create-profile", "--name", "other", ...IDS] },
  {
    args: [
      "create-profile",
      "--name",
      "app",
      "--flow",
      "client-credentials",
      "--client-secret-stdin",
      ...IDS,
    ],
    stdin: "a secret\n",
  },
  { args: ["list-profiles"] },
  { args: ["show-profile"] },
  { args: ["use-profile", "default"] },
  { args: ["edit-profile", "--name", "default", "--scope", "Mail.Read"] },
  { args: ["edit-profile", "--name", "default", "--rename", "other"] },
  { args: ["delete-profile", "--name", "default"] },
  { args: ["export-profile", "--all"] },
  {
    args: ["export-profile", "--all", "--include-secrets", "--passphrase-stdin"],
    stdin: "a passphrase of many words\n",
  },
  { args: ["import-profile", "--force"], stdin: PORTABLE },
  { args: ["completions", "bash"] },
  // A completion prints words or nothing.
  { args: ["__complete", "get-token", "--profile", ""], continuesWithout: ANYTHING, silentWithout: ANYTHING },
  { args: ["permissions"] },
  { args: ["az", "account", "get-access-token", "--scope", "User.Read"] },
  { args: ["azd", "auth", "token", "--scope", "User.Read"] },
  { args: ["docker-credential", "get"], stdin: "docker.io", code: 1 },
  { args: ["permissions", "get-token"] },
  { args: ["doctor"], continuesWithout: ANYTHING, silentWithout: UNESSENTIAL },
];

/** Uses of commands with files that the user names, in `folder` and, if written, in a folder in it. */
async function usesOfFiles(folder: string, token: string, origin: string): Promise<Use[]> {
  const out = join(folder, "out");
  await Deno.mkdir(out);
  const written = { read: [out], write: [out] };
  const file = async (name: string, text: string) => {
    await Deno.writeTextFile(join(folder, name), text);
    return join(folder, name);
  };
  const given = await file("token", token);
  const portable = await file("portable.json", PORTABLE);
  const passphrase = await file("passphrase", "a passphrase of many words\n");
  const sent = ["--scope", "User.Read", "--allow-host", new URL(origin).host];
  const sealing = ["export-profile", "--all", "--include-secrets", "--passphrase-file", passphrase];
  return [
    { args: ["get-token", "--file", join(out, "token")], opens: written },
    { args: ["inspect", "--file", given], opens: { read: [given] } },
    // The provider is an API too, at the permitted host of the authority.
    {
      args: ["request", "POST", `${origin}/missing`, "--body", `@${given}`, ...sent],
      opens: { read: [given] },
      code: 1,
    },
    { args: ["export-profile", "--all", "--file", join(out, "profiles.json")], opens: written },
    { args: sealing, opens: { read: [passphrase] } },
    { args: ["import-profile", "--force", "--file", portable], opens: { read: [portable] } },
    { args: ["install-shims", out, "--program", given], opens: written },
  ];
}

/** Commands that get a token, or choose a browser, in the same way as another one, which is tested. */
const LIKE: Readonly<Record<string, string>> = {
  "exec": "get-token",
  "credential-helper": "get-token",
  "serve": "get-token",
  "request": "get-token",
  "az": "refresh",
  "azd": "refresh",
  "docker-credential": "get-token",
  "permissions": "get-token",
};

/** Read only on a terminal, without a configured folder, after a network failure, or for a keyring that is locked. */
const ELSEWHERE = /^(HOME|NO_COLOR|USER|TERM|LANG|LC_\w+|\w+_PROXY|(WAYLAND_)?DISPLAY)$/i;
/** The variables of applications have their own test. */
const BY_APPLICATIONS: readonly string[] = [...APPLICATION_VARIABLES, ...MACHINE_VARIABLES];

/** Returns whether this is where `doctor` looks for a program, as long as it finds none. */
function isPlace({ kind, name }: Documented): boolean {
  return kind === "read" && /\/(az|xdg-open)$/.test(name);
}

/** Returns whether to run a command without a permission. What others withhold, `permissions` itself needs once. */
function isWithheld({ args: [command, argument] }: Use, one: Documented): boolean {
  const isRepeated = command === "permissions" && argument !== undefined;
  return !isPlace(one) && (!isRepeated || one.name === "ENTRA_AUTH_CLI_PROFILE");
}

/**
 * Deno does not log started programs: the tests of the key stores, the terminal and the browser cover them. The registry in
 * the test of docker-credential has another name.
 */
function isUsedElsewhere({ kind, name }: Documented): boolean {
  return kind === "run" || isPlace({ kind, name }) || name.startsWith("*.azurecr.") ||
    kind === "env" && (ELSEWHERE.test(name) || BY_APPLICATIONS.includes(name));
}

Deno.test({
  name: "each command works with exactly its documented permissions and names each missing one",
  // An executable has fixed permissions.
  ignore: Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined || Deno.build.os !== "linux",
  async fn(test) {
    await using sandbox = await openSandbox();
    const { stdout: token } = await sandbox.signIn(["get-token"]);
    await sandbox.run(createProfileArgs("repos", sandbox.provider));
    await sandbox.signIn(["get-token", "--profile", "repos", "--scope", AZURE_REPOS_SCOPE]);
    const matrix = new PermissionMatrix(sandbox);
    const askedBy = new Map<string, Asked[]>();
    const named = (use: Use) => use.args[0] === "__complete" ? "completions" : use.args[0] ?? "";

    for (const use of [...USES, ...await usesOfFiles(sandbox.folder, token, sandbox.provider.origin)]) {
      await test.step(use.args.join(" ").replaceAll(sandbox.folder, ""), async () => {
        const documented = await matrix.documented(named(use));
        const asked = await matrix.examine(use, documented, (one) => isWithheld(use, one));
        askedBy.set(named(use), [...asked, ...askedBy.get(named(use)) ?? []]);
      });
    }

    await test.step("every documented permission is used", async () => {
      assertEquals([...askedBy.keys()].toSorted(), COMMAND_NAMES.toSorted());
      for (const [command, asked] of askedBy) {
        const used = [...asked, ...askedBy.get(LIKE[command] ?? command) ?? []];
        const unused = listed(await matrix.documented(command)).filter((one) =>
          !used.some((asked) => covers(one, asked)) && !isUsedElsewhere(one)
        );
        assertEquals(unused, [], command);
      }
    });
  },
});
