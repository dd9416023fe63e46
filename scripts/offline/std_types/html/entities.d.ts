export type EntityList = Record<string, string>;

export function escape(str: string): string;
export function unescape(str: string, options?: { entityList?: EntityList }): string;
