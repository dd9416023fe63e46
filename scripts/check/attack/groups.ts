/** Tests that attack the program in one way. */
export interface Group {
  readonly group: string;
  readonly files: readonly string[];
}

/** Who attacks, and with what: in the order of the table that `scripts/check/attack.ts` prints. */
export const GROUPS: readonly Group[] = [
  {
    group: "callbacks that are none",
    files: [
      "tests/process/hostile/hostile_callback_test.ts",
      "tests/unit/loopback/hostile_requests_test.ts",
      "tests/unit/loopback/validate_callback_test.ts",
      "tests/unit/loopback/callback_request_test.ts",
      "tests/unit/loopback/callback_traffic_test.ts",
    ],
  },
  {
    group: "browsers and what BROWSER holds",
    files: [
      "tests/process/sign_in/browser_variable_test.ts",
      "tests/unit/browser/opener_test.ts",
      "tests/unit/browser/open_browser_test.ts",
      "tests/unit/browser/real_opener_test.ts",
      "tests/process/sign_in/system_opener_test.ts",
    ],
  },
  {
    group: "an authority that lies",
    files: ["tests/unit/entra/faulty_authority_test.ts", "tests/unit/entra/errors/entra_error_test.ts"],
  },
  {
    group: "floods, broken answers, wrong TLS",
    files: [
      "tests/process/hostile/hostile_server_test.ts",
      "tests/unit/system/network/broken_connection_test.ts",
      "tests/unit/system/network/broken_http2_test.ts",
      "tests/unit/system/network/network_error_test.ts",
    ],
  },
  {
    group: "clocks",
    files: [
      "tests/process/network/clock_test.ts",
      "tests/unit/entra/device_polling_test.ts",
      "tests/unit/system/network/throttle_state_test.ts",
    ],
  },
  {
    group: "disks that fail or are full",
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
    ],
  },
  {
    group: "signals and closed pipes",
    files: ["tests/process/terminal/signals_test.ts", "tests/process/terminal/output_test.ts"],
  },
  {
    group: "soak",
    files: ["tests/process/store/soak_test.ts", "tests/process/store/many_processes_test.ts"],
  },
  {
    group: "secrets",
    files: [
      "tests/process/store/storage_test.ts",
      "tests/process/hostile/secrets_of_children_test.ts",
      "tests/process/hostile/started_programs_test.ts",
      "tests/process/hostile/crash_output_test.ts",
      "tests/unit/support/secret_watch_test.ts",
    ],
  },
];
