import { assertEquals } from "@std/assert";
import type { CommandName } from "../../../../src/cli/options/command_options.ts";
import { withProfileFlag } from "../../../../src/cli/options/profile_argument.ts";

Deno.test("withProfileFlag() accepts --profile, --name and a word for the profile, whatever the command calls it", () => {
  const table: readonly (readonly [CommandName, string, string])[] = [
    ["get-token", "get-token work", "get-token --profile=work"],
    ["get-token", "get-token --name work -f device-code", "get-token --profile work -f device-code"],
    ["get-token", "get-token -n=work", "get-token --profile=work"],
    ["get-token", "get-token --scope User.Read work", "get-token --scope User.Read --profile=work"],
    ["get-token", "get-token --scope User.Read", "get-token --scope User.Read"],
    ["get-token", "--verbose get-token work", "--verbose get-token --profile=work"],
    ["clear-cache", "clear-cache work", "clear-cache --profile=work"],
    ["delete-profile", "delete-profile work --yes", "delete-profile --name=work --yes"],
    ["delete-profile", "delete-profile -p work", "delete-profile -p work"],
    ["create-profile", "create-profile -p work", "create-profile --name work"],
    ["import-profile", "import-profile --profile work", "import-profile --name work"],
    ["export-profile", "export-profile work home", "export-profile --name=work --name=home"],
    ["exec", "exec work -- ls --name a", "exec --profile=work -- ls --name a"],
    ["exec", "exec -n work -- ls", "exec --profile work -- ls"],
  ];
  for (const [called, typed, meant] of table) {
    assertEquals(withProfileFlag(typed.split(" "), called).join(" "), meant);
  }
});

Deno.test("withProfileFlag() leaves words that are no profile, and commands without one", () => {
  const table: readonly (readonly [CommandName | null, string])[] = [
    [null, "nope --name x"],
    ["inspect", "inspect eyJ"],
    ["explain", "explain 50011"],
    ["permissions", "permissions get-token"],
    ["credential-helper", "credential-helper get"],
    ["import-profile", "import-profile a.json"],
    ["exec", "exec ls -l"],
    ["status", "status work"],
    ["completions", "completions bash"],
    ["az", "az account show"],
    ["get-token", "get-token --nope work"],
  ];
  for (const [called, typed] of table) {
    const words = typed.split(" ");
    assertEquals(
      withProfileFlag(words, called),
      called === "get-token" ? [...words.slice(0, 2), "--profile=work"] : words,
    );
  }
  assertEquals(withProfileFlag(["get-token", ""], "get-token"), ["get-token", ""]);
});
