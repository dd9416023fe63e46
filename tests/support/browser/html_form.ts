export interface Form {
  readonly action: URL;
  /** The hidden fields with their values. */
  readonly hidden: Record<string, string>;
  /** The names of all fields. */
  readonly names: readonly string[];
  /** The values of the buttons named `action`. */
  readonly buttons: readonly string[];
}

/** Parses the forms of a page. Supports only the HTML of the provider's pages. */
export function readForms(page: string, base: URL): Form[] {
  return [...page.matchAll(/<form\b([^>]*)>([^]*?)<\/form>/g)].map(([, start = "", content = ""]) => {
    const inputs = [...content.matchAll(/<input\b([^>]*)>/g)].map(([, tag = ""]) => tag);
    const buttons = [...content.matchAll(/<button\b([^>]*)>/g)].map(([, tag = ""]) => tag);
    const hidden = inputs.filter((tag) => attribute(tag, "type") === "hidden");
    return {
      action: new URL(attribute(start, "action") ?? base.href, base),
      hidden: Object.fromEntries(
        hidden.map((tag) => [attribute(tag, "name") ?? "", attribute(tag, "value") ?? ""]),
      ),
      names: inputs.map((tag) => attribute(tag, "name") ?? ""),
      buttons: buttons.filter((tag) => attribute(tag, "name") === "action").map((tag) =>
        attribute(tag, "value") ?? ""
      ),
    };
  });
}

/** Returns the text of a page without markup, on one line. */
export function readText(page: string): string {
  const body = page.replace(/^[^]*<body[^>]*>/, "").replace(/<(script|style)\b[^]*?<\/\1>/g, " ");
  return decode(body.replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ").trim();
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(tag);
  return found?.[1] === undefined ? undefined : decode(found[1]);
}

function decode(text: string): string {
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', amp: "&" };
  return text.replace(/&(lt|gt|quot|amp|#(\d+)|#x([0-9a-f]+));/gi, (whole, name, decimal, hex) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
    return entities[name.toLowerCase()] ?? whole;
  });
}
