import { CliError } from "../../errors.ts";
import { type SavedSignIn, storeStatus } from "../../flows/tokens/store_status.ts";
import { nameOf } from "../../identity/expected_account.ts";
import { isApplicationFlow, type Profile } from "../../profiles/profile.ts";
import { resolveSettings, type SignInSettings } from "../../profiles/settings.ts";
import { breakLogCommands, plainText } from "../../text/plain_text.ts";
import type { CommandContext } from "../context.ts";
import { hintText } from "../terminal/hint_text.ts";
import { accountDocument } from "./document_format.ts";
import { relativeTime, utcTime } from "./time.ts";

export interface DescribedProfile {
  readonly profile: Profile;
  /** Null if the user is signed out, or the tokens cannot be read. */
  readonly signIn: SavedSignIn | null;
}

/**
 * Finds the sign-in of each profile. If the tokens cannot be read, prints a warning and returns the profiles without
 * sign-ins.
 *
 * @throws {CliError} `permission`
 */
export async function describeProfiles(
  profiles: readonly Profile[],
  context: Pick<CommandContext, "clock" | "store" | "profiles" | "terminal" | "env">,
): Promise<DescribedProfile[]> {
  let signIns: readonly SavedSignIn[] = [];
  try {
    if (profiles.length > 0) signIns = (await storeStatus(context)).signIns;
  } catch (error) {
    if (!(error instanceof CliError) || !["store", "unreadable_store"].includes(error.code)) throw error;
    context.terminal.writeMessage(
      `warning: cannot tell which profiles are signed in: ${plainText(error.message)}`,
    );
    if (error.hint !== undefined) context.terminal.writeMessage(hintText(error.hint));
  }
  const byProfile = Map.groupBy(signIns, ({ session }) => session.profile);
  const env = readOnce(context.env);
  return profiles.map((profile) => ({
    profile,
    signIn: signInOf(profile, byProfile.get(profile.name) ?? [], env),
  }));
}

/** Returns an environment that reads each variable once, whatever the number of profiles. */
function readOnce(env: CommandContext["env"]): CommandContext["env"] {
  const known = new Map<string, string | undefined>();
  return {
    get(name) {
      if (!known.has(name)) known.set(name, env.get(name));
      return known.get(name);
    },
  };
}

/**
 * Returns a profile as a document for JSON and YAML.
 *
 * @param current The name of the profile of commands that name none.
 */
export function profileDocument(
  { profile, signIn }: DescribedProfile,
  current: string,
): Record<string, unknown> {
  const account = signIn?.session.account ?? null;
  const expiresAt = signIn?.expiresAt ?? null;
  return {
    name: profile.name,
    current: profile.name === current,
    tenant_id: profile.tenantId,
    client_id: profile.clientId,
    flow: profile.flow,
    scopes: profile.scopes,
    authority: profile.authority ?? null,
    login_hint: profile.loginHint ?? null,
    expect_user: profile.expectUser ?? null,
    expect_tenant: profile.expectTenant ?? null,
    certificate: profile.certificate ?? null,
    account: accountDocument(account),
    expires_at: expiresAt === null ? null : utcTime(expiresAt),
    expired: expiresAt === null ? null : signIn?.isExpired ?? null,
  };
}

/** Returns the name to show for the account; null if the user is signed out. */
export function accountName(signIn: SavedSignIn | null): string | null {
  if (signIn === null) return null;
  const { account } = signIn.session;
  return account === null ? "(application)" : nameOf(account);
}

/**
 * Returns the sign-in of `own`, those of the profile, that the profile and the environment select. The others were made
 * with other flags. The session of an application has no account.
 */
function signInOf(
  profile: Profile,
  own: readonly SavedSignIn[],
  env: CommandContext["env"],
): SavedSignIn | null {
  if (isApplicationFlow(profile.flow)) return own.find(({ session }) => session.account === null) ?? null;
  if (own.length === 0) return null;
  const settings = settingsOf(profile, env);
  const found = own.find(({ session }) =>
    session.authority === settings?.authority && session.tenant === settings.tenant &&
    session.clientId === settings.clientId
  );
  return found ?? null;
}

/** Returns the settings of a command with this profile; null if they contradict each other. */
function settingsOf(profile: Profile, env: CommandContext["env"]): SignInSettings | null {
  try {
    return resolveSettings({}, env, profile, profile.name);
  } catch (error) {
    if (error instanceof CliError && error.code === "usage") return null;
    throw error;
  }
}

/** How to format the table of profiles. */
export interface TableStyle {
  /** No line is longer; null for any width. */
  readonly width: number | null;
  /** The name of the profile of commands that name none. */
  readonly current: string;
  readonly nowMs: number;
}

