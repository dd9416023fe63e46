import { CliError } from "../../errors.ts";
import { type KeptSignIn, storeStatus } from "../../flows/tokens/store_status.ts";
import { isApplicationFlow, type Profile } from "../../profiles/profile.ts";
import { resolveSettings, type SignInSettings } from "../../profiles/settings.ts";
import { plainText } from "../../text/plain_text.ts";
import type { CommandContext } from "../context.ts";
import { accountDocument } from "./document_format.ts";
import { localTime, utcTime } from "./time.ts";

/** A profile, and who is signed in to it. */
export interface DescribedProfile {
  /** The profile. */
  readonly profile: Profile;
  /** Its sign-in; null where nobody is signed in, or the tokens can't be read. */
  readonly signIn: KeptSignIn | null;
}

/**
 * Finds who is signed in to each of these profiles. Tokens that can't be read are no reason not to show a profile: that
 * is said, and nobody is taken to be signed in.
 *
 * @throws {CliError} `permission`
 */
export async function describeProfiles(
  profiles: readonly Profile[],
  context: Pick<CommandContext, "clock" | "store" | "terminal" | "env">,
): Promise<DescribedProfile[]> {
  let signIns: readonly KeptSignIn[] = [];
  try {
    if (profiles.length > 0) signIns = (await storeStatus(context)).signIns;
  } catch (error) {
    if (!(error instanceof CliError) || !["store", "unreadable_store"].includes(error.code)) throw error;
    context.terminal.say(`Warning: who is signed in can't be told. ${error.message}`);
    if (error.hint !== undefined) context.terminal.say(`Hint: ${error.hint.replaceAll("\n", "\n      ")}`);
  }
  return profiles.map((profile) => ({ profile, signIn: signInOf(profile, signIns, context.env) }));
}

/** A profile as programs read it. */
export function profileDocument({ profile, signIn }: DescribedProfile): Record<string, unknown> {
  const account = signIn?.session.account ?? null;
  const expiresAt = signIn?.expiresAt ?? null;
  return {
    name: profile.name,
    tenant_id: profile.tenantId,
    client_id: profile.clientId,
    flow: profile.flow,
    scope: profile.scopes.join(" "),
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

/** Who is signed in, for people. */
export function accountName(signIn: KeptSignIn | null): string | null {
  if (signIn === null) return null;
  const { account } = signIn.session;
  return account === null ? "(application)" : account.username === "" ? account.objectId : account.username;
}

/**
 * The sign-in that the profile leads to in this environment: one with other flags may be kept beside it. An application's
 * own tokens are found by their having no account.
 */
function signInOf(
  profile: Profile,
  signIns: readonly KeptSignIn[],
  env: CommandContext["env"],
): KeptSignIn | null {
  const own = signIns.filter(({ session }) => session.profile === profile.name);
  if (isApplicationFlow(profile.flow)) return own.find(({ session }) => session.account === null) ?? null;
  if (own.length === 0) return null;
  const settings = settingsOf(profile, env);
  const found = own.find(({ session }) =>
    session.authority === settings?.authority && session.tenant === settings.tenant &&
    session.clientId === settings.clientId
  );
  return found ?? null;
}

/** What a command with this profile would sign in to; null where that contradicts itself, which nobody asked yet. */
function settingsOf(profile: Profile, env: CommandContext["env"]): SignInSettings | null {
  try {
    return resolveSettings({}, env, profile, profile.name);
  } catch (error) {
    if (error instanceof CliError && error.code === "usage") return null;
    throw error;
  }
}

const HEADER = ["NAME", "ACCOUNT", "EXPIRES", "FLOW", "TENANT", "CLIENT", "SCOPES"];
/** On a narrow terminal: names of profiles are typed, and ends read, but ids and scopes are what show-profile is for. */
const SHORTENED = [["TENANT", "CLIENT", "SCOPES"], ["FLOW"], ["ACCOUNT"], ["NAME", "EXPIRES"]]
  .map((group) => group.map((name) => HEADER.indexOf(name)));
const PADDING = 2;

/** The profiles as a table, at most `width` columns wide; as wide as it needs to be where that is null. */
export async function formatProfileTable(
  profiles: readonly DescribedProfile[],
  width: number | null,
): Promise<string> {
  const { Table } = await import("@cliffy/table");
  const rows = [HEADER, ...profiles.map(row)];
  const [header = [], ...body] = width === null
    ? rows
    : fitCells(rows, width - PADDING * (HEADER.length - 1), SHORTENED);
  return new Table().header(header).body(body).padding(PADDING).toString().replaceAll(/ +$/gm, "") + "\n";
}

function row({ profile, signIn }: DescribedProfile): string[] {
  const { name, flow, tenantId, clientId, scopes } = profile;
  const expiresAt = signIn?.expiresAt ?? null;
  const end = expiresAt === null ? "-" : localTime(expiresAt) + (signIn?.isExpired ? " (expired)" : "");
  return [name, plainText(accountName(signIn) ?? "-"), end, flow, tenantId, clientId, scopes.join(" ")];
}

/** Narrower than this a column says nothing any more. */
const NARROWEST = 6;

/**
 * Shortens the cells of a table until its columns are at most `width` characters wide together. What is cut off ends
 * with an ellipsis. A column is never made narrower than six characters, so that a table of many columns can still be
 * too wide.
 *
 * @param rows All of the same length, the header among them.
 * @param order Which columns are shortened: those of the first group, the widest first, then those of the next. By
 *   default all are one group.
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
      if (current <= NARROWEST) break;
      widths[widest] = current - 1;
    }
  }
  return rows.map((row) => row.map((cell, column) => shorten(cell, widths[column] ?? NARROWEST)));
}

function shorten(cell: string, width: number): string {
  return length(cell) <= width ? cell : [...cell].slice(0, width - 1).join("") + "…";
}

/** In characters as people count them, near enough: names of users and scopes have no wide ones. */
function length(text: string): number {
  return [...text].length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
