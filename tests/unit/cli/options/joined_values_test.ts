import { assertEquals } from "@std/assert";
import { withoutJoinedValues } from "../../../../src/cli/options/joined_values.ts";

Deno.test("withoutJoinedValues() takes a short flag's value off it, and leaves all else as it is", () => {
  const lines: readonly (readonly [string, string])[] = [
    ["get-token -ojson -pwork", "get-token -o json -p work"],
    ["get-token -sUser.Read -sMail.Read", "get-token -s User.Read -s Mail.Read"],
    ["get-token -o json -o=json -q -qo json", "get-token -o json -o=json -q -qo json"],
    ["get-token --output --port -1 --timeout -5s", "get-token --output --port -1 --timeout -5s"],
    ["exec -pwork -- ls -ol", "exec -p work -- ls -ol"],
    ["inspect -", "inspect -"],
  ];
  for (const [typed, apart] of lines) assertEquals(withoutJoinedValues(typed.split(" ")), apart.split(" "));
});
