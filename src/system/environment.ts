/** Reads environment variables. An unset or empty variable is `undefined`. */
export interface Environment {
  /** Value of the variable `name`. */
  get(name: string): string | undefined;
}
