/**
 * Runs the tests that attack the program and prints a table: for each group its cases, how many the program survived, how
 * many it lost, and how many tests were ignored because this machine lacks something. The exit code is 1 if a case was
 * lost or a group had none. Arguments select the groups whose names contain one of them.
 *
 * A case is a test, a step of a test, or one of the cases that a test counts in a line such as `faults: 1530 cases, …`.
 */

import { Table } from "@cliffy/table";
import { say } from "../offline/npm_package.ts";

/** Test files that attack the program in one way. */
interface Group {
  readonly group: string;
  readonly files: readonly string[];
}

/** The groups in the order of the table. */
export const GROUPS: readonly Group[] = [
  {
    group: "hostile callbacks",
    files: [
      "tests/process/hostile/hostile_callback_test.ts",
      "tests/unit/loopback/hostile_requests_test.ts",
      "tests/unit/loopback/validate_callback_test.ts",
      "tests/unit/loopback/callback_request_test.ts",
      "tests/unit/loopback/callback_traffic_test.ts",
      "tests/unit/loopback/connections_test.ts",
    ],
  },
  {
    group: "browsers and values of BROWSER",
    files: [
      "tests/process/sign_in/browser_variable_test.ts",
      "tests/unit/browser/opener_test.ts",
      "tests/unit/browser/open_browser_test.ts",
      "tests/unit/browser/real_opener_test.ts",
      "tests/process/sign_in/system_opener_test.ts",
    ],
  },
  {
    group: "faulty responses of an authority",
    files: ["tests/unit/entra/faulty_authority_test.ts", "tests/unit/entra/errors/entra_error_test.ts"],
  },
  {
    group: "floods, broken responses, wrong TLS",
    files: [
      "tests/process/hostile/hostile_server_test.ts",
      "tests/unit/system/network/broken_connection_test.ts",
      "tests/unit/system/network/broken_http2_test.ts",
      "tests/unit/system/network/network_error_test.ts",
    ],
  },
  {
    group: "wrong clocks",
    files: [
      "tests/process/network/clock_test.ts",
      "tests/unit/entra/device_authorization_test.ts",
      "tests/unit/system/network/throttle_state_test.ts",
    ],
  },
  {
    group: "failing and full disks",
    files: ["tests/process/store/bad_disk_test.ts", "tests/process/store/disk_modes_test.ts"],
  },
  {
    group: "kills and power cuts",
    files: ["tests/process/store/store_crash_test.ts", "tests/process/store/crash_test.ts"],
  },
  {
    group: "damaged and planted files",
    files: [
      "tests/unit/store/damaged_files_property_test.ts",
      "tests/unit/profiles/damaged_profiles_property_test.ts",
      "tests/process/store/bad_store_test.ts",
      "tests/process/store/store_attack_test.ts",
      "tests/process/store/key_store_test.ts",
    ],
  },
  {
    group: "named files and pipes",
    files: ["tests/process/hostile/named_files_test.ts", "tests/unit/system/files/user_files_test.ts"],
  },
  {
    group: "other users and root",
    files: [
      "tests/process/hostile/other_users_test.ts",
      "tests/unit/system/network/connection_owner_test.ts",
      "tests/unit/system/files/private_folder_test.ts",
      "tests/unit/system/files/lock_mode_test.ts",
    ],
  },
  {
    group: "lost refresh tokens",
    files: ["tests/process/sign_in/refresh_test.ts", "tests/unit/flows/get_token/get_token_test.ts"],
  },
  {
    group: "copied, older and former tokens",
    files: [
      "tests/process/profiles/profile_identity_test.ts",
      "tests/unit/flows/get_token/deleted_profile_test.ts",
      "tests/unit/flows/tokens/forget_tokens_test.ts",
      "tests/unit/store/move_key_test.ts",
    ],
  },
  {
    group: "other accounts",
    files: [
      "tests/process/sign_in/accounts_test.ts",
      "tests/unit/flows/get_token/expected_account_test.ts",
      "tests/unit/entra/id_token_test.ts",
    ],
  },
  {
    group: "commands to a CI log",
    files: [
      "tests/process/hostile/log_commands_test.ts",
      "tests/unit/text/plain_text_test.ts",
      "tests/unit/cli/output/document_format_test.ts",
    ],
  },
  {
    group: "forged tokens and signing keys",
    files: ["tests/unit/entra/verify_token_test.ts", "tests/unit/entra/decode_token_test.ts"],
  },
  {
    group: "certificates and private keys",
    files: [
      "tests/process/applications/certificate_files_test.ts",
      "tests/unit/credentials/certificate/read_certificate_test.ts",
    ],
  },
  {
    group: "proxies and root certificates",
    files: ["tests/process/network/network_test.ts", "tests/unit/system/network/proxy_error_test.ts"],
  },
  {
    group: "scopes, hosts and nested JSON",
    files: [
      "tests/unit/profiles/settings_test.ts",
      "tests/unit/identity/scopes_test.ts",
      "tests/unit/cli/commands/credential_helper_test.ts",
      "tests/unit/text/json_test.ts",
    ],
  },
  {
    group: "parents, limits and started commands",
    files: ["tests/process/integrations/exec_test.ts", "tests/unit/system/files/disk_faults_test.ts"],
  },
  {
    group: "signals and closed pipes",
    files: ["tests/process/terminal/signals_test.ts", "tests/process/terminal/output_test.ts"],
  },
  {
    group: "soak (random kills)",
    files: ["tests/process/store/soak_test.ts", "tests/process/store/many_processes_test.ts"],
  },
  {
    group: "secrets in output, files and processes",
    files: [
      "tests/process/store/storage_test.ts",
      "tests/process/hostile/secrets_of_children_test.ts",
      "tests/process/hostile/started_programs_test.ts",
      "tests/process/hostile/crash_output_test.ts",
      "tests/unit/support/secret_watch_test.ts",
    ],
  },
];

