import { CliError } from "../../errors.ts";
import { isJsonObject, parseJsonObject } from "../../text/json.ts";
import { MAX_PAUSE_MS } from "../../text/retry_after.ts";
import type { Clock } from "../clock.ts";
import type { PrivateFolder } from "../files/private_folder.ts";

/** The pauses that hosts require of one application. Processes share them. */
export interface ThrottleState {
  /** Returns the end of the pause that `host` requires, in milliseconds since 1970, or null if it requires none. */
  until(host: string): Promise<number | null>;
  /** Stores that `host` requires a pause until `untilMs`. Ignores a folder that cannot be written. */
  remember(host: string, untilMs: number): Promise<void>;
}

interface Pause {
  readonly host: string;
  readonly clientId: string;
  readonly untilMs: number;
}

const FILE = "throttle.json";
const LOCK = "throttle.lock";
const LOCK_TIMEOUT_MS = 1000;

/**
 * Opens the pauses of the application `clientId`, in a file of `folder`. The file contains no secret and nothing essential:
 * if it is damaged or cannot be read, it counts as empty.
 */
export function openThrottleState(
  folder: PrivateFolder,
  clientId: string,
  clock: Pick<Clock, "now">,
): ThrottleState {
  async function read(): Promise<Pause[]> {
    const content = await folder.read(FILE, "readable");
    const nowMs = clock.now();
    const isAhead = ({ untilMs }: Pause) => untilMs > nowMs && untilMs - nowMs <= MAX_PAUSE_MS;
    return content === null ? [] : parseThrottleState(content).filter(isAhead);
  }
  const isOwn = (host: string) => (pause: Pause) => pause.host === host && pause.clientId === clientId;
  return {
    async until(host) {
      const pauses = await ifPossible(read);
      return pauses?.find(isOwn(host))?.untilMs ?? null;
    },
    async remember(host, untilMs) {
      await ifPossible(async () => {
        using _lock = await folder.lock(LOCK, { timeoutMs: LOCK_TIMEOUT_MS });
        const others = (await ifPossible(read) ?? []).filter((pause) => !isOwn(host)(pause));
        await folder.replace(FILE, formatThrottleState([...others, { host, clientId, untilMs }]));
      });
    },
  };
}

/** Ignores errors of the folder: code that depends on the folder reports them. */
async function ifPossible<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CliError) return null;
    throw error;
  }
}

function formatThrottleState(pauses: readonly Pause[]): Uint8Array {
  const entries = pauses.map(({ host, clientId, untilMs }) => ({
    host,
    client_id: clientId,
    until: new Date(untilMs).toISOString(),
  }));
  return new TextEncoder().encode(`${JSON.stringify({ version: 1, pauses: entries }, null, 2)}\n`);
}

function parseThrottleState(content: Uint8Array): Pause[] {
  const pauses = parseJsonObject(content)?.pauses;
  return Array.isArray(pauses) ? pauses.flatMap(parsePause) : [];
}

function parsePause(value: unknown): Pause[] {
  if (!isJsonObject(value)) return [];
  const { host, client_id: clientId, until } = value;
  const untilMs = typeof until === "string" ? Date.parse(until) : NaN;
  const isPause = typeof host === "string" && typeof clientId === "string" && !Number.isNaN(untilMs);
  return isPause ? [{ host, clientId, untilMs }] : [];
}
