import { BASE, CLIENT_ID, HOST, NOW, OTHER_TENANT_ID, TENANT_ID } from "./entra_fixture.ts";

/** The user of nobody here. */
const OTHER_OBJECT_ID = "e0e00000-1111-4222-8333-444444444444";
/** Stands in every lie that is words, to be found again where it may not be. */
export const CANARY = "canary";

/** What is said about one field in place of the truth. */
export interface Lie {
  readonly what: string;
  /** The values that the field is given, as JSON, given its true one: none where it is left out, two where it is doubled. */
  readonly values: (truth: string) => readonly string[];
  /** Whether it is the truth all the same, once `JSON.parse()` has read it. */
  readonly isTrue?: boolean;
}

const of = (what: string, value: unknown): Lie => ({ what, values: () => [JSON.stringify(value)] });
const text = (what: string, json: string): Lie => ({ what, values: () => [json] });

const DEEP = 20_000;

/** All the lies, for any field. */
export const LIES: readonly Lie[] = [
  { what: "absent", values: () => [] },
  { what: "doubled, the truth last", values: (truth) => [`"${CANARY}"`, truth], isTrue: true },
  { what: "doubled, the truth first", values: (truth) => [truth, `"${CANARY}"`] },
  { what: "doubled, with null last", values: (truth) => [truth, "null"] },
  { what: "in a list", values: (truth) => [`[${truth}]`] },
  of("null", null),
  of("true", true),
  of("zero", 0),
  of("below zero", -1),
  text("infinite", "1e999"),
  of("an empty text", ""),
  of("a space", " "),
  of("words", `the ${CANARY}`),
  of("digits", "3600"),
  of("control characters", `\u001b[2J${CANARY}\r\n\u202e`),
  of("a shell's syntax", `$(${CANARY});\`${CANARY}\`&`),
  of("a huge text", CANARY.repeat(60_000)),
  of("an empty list", []),
  of("a list of words", [CANARY, CANARY]),
  text("lists within lists", "[".repeat(DEEP) + "]".repeat(DEEP)),
  of("an object", { [CANARY]: 1 }),
  text("an object with a prototype", `{"__proto__":{"${CANARY}":1},"toString":1}`),
  of("another user's id", OTHER_OBJECT_ID),
  of("another tenant's id", OTHER_TENANT_ID),
  of("another application's id", CLIENT_ID.replace("a", "b")),
  of("another tenant's issuer", `${BASE}/${OTHER_TENANT_ID}/v2.0`),
  of("another authority's issuer", `https://evil.example/${TENANT_ID}/v2.0`),
  of("an address without TLS", `http://${HOST}/${TENANT_ID}/v2.0`),
  of("an address on another port", `https://login.example/${TENANT_ID}/oauth2/v2.0/token`),
  of("an address with a name in front", `https://${HOST}@evil.example/oauth2/v2.0/token`),
  of("an address of another kind", "javascript:alert(1)"),
  of("a time long ago", NOW - 10 * 365 * 86_400),
  of("a time to come", NOW + 10 * 365 * 86_400),
  of("a time in milliseconds", NOW * 1000),
];

/** The JSON of `truth` but for one field, of which `lie` is told. */
export function tell(truth: Readonly<Record<string, unknown>>, field: string, lie: Lie): string {
  const pair = (name: string, value: string) => `${JSON.stringify(name)}:${value}`;
  const rest = Object.entries(truth).filter(([name]) => name !== field);
  const told = lie.values(JSON.stringify(truth[field] ?? null));
  return `{${
    [
      ...rest.map(([name, value]) => pair(name, JSON.stringify(value))),
      ...told.map((value) => pair(field, value)),
    ].join(",")
  }}`;
}
