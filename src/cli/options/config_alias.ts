/** The commands of the .NET tool of the same name, for those who come from it. */
const CONFIG_COMMANDS: Readonly<Record<string, string>> = {
  create: "create-profile",
  list: "list-profiles",
  show: "show-profile",
  edit: "edit-profile",
  delete: "delete-profile",
  export: "export-profile",
  import: "import-profile",
};

/** The same arguments with `config create` and its like in this program's words: `create-profile`. */
export function withoutConfigAlias(args: readonly string[]): readonly string[] {
  const at = args.findIndex((arg) => !arg.startsWith("-"));
  const [config, name = ""] = args.slice(at, at + 2);
  if (at < 0 || config !== "config" || !Object.hasOwn(CONFIG_COMMANDS, name)) return args;
  return [...args.slice(0, at), CONFIG_COMMANDS[name] ?? name, ...args.slice(at + 2)];
}
