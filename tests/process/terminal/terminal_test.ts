import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ADA } from "../../support/provider/directory.ts";
import { plainScreen, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import type { Sandbox } from "../../support/program/sandbox.ts";
import { testOnTerminal } from "../../support/program/test_on_terminal.ts";

const CLIENT = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

async function profilesOf(sandbox: Sandbox): Promise<Record<string, unknown>[]> {
  return JSON.parse((await sandbox.run(["list-profiles", "--output", "json"])).stdout);
}

testOnTerminal("get-token on a terminal prints the status lines and not the token", async (sandbox) => {
  const terminal = await startOnTerminal(sandbox, "entra-auth-cli get-token --flow interactive");
  await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
  const { code, stdout } = await terminal.ended;
  assertEquals(code, 0, stdout);
  assertMatch(
    plainScreen(stdout),
    new RegExp(
      "^Opening browser for authentication\\.\\.\\.\n✓ Browser opened\n⏳ Waiting for sign-in\\.\\.\\.\n" +
        "✓ Authentication successful!\nSigned in as \\S+\nToken expires: \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\n" +
        "Token saved to profile 'default'\nPrint it with: entra-auth-cli get-token --output token\n$",
    ),
  );

  const cached = await (await startOnTerminal(sandbox, "entra-auth-cli get-token")).ended;
  assertMatch(plainScreen(cached.stdout), /^✓ Using cached token\nToken expires: [\d-]{10} [\d:]{8}\n$/);
  const asked = await (await startOnTerminal(sandbox, "entra-auth-cli get-token --output token -q")).ended;
  assertMatch(plainScreen(asked.stdout), /^[\w-]+\.[\w-]+\.[\w-]+\n$/, "a form that is asked for is printed");
  const plain = await startOnTerminal(sandbox, "entra-auth-cli get-token", { env: { NO_COLOR: "1" } });
  assert(!(await plain.ended).stdout.includes("\x1b"), "NO_COLOR");
});

testOnTerminal("--help has colors on a terminal, but not on a dumb one", async (sandbox) => {
  const help = async (env: Record<string, string>) =>
    (await (await startOnTerminal(sandbox, "entra-auth-cli --help", { env })).ended).stdout;
  assert((await help({ TERM: "xterm" })).includes("\x1b"));
  assert(!(await help({ TERM: "dumb" })).includes("\x1b"));
});

testOnTerminal("get-token on a terminal exits with 130 on Ctrl-C", async (sandbox) => {
  const terminal = await startOnTerminal(sandbox, "entra-auth-cli get-token");
  await sandbox.browser.next();
  await terminal.stdoutMatch(/Waiting for sign-in/);
  await terminal.type("\x03");
  const { code, stdout } = await terminal.ended;
  assertEquals(code, 130, stdout);
  assert(!/^\s+at |Uncaught/m.test(stdout), stdout);
});

testOnTerminal("create-profile prompts for everything in the order of the specification", async (sandbox) => {
  const terminal = await startOnTerminal(sandbox, "entra-auth-cli create-profile");
  await terminal.stdoutMatch(/Profile Name/);
  await terminal.type("interactive-app\r");
  await terminal.stdoutMatch(/Tenant ID/);
  await terminal.type("contoso.onmicrosoft.com\r");
  await terminal.stdoutMatch(/Client ID/);
  await terminal.type(`${CLIENT}\r`);
  await terminal.stdoutMatch(/Flow/);
  await terminal.type("interactive\r");
  await terminal.stdoutMatch(/Scopes/);
  await terminal.type("User.Read Mail.Read\r");
  const { code, stdout } = await terminal.ended;
  assertEquals(code, 0, stdout);
  const screen = plainScreen(stdout);
  const places = ["Profile Name", "Tenant ID", "Client ID", "Flow", "Scopes"].map((label) =>
    screen.indexOf(label)
  );
  assertEquals(places, places.toSorted((a, b) => a - b), screen);
  assertStringIncludes(screen, "✓ Profile 'interactive-app' created");
  const profile = (await profilesOf(sandbox)).at(-1);
  assertEquals([profile?.name, profile?.tenant_id], ["interactive-app", "contoso.onmicrosoft.com"]);
  assertEquals([profile?.client_id, profile?.flow, profile?.scopes], [
    CLIENT,
    "interactive",
    ["User.Read", "Mail.Read"],
  ]);
});

testOnTerminal(
  "create-profile --name does not prompt for the name, and Enter accepts the defaults",
  async (sandbox) => {
    const terminal = await startOnTerminal(sandbox, "entra-auth-cli create-profile --name myapp");
    await terminal.stdoutMatch(/Tenant ID/);
    await terminal.type("common\r");
    await terminal.stdoutMatch(/Client ID/);
    await terminal.type(`${CLIENT.toUpperCase()}\r`);
    await terminal.stdoutMatch(/Flow/);
    await terminal.type("\r");
    await terminal.stdoutMatch(/Scopes/);
    await terminal.type("\r");
    const { code, stdout } = await terminal.ended;
    assertEquals(code, 0, stdout);
    assert(!stdout.includes("Profile Name"), stdout);
    const profile = (await profilesOf(sandbox)).at(-1);
    assertEquals([profile?.name, profile?.tenant_id, profile?.client_id], ["myapp", "common", CLIENT]);
    assertEquals([profile?.flow, profile?.scopes], ["interactive", ["User.Read"]]);
  },
);

testOnTerminal("create-profile suggests the name 'default' unless a profile has it", async (sandbox) => {
  const line = `entra-auth-cli create-profile --tenant-id common --client-id ${CLIENT}`;
  assertEquals((await sandbox.run(["delete-profile", "--name", "default"])).code, 0);
  const terminal = await startOnTerminal(sandbox, line);
  const [question] = await terminal.stdoutMatch(/Profile Name.* › $/);
  assertStringIncludes(question, "Profile Name (default)");
  await terminal.type("\r");
  const { code, stdout } = await terminal.ended;
  assertEquals(code, 0, stdout);
  assertEquals((await profilesOf(sandbox)).map(({ name }) => name), ["default"]);
  const next = await startOnTerminal(sandbox, line);
  await next.stdoutMatch(/Profile Name › $/);
  await next.type("\x03");
  assertEquals((await next.ended).code, 130);
});

testOnTerminal("create-profile explains an invalid value and prompts again", async (sandbox) => {
  const flags = `--name myapp --client-id ${CLIENT}`;
  const terminal = await startOnTerminal(sandbox, `entra-auth-cli create-profile ${flags}`);
  await terminal.stdoutMatch(/Tenant ID/);
  await terminal.type("contoso\r");
  await terminal.stdoutMatch(/Invalid tenant "contoso"/);
  // The invalid value can still be edited.
  await terminal.type(".example\r");
  await terminal.stdoutMatch(/Flow/);
  await terminal.type("\r");
  await terminal.stdoutMatch(/Scopes/);
  await terminal.type("\r");
  const { code, stdout } = await terminal.ended;
  assertEquals(code, 0, stdout);
  assertEquals((await profilesOf(sandbox)).at(-1)?.tenant_id, "contoso.example");
});

testOnTerminal("create-profile exits with 130 on Ctrl-C and creates nothing", async (sandbox) => {
  const terminal = await startOnTerminal(sandbox, "entra-auth-cli create-profile");
  await terminal.stdoutMatch(/Profile Name/);
  await terminal.type("half");
  await terminal.type("\x03");
  const { code, stdout } = await terminal.ended;
  assertEquals(code, 130, stdout);
  assertEquals((await profilesOf(sandbox)).map(({ name }) => name), ["default"]);
});

testOnTerminal(
  "create-profile with all values in flags does not prompt on a terminal",
  async (sandbox) => {
    const flags = `--name myapp --tenant-id common --client-id ${CLIENT}`;
    const { code, stdout } = await (await startOnTerminal(sandbox, `entra-auth-cli create-profile ${flags}`))
      .ended;
    assertEquals(code, 0, stdout);
    assert(!/Flow|Scopes/.test(stdout), stdout);
  },
);

testOnTerminal("create-profile prompts on the terminal and leaves stdout empty", async (sandbox) => {
  const file = `${sandbox.folder}/stdout`;
  const terminal = await startOnTerminal(sandbox, `entra-auth-cli create-profile --name myapp > '${file}'`);
  await terminal.stdoutMatch(/Tenant ID/);
  await terminal.type("common\r");
  await terminal.stdoutMatch(/Client ID/);
  await terminal.type(`${CLIENT}\r`);
  await terminal.stdoutMatch(/Flow/);
  await terminal.type("\r");
  await terminal.stdoutMatch(/Scopes/);
  await terminal.type("\r");
  assertEquals((await terminal.ended).code, 0);
  assertEquals(await Deno.readTextFile(file), "");
});

testOnTerminal(
  "delete-profile asks for confirmation, Enter means no, and --yes does not ask",
  async (sandbox) => {
    const hesitating = await startOnTerminal(sandbox, "entra-auth-cli delete-profile --name default");
    await hesitating.stdoutMatch(/Delete profile 'default' and its tokens\?/);
    await hesitating.type("\r");
    const kept = await hesitating.ended;
    assertEquals(kept.code, 0, kept.stdout);
    assertStringIncludes(kept.stdout, "Nothing was deleted");
    assertEquals((await profilesOf(sandbox)).length, 1);

    const sure = await startOnTerminal(sandbox, "entra-auth-cli delete-profile --name default");
    await sure.stdoutMatch(/Delete profile/);
    await sure.type("y\r");
    assertEquals((await sure.ended).code, 0);
    assertEquals((await profilesOf(sandbox)).length, 0);

    await sandbox.run([
      "create-profile",
      "--name",
      "default",
      "--tenant-id",
      "common",
      "--client-id",
      CLIENT,
    ]);
    const unasked =
      await (await startOnTerminal(sandbox, "entra-auth-cli delete-profile --name default --yes"))
        .ended;
    assertEquals(unasked.code, 0, unasked.stdout);
    assert(!unasked.stdout.includes("?"), unasked.stdout);
  },
);

testOnTerminal("delete-profile exits with 130 on Ctrl-C and deletes nothing", async (sandbox) => {
  const terminal = await startOnTerminal(sandbox, "entra-auth-cli delete-profile --name default");
  await terminal.stdoutMatch(/Delete profile/);
  await terminal.type("\x03");
  assertEquals((await terminal.ended).code, 130);
  assertEquals((await profilesOf(sandbox)).length, 1);
});

testOnTerminal(
  "a prompt ends on a signal, and the terminal is restored",
  async (sandbox) => {
    const pidFile = `${sandbox.folder}/pid`;
    const script = `sh -c 'echo $$ > ${pidFile}; exec entra-auth-cli create-profile --name myapp'`;
    const terminal = await startOnTerminal(
      sandbox,
      `sh -c "${script.replaceAll("$", "\\$")}; echo code \\$?; stty -a"`,
    );
    await terminal.stdoutMatch(/Tenant ID/);
    Deno.kill(Number(await Deno.readTextFile(pidFile)), "SIGTERM");
    const { stdout } = await terminal.ended;
    assertMatch(stdout, /code 143/);
    assertMatch(stdout, /[^-]icanon/, "lines are edited again");
    assertMatch(stdout, /[^-]echo /, "what is typed shows again");
  },
);

testOnTerminal(
  "edit-profile prompts with the current values as defaults, Enter keeps them, and the name stays",
  async (sandbox) => {
    const before = (await profilesOf(sandbox))[0];
    const terminal = await startOnTerminal(sandbox, "entra-auth-cli edit-profile --name default");
    await terminal.stdoutMatch(new RegExp(`Tenant ID.*${before?.tenant_id}`));
    await terminal.type("\r");
    await terminal.stdoutMatch(new RegExp(`Client ID.*${before?.client_id}`));
    await terminal.type("\r");
    await terminal.stdoutMatch(/Flow.*interactive/);
    await terminal.type("\r");
    await terminal.stdoutMatch(/Scopes.*User\.Read/);
    await terminal.type("Mail.Read, Files.Read\r");
    const { code, stdout } = await terminal.ended;
    assertEquals(code, 0, stdout);
    assert(!stdout.includes("Profile Name"), stdout);
    assertStringIncludes(plainScreen(stdout), "✓ Profile 'default' changed");
    assertStringIncludes(plainScreen(stdout), "\n  Scopes: Mail.Read Files.Read (was User.Read)\n");
    assertEquals(await profilesOf(sandbox), [{ ...before, scopes: ["Mail.Read", "Files.Read"] }]);

    const unchanged = await startOnTerminal(sandbox, "entra-auth-cli edit-profile --name default");
    for (const label of [/Tenant ID/, /Client ID/, /Flow/, /Scopes/]) {
      await unchanged.stdoutMatch(label);
      await unchanged.type("\r");
    }
    assertStringIncludes((await unchanged.ended).stdout, "Nothing was changed");
  },
);

testOnTerminal(
  "a prompt has the editing keys of a shell, and lists the flows to choose from",
  async (sandbox) => {
    const terminal = await startOnTerminal(sandbox, "entra-auth-cli create-profile");
    const answer = async (label: RegExp, ...keys: string[]) => {
      await terminal.stdoutMatch(label);
      for (const key of keys) await terminal.type(key);
      await terminal.type("\r");
    };
    // Ctrl-A, Ctrl-K, Ctrl-U and an arrow key.
    await answer(/Profile Name/, "wrong", "\x01", "\x0b", "my-pp", "\x1b[D\x1b[D", "a", "\x1b[F", "\x1b[H");
    await answer(/Tenant ID/, "x", "\x15", "  common \u200b ");
    // Ctrl-W, Home, Delete and Ctrl-D.
    await answer(/Client ID/, `12${CLIENT} no`, "\x17\x7f", "\x1b[H", "\x1b[3~", "\x04");
    await answer(
      /1\. interactive +sign in with[^]*5\. managed-identity[^]*Flow \(interactive\)/,
      "\x1b[B\x1b[B",
    );
    await answer(/device-code\s[^]*Scopes \(User\.Read\)/);
    const { code, stdout } = await terminal.ended;
    assertEquals(code, 0, stdout);
    assertEquals((await profilesOf(sandbox)).at(-1), {
      ...(await profilesOf(sandbox)).at(-1),
      name: "my-app",
      tenant_id: "common",
      client_id: CLIENT,
      flow: "device-code",
    });
  },
);

testOnTerminal("a dumb terminal and --plain get plain questions that the terminal edits", async (sandbox) => {
  const runs: [string, string, Record<string, string>][] = [
    ["dumb", "", { TERM: "dumb" }],
    ["plain", " --plain", {}],
  ];
  for (const [name, flag, env] of runs) {
    const line = `entra-auth-cli create-profile${flag} --name ${name}`;
    const terminal = await startOnTerminal(sandbox, line, { env });
    // The terminal itself deletes the line for Ctrl-U.
    const answers: [RegExp, string][] = [
      [/Tenant ID: $/, "wrong\x15common\r"],
      [/Client ID: $/, `${CLIENT}\r`],
      [/5\. managed-identity .*\s+Flow \(interactive\): $/, "2\r"],
      [/Scopes \(User\.Read\): $/, "\r"],
    ];
    for (const [label, typed] of answers) {
      await terminal.stdoutMatch(label);
      await terminal.type(typed);
    }
    const { code, stdout } = await terminal.ended;
    assertEquals(code, 0, stdout);
    assert(!stdout.includes("\x1b") && !/›|\r(?!\n)/.test(stdout), JSON.stringify(stdout));
    const profile = (await profilesOf(sandbox)).at(-1);
    assertEquals([profile?.name, profile?.tenant_id, profile?.flow], [name, "common", "device-code"]);
  }
  const ended = await startOnTerminal(sandbox, "entra-auth-cli create-profile --plain --name x");
  await ended.stdoutMatch(/Tenant ID: $/);
  await ended.type("\x04");
  assertEquals((await ended.ended).code, 130);
});

testOnTerminal(
  "create-profile asks again for a name that is taken, and for the cloud of a national tenant",
  async (sandbox) => {
    const terminal = await startOnTerminal(sandbox, "entra-auth-cli create-profile");
    const answers: [RegExp, string][] = [
      [/Profile Name › $/, "default\r"],
      [/Profile 'default' already exists[^]*Profile Name › default$/, "-gov\r"],
      [/Tenant ID › $/, "contoso.onmicrosoft.us\r"],
      [/2\. usgov +login\.microsoftonline\.us[^]*Cloud \(usgov\) › $/, "\r"],
      [/Client ID › $/, `${CLIENT}\r`],
      [/Flow \(interactive\) › $/, "\r"],
      [/Scopes \(User\.Read\) › $/, "\r"],
    ];
    for (const [label, typed] of answers) {
      await terminal.stdoutMatch(label);
      await terminal.type(typed);
    }
    const { code, stdout } = await terminal.ended;
    assertEquals(code, 0, stdout);
    const profile = (await profilesOf(sandbox)).at(-1);
    assertEquals([profile?.name, profile?.authority], ["default-gov", "https://login.microsoftonline.us"]);
  },
);

testOnTerminal("list-profiles leaves out columns that do not fit into the terminal", async (sandbox) => {
  const shown = async (columns: number) => {
    const sized = `sh -c 'stty cols ${columns}; entra-auth-cli list-profiles'`;
    return plainScreen((await (await startOnTerminal(sandbox, sized)).ended).stdout).trim().split("\n");
  };
  for (
    const [columns, header] of [
      [36, /^NAME +ACCOUNT +EXPIRES$/],
      [80, /^NAME +ACCOUNT +EXPIRES +FLOW +SCOPES$/],
      [200, /^NAME +ACCOUNT +EXPIRES +FLOW +TENANT +CLIENT +SCOPES$/],
    ] as const
  ) {
    const lines = await shown(columns);
    assertEquals(lines.length, 2, lines.join("\n"));
    assertMatch(lines[0] ?? "", header);
    assert(lines.every((line) => [...line].length <= columns && !line.includes("…")), lines.join("\n"));
  }
});

testOnTerminal(
  "export-profile prompts for the passphrase twice without echo, and import-profile once",
  async (sandbox) => {
    const file = `${sandbox.folder}/exported.json`;
    const command = `entra-auth-cli export-profile --all --include-secrets --file ${file}`;
    const typed = async (again: string) => {
      const terminal = await startOnTerminal(sandbox, command);
      await terminal.stdoutMatch(/Passphrase/);
      await terminal.type("correct horse battery\r");
      await terminal.stdoutMatch(/Repeat the passphrase/);
      await terminal.type(`${again}\r`);
      return await terminal.ended;
    };
    const different = await typed("another horse battery");
    assertEquals(different.code, 2, different.stdout);
    assertStringIncludes(different.stdout, "The two passphrases differ");
    const exported = await typed("correct horse battery");
    assertEquals(exported.code, 0, exported.stdout);
    assert(!(different.stdout + exported.stdout).includes("horse"), exported.stdout);

    const terminal = await startOnTerminal(
      sandbox,
      `entra-auth-cli import-profile --file ${file} --name copy`,
    );
    await terminal.stdoutMatch(/Passphrase/);
    await terminal.type("correct horse battery\r");
    const imported = await terminal.ended;
    assertEquals(imported.code, 0, imported.stdout);
    assertEquals((await profilesOf(sandbox)).map(({ name }) => name), ["default", "copy"]);
  },
);

testOnTerminal("create-profile questions a GUID that is given as client secret", async (sandbox) => {
  const flags = `--name job --flow client-credentials --tenant-id common --client-id ${CLIENT}`;
  const terminal = await startOnTerminal(sandbox, `entra-auth-cli create-profile ${flags}`);
  await terminal.stdoutMatch(/Client Secret \(Enter: none\) › $/);
  await terminal.type(`${CLIENT.toUpperCase()}\r`);
  await terminal.stdoutMatch(
    /This is a GUID, as the secret's ID is, and not its value\. Use it anyway\? \(y\/N\) › $/,
  );
  await terminal.type("\r");
  await terminal.stdoutMatch(/anyway[^]*Client Secret \(Enter: none\) › $/);
  await terminal.type(" value~of-the-secret \r");
  const { code, stdout } = await terminal.ended;
  assertEquals(code, 0, stdout);
  assertStringIncludes(plainScreen(stdout), "✓ Client secret saved, encrypted");
  assert(!stdout.includes("value~"), stdout);
});

testOnTerminal(
  "inspect - on a terminal asks for the token without echo, and other input is waited for aloud",
  async (sandbox) => {
    const inspecting = await startOnTerminal(sandbox, "entra-auth-cli inspect -");
    await inspecting.stdoutMatch(/\? Token › $/);
    await inspecting.type("eyJub3Q.a.token\r");
    const { code, stdout } = await inspecting.ended;
    assertEquals(code, 2, stdout);
    assert(!stdout.includes("eyJub3Q"), stdout);

    const line = "entra-auth-cli edit-profile --name default --client-secret-stdin";
    const saving = await startOnTerminal(sandbox, line);
    await saving.stdoutMatch(/Waiting for input from the terminal: end it with Enter and then Ctrl-D\./);
    await saving.type("the~value\r\x04");
    const saved = await saving.ended;
    assertEquals(saved.code, 0, saved.stdout);
    assertStringIncludes(plainScreen(saved.stdout), "✓ Client secret saved, encrypted");
  },
);
