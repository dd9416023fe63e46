/** A piece of HTML that is safe to put into a page as it is. */
export class Markup {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Builds HTML: what is interpolated is escaped, unless it is Markup itself; lists are joined. */
export function html(
  parts: TemplateStringsArray,
  ...values: (Markup | Markup[] | string | undefined)[]
): Markup {
  const filled = parts.map((part, index) => part + (index < values.length ? show(values[index]) : ""));
  return new Markup(filled.join(""));
}

function show(value: Markup | Markup[] | string | undefined): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map(show).join("");
  if (value instanceof Markup) return value.text;
  return value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
