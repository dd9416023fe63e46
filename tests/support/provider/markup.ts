/** HTML that is safe to insert without escaping. */
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

/** Builds HTML. Escapes interpolated text, keeps Markup and joins lists. */
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