/** The result of a group. */
export interface Tally {
  readonly survived: number;
  readonly lost: number;
  /** Tests that this machine cannot run. */
  readonly ignored: number;
}

/** Counts the tests, their steps and the cases that tests count themselves in the output of `deno test`. */
export function count(output: string): Tally {
  const [summary = ""] = /^(?:ok|FAILED) \| .*$/m.exec(output) ?? [];
  const summed = (word: string) => {
    const [, tests = 0, steps = 0] = new RegExp(`(\\d+) ${word}(?: \\((\\d+) steps?\\))?`).exec(summary) ??
      [];
    return Number(tests) + Number(steps);
  };
  // A test prints such a line at its end if it survived every case. The test itself is counted already.
  const counted = [...output.matchAll(/^[a-z ]+: (\d+) (?:cases|operations),/gm)];
  const more = counted.reduce((sum, [, cases]) => sum + Number(cases) - 1, 0);
  return { survived: summed("passed") + more, lost: summed("failed"), ignored: summed("ignored") };
}
async function run(files: readonly string[]): Promise<{ tally: Tally; output: string; success: boolean }> {
  const flags = (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "--allow-all", "scripts/check/test.ts", "--bundle", ...files],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return { tally: count(output), output, success };
}

async function main(words: readonly string[]): Promise<number> {
  const rows: [string, ...number[]][] = [];
  let passed = true;
  for (const { group, files } of GROUPS) {
    if (words.length > 0 && !words.some((word) => group.includes(word))) continue;
    const { tally: { survived, lost, ignored }, output, success } = await run(files);
    say(`${group}: ${survived} survived, ${lost} lost`);
    rows.push([group, survived + lost, survived, lost, ignored]);
    if (success && survived > 0) continue;
    passed = false;
    await Deno.stderr.write(new TextEncoder().encode(output));
  }
  const total = [1, 2, 3, 4].map((column) => rows.reduce((sum, row) => sum + Number(row[column]), 0));
  const table = new Table().header(["attack", "cases", "survived", "lost", "ignored"])
    .body([...rows, ["all", ...total]]);
  await Deno.stdout.write(new TextEncoder().encode(`${table.toString()}\n`));
  return passed && rows.length > 0 ? 0 : 1;
}

if (import.meta.main) {
  Deno.chdir(new URL("../../", import.meta.url));
  Deno.exit(await main(Deno.args));
}
