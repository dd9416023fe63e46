/** A guard of the program, taken away. */
export interface Mutant {
  /** What is missing then. */
  readonly guard: string;
  /** The file that has it. */
  readonly file: string;
  /** The text of the guard, which stands in the file once. */
  readonly find: string;
  /** What takes its place. */
  readonly replace: string;
  /** Tests, of which at least one has to fail. */
  readonly tests: readonly string[];
}

const ID_TOKEN_TESTS = ["tests/unit/entra/id_token_test.ts"];
const CLIENT_TESTS = ["tests/unit/entra/msal_token_client_test.ts"];
const CALLBACK_TESTS = ["tests/unit/loopback/judge_callback_test.ts"];
const POLLING_TESTS = ["tests/unit/entra/device_polling_test.ts"];
const CRASH_TESTS = ["tests/process/store_crash_test.ts"];

/** What a sign-in and the tokens rest on, each taken away by itself. */
export const MUTANTS: readonly Mutant[] = [
  {
    guard: "PKCE in the authorization request",
    file: "src/entra/msal_token_client.ts",
    find: `          codeChallenge: challenge,\n          codeChallengeMethod: "S256",\n`,
    replace: "",
    tests: CLIENT_TESTS,
  },
  {
    guard: "a verifier that is random",
    file: "src/entra/proof_key.ts",
    find: "crypto.getRandomValues(new Uint8Array(RANDOM_OCTETS))",
    replace: "new Uint8Array(RANDOM_OCTETS)",
    tests: ["tests/unit/entra/proof_key_test.ts"],
  },
  {
    guard: "the type of a refresh token",
    file: "src/entra/token_response.ts",
    find: "  judgeRefreshToken(body.refresh_token);\n",
    replace: "",
    tests: ["tests/unit/entra/token_response_test.ts"],
  },
  {
    guard: "the state of the callback",
    file: "src/loopback/judge_callback.ts",
    find: " || !isSame(state, expected.state.reveal())",
    replace: "",
    tests: CALLBACK_TESTS,
  },
  {
    guard: "the issuer of the callback",
    file: "src/loopback/judge_callback.ts",
    find: `if (!expected.acceptsIssuer(value("iss")))`,
    replace: "if (false)",
    tests: CALLBACK_TESTS,
  },
  {
    guard: "a state that is used once",
    file: "src/loopback/callback_receiver.ts",
    find: "if (this.#isStateUsed) return this.#respond(410, finishedPage());",
    replace: "",
    tests: ["tests/unit/loopback/callback_server_test.ts"],
  },
  {
    guard: "the Host of the callback",
    file: "src/loopback/admit_request.ts",
    find: `if (!isOurs(host, port) || !isOurs(authority, port)) return refused(421, "wrongHost");`,
    replace: "",
    tests: ["tests/unit/loopback/admit_request_test.ts"],
  },
  {
    guard: "a port that only this machine reaches",
    file: "src/loopback/listen_on_loopback.ts",
    find: `["127.0.0.1", "::1"]`,
    replace: `["0.0.0.0", "::"]`,
    tests: ["tests/unit/loopback/callback_server_test.ts"],
  },
  {
    guard: "the nonce of the ID token",
    file: "src/entra/id_token.ts",
    find: "expected.nonce !== null && claims.nonce !== expected.nonce",
    replace: "false",
    tests: ID_TOKEN_TESTS,
  },
  {
    guard: "the tenant of the ID token",
    file: "src/entra/id_token.ts",
    find: "fixed !== null && tenantId !== fixed",
    replace: "false",
    tests: ID_TOKEN_TESTS,
  },
  {
    guard: "the issuer of the ID token",
    file: "src/entra/id_token.ts",
    find: `text(claims, "iss") !== expectedIssuer(expected.authority, expected.metadata, tenantId)`,
    replace: "false",
    tests: ID_TOKEN_TESTS,
  },
  {
    guard: "the audience of the ID token",
    file: "src/entra/id_token.ts",
    find: `text(claims, "aud").toLowerCase() !== expected.clientId.toLowerCase()`,
    replace: "false",
    tests: ID_TOKEN_TESTS,
  },
  {
    guard: "the times of the ID token",
    file: "src/entra/id_token.ts",
    find: "  judgeTimes(claims, expected.nowMs / 1000);\n",
    replace: "",
    tests: ID_TOKEN_TESTS,
  },
  {
    guard: "an ID token that is signed",
    file: "src/entra/id_token.ts",
    find: `  if (!isSigned(idToken)) throw invalid("it is not signed");\n`,
    replace: "",
    tests: ID_TOKEN_TESTS,
  },
  {
    guard: "https on the authority's own host",
    file: "src/entra/send_to_authority.ts",
    find: `address?.protocol === "https:" && address.host === authority.host && !hasUser`,
    replace: "true",
    tests: ["tests/unit/entra/guarded_network_test.ts"],
  },
  {
    guard: "the refusal to follow redirects",
    file: "src/system/send_request.ts",
    find: `redirect: "manual"`,
    replace: `redirect: "follow"`,
    tests: ["tests/unit/system/network_test.ts"],
  },
  {
    guard: "the limit to the size of an answer",
    file: "src/system/read_body.ts",
    find: "size > maxBytes",
    replace: "false",
    tests: ["tests/unit/system/network_test.ts"],
  },
  {
    guard: "a code that is posted once",
    file: "src/entra/msal_app.ts",
    find: `repeat = "never"`,
    replace: `repeat = "always"`,
    tests: CLIENT_TESTS,
  },
  {
    guard: "a refresh that is not sent again when its answer was lost",
    file: "src/system/patient_network.ts",
    find: ` || !error.mayHaveArrived`,
    replace: " || true",
    tests: ["tests/unit/system/patient_network_test.ts"],
  },
  {
    guard: "an end to every pause, whatever the clock says",
    file: "src/system/pauses.ts",
    find: " && untilMs - nowMs <= LONGEST_PAUSE_MS",
    replace: "",
    tests: ["tests/unit/system/pauses_test.ts"],
  },
  {
    guard: "a proxy that is named without user and password",
    file: "src/system/proxy.ts",
    find: "return { host, hasUser: user !== undefined };",
    replace: "return { host: `${user}@${host}`, hasUser: user !== undefined };",
    tests: ["tests/unit/system/proxy_test.ts"],
  },
  {
    guard: "the lock around every change of the store",
    file: "src/store/guarded_file.ts",
    find:
      "    using _lock = await this.#lock(options);\n    const opened = await this.#open();\n    const changed",
    replace: "    const opened = await this.#open();\n    const changed",
    tests: ["tests/unit/store/store_processes_test.ts"],
  },
  {
    guard: "one refresh at a time",
    file: "src/store/encrypted_token_store.ts",
    find: "    using _turn = await this.#takeTurn(profile, { signal });\n    return await work();",
    replace: "    return await work();",
    tests: ["tests/unit/store/encrypted_token_store_test.ts"],
  },
  {
    guard: "the sync of a file before its rename",
    file: "src/system/files.ts",
    find: "  await file.sync();\n",
    replace: "",
    tests: CRASH_TESTS,
  },
  {
    guard: "the sync of the folder after a rename",
    file: "src/system/replace_file.ts",
    find: "  await files.syncFolder(folder);\n",
    replace: "",
    tests: CRASH_TESTS,
  },
  {
    guard: "a rename in one step",
    file: "src/system/replace_file.ts",
    find: "    await files.rename(temporary, path);\n",
    replace: "    await files.remove(path);\n    await files.rename(temporary, path);\n",
    tests: CRASH_TESTS,
  },
  {
    guard: "the mode of files",
    file: "src/system/files.ts",
    find: "FILE_MODE = 0o600",
    replace: "FILE_MODE = 0o644",
    tests: ["tests/unit/system/files_test.ts"],
  },
  {
    guard: "stars in place of a secret",
    file: "src/secret.ts",
    find: "  toString(): string {\n    return STARS;",
    replace: "  toString(): string {\n    return this.#value;",
    tests: ["tests/unit/secret_test.ts"],
  },
  {
    guard: "the account of a refreshed token",
    file: "src/entra/msal_token_client.ts",
    find: "!isSameAccount(issued.token.account, account)",
    replace: "false",
    tests: CLIENT_TESTS,
  },
  {
    guard: "the page where a device code is entered",
    file: "src/entra/device_code.ts",
    find: "url.host === host || VERIFICATION_HOSTS.includes(url.host) ? url.href : null",
    replace: "url.href",
    tests: ["tests/unit/entra/device_code_test.ts"],
  },
  {
    guard: "the wait between two polls for a device code",
    file: "src/entra/device_polling.ts",
    find: "    await clock.wait(Math.min(waitMs, Math.max(life.leftMs(), 0)), signal);\n",
    replace: "    signal.throwIfAborted();\n",
    tests: POLLING_TESTS,
  },
  {
    guard: "five seconds more after slow_down",
    file: "src/entra/device_polling.ts",
    find: "intervalMs += SLOW_DOWN_MS",
    replace: "intervalMs += 0",
    tests: POLLING_TESTS,
  },
  {
    guard: "the longest life of a device code",
    file: "src/entra/device_code.ts",
    find: "LONGEST_LIFE_SECONDS = 15 * 60",
    replace: "LONGEST_LIFE_SECONDS = 24 * 60 * 60",
    tests: ["tests/unit/entra/device_code_test.ts"],
  },
  {
    guard: "the end of the other ways once one has won",
    file: "src/flows/race.ts",
    find: "    this.#over.abort();\n",
    replace: "",
    tests: ["tests/unit/flows/remote_sign_in_test.ts"],
  },
  {
    guard: "the origin of a pasted address",
    file: "src/loopback/pasted_address.ts",
    find: "url.origin === new URL(redirectUri).origin && ",
    replace: "",
    tests: ["tests/unit/loopback/pasted_address_test.ts"],
  },
  {
    guard: "the expected account of what is cached",
    file: "src/flows/get_silently.ts",
    find: "if (session !== null) assertExpected(session.account, expect, key);",
    replace: "",
    tests: ["tests/unit/flows/expected_account_test.ts"],
  },
  {
    guard: "the expected account of a sign-in",
    file: "src/flows/ask_user.ts",
    find: "assertExpected(issued.token.account, request.expect, request.key, session?.account);",
    replace: "",
    tests: ["tests/unit/flows/expected_account_test.ts"],
  },
  {
    guard: "the account that an expected user is pinned to",
    file: "src/expected_account.ts",
    find: "pinned.homeAccountId !== account.homeAccountId",
    replace: "false",
    tests: ["tests/unit/expected_account_test.ts"],
  },
  {
    guard: "a deleted profile that gets no token",
    file: "src/flows/ask_user.ts",
    find: "if (hasProfile && !await dependencies.profileExists())",
    replace: "if (false)",
    tests: ["tests/unit/flows/deleted_profile_test.ts"],
  },
  {
    guard: "one resource in a token",
    file: "src/profiles/settings.ts",
    find: "assertOneToken(scopes, base, profileName);",
    replace: "",
    tests: ["tests/unit/profiles/settings_test.ts"],
  },
  {
    guard: "tokens that stay where their profile can't be deleted",
    file: "src/flows/change_profile.ts",
    find: "await profiles.assertWritable();",
    replace: "",
    tests: ["tests/unit/flows/carry_profiles_test.ts"],
  },
  {
    guard: "a profile that no import overwrites unasked",
    file: "src/profiles/profile_book.ts",
    find: "if (!overwrite && Object.hasOwn(present, profile.name))",
    replace: "if (false)",
    tests: ["tests/unit/flows/carry_profiles_test.ts"],
  },
  {
    guard: "a former application's secret that isn't exported",
    file: "src/flows/carry_profiles.ts",
    find: "kept?.clientId !== profile.clientId ||",
    replace: "kept === null ||",
    tests: ["tests/unit/flows/carry_profiles_test.ts"],
  },
  {
    guard: "a secret that no other authority is sent",
    file: "src/wiring/open_credential.ts",
    find: " || secrets.authority !== (profile?.authority ?? null)",
    replace: "",
    tests: ["tests/process/client_secret_test.ts"],
  },
  {
    guard: "the whole name of a host that git asks for",
    file: "src/commands/git_credential.ts",
    find: "[a-z0-9-]+\\.visualstudio",
    replace: "[^.]+\\.visualstudio",
    tests: ["tests/unit/commands/git_credential_test.ts"],
  },
  {
    guard: "a report of doctor that names no user",
    file: "src/flows/doctor/examine.ts",
    find: "found.flat().map((finding) => redacted(finding, machine))",
    replace: "found.flat()",
    tests: ["tests/unit/flows/doctor/examine_test.ts"],
  },
  {
    guard: "a report of doctor without a proxy's password",
    file: "src/flows/doctor/redact.ts",
    find: `    .replace(/(?<=[a-z]:\\/\\/)[^/\\s@]*@/gi, "")\n`,
    replace: "",
    tests: ["tests/unit/flows/doctor/redact_test.ts"],
  },
  {
    guard: "a kept secret that isn't handed on to another application",
    file: "src/flows/change_secrets.ts",
    find: "kept?.clientId === clientId && kept.authority === authority ? kept : {}",
    replace: "kept ?? {}",
    tests: ["tests/unit/flows/change_secrets_test.ts"],
  },
  {
    guard: "a client secret that no other program gets",
    file: "src/system/spawn.ts",
    find: `  AZURE_CLIENT_SECRET: "",\n`,
    replace: "",
    tests: ["tests/process/secrets_of_children_test.ts"],
  },
];
