const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** How far away a moment is, for people: `in 58 minutes`, `2 days ago`, `now`. Both are in seconds since 1970. */
export function relativeTime(seconds: number, nowSeconds: number): string {
  const distance = Math.abs(seconds - nowSeconds);
  const [name, length] = UNITS.find(([_, unit]) => distance >= unit) ?? ["second", 1];
  const count = Math.floor(distance / length);
  if (count === 0) return "now";
  const words = `${count} ${name}${count === 1 ? "" : "s"}`;
  return seconds > nowSeconds ? `in ${words}` : `${words} ago`;
}
