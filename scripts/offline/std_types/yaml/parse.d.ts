export interface ParseOptions {
  allowDuplicateKeys?: boolean;
  schema?: "failsafe" | "json" | "core" | "default" | "extended";
  onWarning?(error: Error): void;
}

export function parse(content: string, options?: ParseOptions): unknown;
