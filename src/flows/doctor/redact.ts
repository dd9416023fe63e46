/** What of this machine a report should not show. */
export interface PrivateNames {
  /** The user's home folder. */
  readonly home: string | undefined;
  /** The program's folder, where a variable chose it. */
  readonly ownFolder: string | undefined;
}

/**
 * Takes out of `text` what says who uses this machine: the home folder becomes `~`, the program's folder elsewhere the
 * variable that names it, the user's name in other paths `USER`; user and password in a URL and e-mail addresses go.
 */
export function redact(text: string, { home, ownFolder }: PrivateNames): string {
  let shown = text;
  if (ownFolder !== undefined && ownFolder.length > 1) {
    shown = shown.replaceAll(ownFolder, "$ENTRA_AUTH_CLI_HOME");
  }
  const user = home?.split(/[/\\]/).findLast((part) => part !== "");
  if (home !== undefined && user !== undefined) {
    shown = shown.replaceAll(home, "~").replaceAll(
      new RegExp(`(?<=[/\\\\])${escape(user)}(?=[/\\\\]|\\b)`, "g"),
      "USER",
    );
  }
  return shown
    .replace(/(?<=[a-z]:\/\/)[^/\s@]*@/gi, "")
    .replace(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, "USER@DOMAIN");
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