const HEADER = ["NAME", "ACCOUNT", "EXPIRES", "FLOW", "TENANT", "CLIENT", "SCOPES"];
/** The columns to omit on a narrow terminal, in this order. show-profile prints them all. */
const DROPPING_ORDER = ["CLIENT", "TENANT", "SCOPES", "FLOW", "EXPIRES"];
/** The columns to shorten if the others are still too wide, in this order. */
const SHORTENING_ORDER = ["SCOPES", "ACCOUNT", "NAME"];
/** The list of scopes can be long. It is shortened to this width before a column is left out. */
const MIN_SCOPES_WIDTH = 24;
const PADDING = 2;

/** Formats the profiles as a table. */
export function formatProfileTable(profiles: readonly DescribedProfile[], style: TableStyle): string {
  const rows = [HEADER, ...profiles.map((profile) => row(profile, style))];
  return breakLogCommands(alignColumns(style.width === null ? rows : fitRows(rows, style.width)));
}

/** Returns a line for each row, with the columns below one another. */
function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  const measured = rows.map((row) =>
    row.map((cell, column) => {
      const width = columns(cell);
      widths[column] = Math.max(widths[column] ?? 0, width);
      return width;
    })
  );
  return rows.map((row, number) => {
    const padded = row.map((cell, column) =>
      cell + " ".repeat((widths[column] ?? 0) - (measured[number]?.[column] ?? 0))
    );
    return `${padded.join(" ".repeat(PADDING)).trimEnd()}\n`;
  }).join("");
}

const ASCII = /^[\x20-\x7e]*$/;
/** Characters that a terminal shows in two columns, and those that it shows over the one before. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
const COMBINING = /\p{Mark}/u;

/** Returns how many columns of a terminal a text takes. */
function columns(text: string): number {
  if (ASCII.test(text)) return text.length;
  return sum([...text].map((character) => COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1));
}

/** A star marks the profile that commands use, after its name, which stays the first word of the line. */
function row({ profile, signIn }: DescribedProfile, { current, nowMs }: TableStyle): string[] {
  const { name, flow, tenantId, clientId, scopes } = profile;
  const marked = name === current ? `${name} *` : name;
  const account = plainText(accountName(signIn) ?? "-");
  return [marked, account, expiryOf(signIn, nowMs / 1000), flow, tenantId, clientId, scopes.join(" ")];
}

function expiryOf(signIn: SavedSignIn | null, nowSeconds: number): string {
  const expiresAt = signIn?.expiresAt ?? null;
  if (expiresAt === null) return "-";
  const when = relativeTime(expiresAt, nowSeconds);
  return signIn?.isExpired ? `expired ${when}` : when;
}

/** Leaves out columns until the rows have at most `width` characters, and shortens cells if that is not enough. */
export function fitRows(rows: readonly (readonly string[])[], width: number): string[][] {
  const widths = HEADER.map((name, column) => {
    const widest = Math.max(...rows.map((row) => length(row[column] ?? "")));
    return name === "SCOPES" ? Math.min(widest, MIN_SCOPES_WIDTH) : widest;
  });
  const shown = new Set(HEADER);
  const needed = () =>
    sum(widths.filter((_, column) => shown.has(HEADER[column] ?? ""))) + PADDING * (shown.size - 1);
  for (const name of DROPPING_ORDER) {
    if (needed() <= width) break;
    shown.delete(name);
  }
  const names = HEADER.filter((name) => shown.has(name));
  const order = SHORTENING_ORDER.filter((name) => shown.has(name)).map((name) => [names.indexOf(name)]);
  const kept = rows.map((row) => row.filter((_, column) => shown.has(HEADER[column] ?? "")));
  return fitCells(kept, width - PADDING * (names.length - 1), order);
}

/** A narrower column is not legible. */
const MIN_COLUMN_WIDTH = 6;

/**
 * Shortens the cells of a table until its columns have at most `width` characters together. A shortened cell ends with an
 * ellipsis. No column gets narrower than six characters, so a table of many columns can remain too wide.
 *
 * @param rows All rows, including the header. They have the same length.
 * @param order Groups of columns to shorten, one group after the other, in each the widest column first. The default is
 *   one group of all columns.
 */
export function fitCells(
  rows: readonly (readonly string[])[],
  width: number,
  order: readonly (readonly number[])[] = [(rows[0] ?? []).map((_, column) => column)],
): string[][] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => length(row[column] ?? "")))
  );
  for (const group of order) {
    while (sum(widths) > width) {
      const [widest = 0] = group.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
      const current = widths[widest] ?? 0;
      if (current <= MIN_COLUMN_WIDTH) break;
      widths[widest] = current - 1;
    }
  }
  return rows.map((row) => row.map((cell, column) => shorten(cell, widths[column] ?? MIN_COLUMN_WIDTH)));
}

function shorten(cell: string, width: number): string {
  return length(cell) <= width ? cell : [...cell].slice(0, width - 1).join("") + "…";
}

/** Counts code points, which is accurate enough: names of users and scopes have no wide characters. */
function length(text: string): number {
  return ASCII.test(text) ? text.length : [...text].length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
