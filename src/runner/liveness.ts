import { type AgentBus, BusRunnerHeartbeatMessage } from "../bus/index.ts";
import { TrunklineError } from "../errors.ts";

export interface LivenessOptions {
  readonly runnerName: string;
  readonly bus: AgentBus;
  /** How often this runner shows that it lives. 0: never; it still notices when others fall silent. */
  readonly intervalMs: number;
  /** True when something of that runner is known here. */
  knows(runner: string): boolean;
  /** A runner has fallen silent: nothing of it can be reached. */
  onSilent(runner: string): void;
  /** A runner was asked for its registry, and knows that it had been given up; what is said now comes after that. */
  onAsked?: ((runner: string) => void) | undefined;
  report(error: unknown): void;
  /** Milliseconds that only grow. Default: `performance.now()`. */
  readonly now?: (() => number) | undefined;
}

interface Heard {
  intervalMs: number;
  at: number;
  silent: boolean;
}

const shortestIntervalMs = 200;
const longestIntervalMs = 300_000;
const missedIntervals = 2.5;
const checkEveryMs = 500;
/** How many runners are watched; one more is not, and counts as alive for as long as it is known. */
export const maxWatchedRunners = 1_024;

/**
 * Shows the other runners on a shared bus that this one lives, and notices when one of them falls silent.
 *
 * 1. Only a runner that was heard can fall silent; Python peers, who send no heartbeats, never do.
 * 2. Silent is who said nothing for two and a half of the intervals it announced, 200 ms to 5 minutes each.
 * 3. Time that this process slept through counts for nobody: the others may have spoken meanwhile.
 * 4. Who is heard again is asked for its registry, and hears by that that nothing it had asked for goes on here.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #heard = new Map<string, Heard>();
  readonly #now: () => number;
  #beat: ReturnType<typeof setInterval> | undefined;
  #check: ReturnType<typeof setInterval> | undefined;
  #checkedAt = 0;
  #sending = false;
  #failed = false;
  #running = false;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Does nothing on a bus that stays in this process: there, all live and die together. */
  start(): void {
    const { bus, intervalMs } = this.#options;
    if (this.#running || !bus.shared) return;
    this.#running = true;
    if (intervalMs === 0) return;
    this.#beat = idleInterval(() => void this.#sendBeat(), intervalMs);
    void this.#sendBeat();
  }

  stop(): void {
    this.#running = false;
    clearInterval(this.#beat);
    clearInterval(this.#check);
    this.#check = undefined;
    this.#heard.clear();
  }

  heard({ runner, intervalMs }: BusRunnerHeartbeatMessage): void {
    if (!this.#running || runner === this.#options.runnerName || !(intervalMs > 0)) return;
    const at = this.#now();
    const known = this.#heard.get(runner);
    const bounded = Math.min(Math.max(intervalMs, shortestIntervalMs), longestIntervalMs);
    if (known === undefined && !this.#hasRoom()) return;
    this.#heard.set(runner, { intervalMs: bounded, at, silent: false });
    if (known?.silent) this.ask(runner);
    if (this.#check !== undefined) return;
    this.#checkedAt = at;
    this.#check = idleInterval(() => this.#lookRound(), checkEveryMs);
  }

  /** Asks a runner that was given up for its registry. */
  ask(runner: string): void {
    if (this.#running) void this.#send(runner).then(() => this.#options.onAsked?.(runner));
  }

  #lookRound(): void {
    const now = this.#now();
    const sleptMs = now - this.#checkedAt - checkEveryMs;
    this.#checkedAt = now;
    for (const [runner, heard] of this.#heard) {
      if (sleptMs > heard.intervalMs / 2) heard.at = now;
      else if (!heard.silent && now - heard.at > missedIntervals * heard.intervalMs) this.#fellSilent(runner, heard);
    }
    if (this.#heard.size > 0) return;
    clearInterval(this.#check);
    this.#check = undefined;
  }

  #fellSilent(runner: string, heard: Heard): void {
    const { knows, onSilent } = this.#options;
    // Who has said goodbye has nothing left here to lose, and nothing to be asked for.
    if (!knows(runner)) {
      this.#heard.delete(runner);
      return;
    }
    heard.silent = true;
    onSilent(runner);
  }

  /** Of those that are silent, the one that was met first makes room. */
  #hasRoom(): boolean {
    if (this.#heard.size < maxWatchedRunners) return true;
    for (const [runner, { silent }] of this.#heard) {
      if (!silent) continue;
      this.#heard.delete(runner);
      return true;
    }
    return false;
  }

  async #sendBeat(): Promise<void> {
    // On a bus that is stuck, one that waits says as much as ten.
    if (this.#sending) return;
    this.#sending = true;
    await this.#send(undefined);
    this.#sending = false;
  }

  /** Reports the first failure of a row: a bus that is away for an hour is one fault, not hundreds. */
  async #send(target: string | undefined): Promise<void> {
    const { bus, runnerName, intervalMs, report } = this.#options;
    try {
      await bus.send(new BusRunnerHeartbeatMessage({ source: runnerName, target, runner: runnerName, intervalMs }));
      this.#failed = false;
    } catch (error) {
      if (this.#running && !this.#failed) report(error);
      this.#failed = true;
    }
  }
}

/** @throws TrunklineError `TL_INVALID_OPTION` for an interval that no peer would take at its word */
export function refuseHeartbeatInterval(intervalMs: number): void {
  if (intervalMs === 0 || (intervalMs >= shortestIntervalMs && intervalMs <= longestIntervalMs)) return;
  throw new TrunklineError(
    "TL_INVALID_OPTION",
    `heartbeatIntervalMs is ${intervalMs}. Give ${shortestIntervalMs} to ${longestIntervalMs} milliseconds, or 0 for no heartbeats.`,
  );
}

/** An interval that keeps no process alive: what is worth that is the bus itself. */
function idleInterval(call: () => void, intervalMs: number): ReturnType<typeof setInterval> {
  const timer = setInterval(call, intervalMs);
  // In a browser it is a number, and nothing waits for it anyway.
  if (typeof timer === "object") timer.unref();
  return timer;
}
