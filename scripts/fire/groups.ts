/** Tests that attack the program in one way. */
export interface Group {
  readonly group: string;
  readonly files: readonly string[];
}

/** Who attacks, and with what: in the order of the table that `scripts/fire.ts` prints. */
export const GROUPS: readonly Group[] = [
  {
    group: "callbacks that are none",
    files: [
      "tests/process/hostile_callback_test.ts",
      "tests/unit/loopback/hostile_requests_test.ts",
      "tests/unit/loopback/judge_callback_test.ts",
      "tests/unit/loopback/admit_request_test.ts",
      "tests/unit/loopback/callback_traffic_test.ts",
    ],
  },
  {
    group: "browsers and what BROWSER holds",
    files: [
      "tests/process/browser_variable_test.ts",
      "tests/unit/browser/opener_test.ts",
      "tests/unit/browser/open_browser_test.ts",
      "tests/unit/browser/real_opener_test.ts",
      "tests/process/system_opener_test.ts",
    ],
  },
  {
    group: "an authority that lies",
    files: ["tests/unit/entra/lying_authority_test.ts", "tests/unit/entra/entra_error_test.ts"],
  },
  {
    group: "floods, broken answers, wrong TLS",
    files: [
      "tests/process/hostile_server_test.ts",
      "tests/unit/system/broken_connection_test.ts",
      "tests/unit/system/broken_http2_test.ts",
      "tests/unit/system/network_error_test.ts",
    ],
  },
  {
    group: "clocks",
    files: [
      "tests/process/clock_test.ts",
      "tests/unit/entra/device_polling_test.ts",
      "tests/unit/system/pauses_test.ts",
    ],
  },
  {
    group: "disks that fail or are full",
    files: ["tests/process/bad_disk_test.ts", "tests/process/disk_modes_test.ts"],
  },
  {
    group: "kills and power cuts",
    files: ["tests/process/store_crash_test.ts", "tests/process/crash_test.ts"],
  },
  {
    group: "damaged and planted files",
    files: [
      "tests/unit/store/damaged_files_property_test.ts",
      "tests/unit/profiles/damaged_profiles_property_test.ts",
      "tests/process/bad_store_test.ts",
      "tests/process/store_attack_test.ts",
    ],
  },
  {
    group: "signals and closed pipes",
    files: ["tests/process/signals_test.ts", "tests/process/output_test.ts"],
  },
  { group: "soak", files: ["tests/process/soak_test.ts", "tests/process/many_processes_test.ts"] },
  {
    group: "secrets",
    files: [
      "tests/process/storage_test.ts",
      "tests/process/secrets_of_children_test.ts",
      "tests/process/started_programs_test.ts",
      "tests/process/crash_output_test.ts",
      "tests/unit/support/secret_watch_test.ts",
    ],
  },
];
