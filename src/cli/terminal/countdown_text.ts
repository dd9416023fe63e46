/** A wait, as it is shown. */
export interface Wait {
  /** How long it has been going on, in milliseconds. */
  readonly elapsedMs: number;
  /** How long it may go on, in milliseconds; null where nobody knows. */
  readonly leftMs: number | null;
  /** How often it was drawn. */
  readonly frame: number;
}

const SPINNER = ["|", "/", "-", "\\"];

/**
 * The line that shows a wait in a terminal of so many columns: as much of it as there is room for. It never fills the
 * last column, where some terminals go on to the next line.
 */
export function waitText({ elapsedMs, leftMs, frame }: Wait, columns: number): string {
  const spinner = SPINNER[frame % SPINNER.length] ?? "";
  const elapsed = minutes(Math.floor(elapsedMs / 1000));
  const left = leftMs === null ? null : minutes(Math.max(0, Math.ceil(leftMs / 1000)));
  const texts = left === null ? [`${spinner} ${elapsed} elapsed`, `${spinner} ${elapsed}`, spinner] : [
    `${spinner} ${elapsed} elapsed, ${left} left`,
    `${spinner} ${left} left`,
    `${spinner} ${left}`,
    spinner,
  ];
  return texts.find((text) => text.length < columns) ?? "";
}

/** `4:05`, and `1:00:00` for an hour. */
function minutes(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, rest] = [Math.floor(seconds / 3600), seconds % 3600];
  const short = `${Math.floor(rest / 60)}:${two(rest % 60)}`;
  return hours === 0 ? short : `${hours}:${short.padStart(5, "0")}`;
}
