import { type Os, systemOs } from "../../../src/system/os.ts";

/** The systems that releases are made for. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

/** One of the systems that releases are made for. */
export type Target = typeof TARGETS[number];

function isTarget(text: string): text is Target {
  return (TARGETS as readonly string[]).includes(text);
}

/** Where an executable goes that was given no name of its own. */
export function defaultOutput(target: Target | undefined): string {
  const suffix = target === undefined ? "" : `-${target}`;
  return `dist/entra-auth-cli${suffix}${osOf(target) === "windows" ? ".exe" : ""}`;
}

/** The system of a target, or of this machine. */
export function osOf(target: Target | undefined): Os {
  if (target === undefined) return systemOs;
  return target.includes("windows") ? "windows" : target.includes("darwin") ? "darwin" : "linux";
}

/** The targets that `--target` names; undefined stands for this machine. */
export function parseTargets(name: string | undefined): readonly (Target | undefined)[] {
  if (name === "all") return TARGETS;
  if (name === undefined) return [undefined];
  if (isTarget(name)) return [name];
  throw new Error(`Cannot compile for "${name}": targets are all, ${TARGETS.join(", ")}`);
}
