import { type AgentBus, BusCancelAgentMessage, BusEndAgentMessage, type BusMessage } from "../bus/index.ts";
import { TrunklineError } from "../errors.ts";
import { within } from "../util/index.ts";
import type { Roster } from "./roster.ts";

export interface ShutdownOptions {
  readonly runnerName: string;
  readonly bus: AgentBus;
  readonly roster: Roster;
  /** How long a graceful end may take. */
  readonly timeoutMs: number;
  report(error: unknown): void;
}

const cancelTimeoutMs = 2_000;
// An agent whose onCleanup hangs leaves the bus after five seconds.
const cutOffTimeoutMs = 5_000;
const busTimeoutMs = 2_000;

/**
 * How the agents of a runner are brought to their end.
 *
 * 1. Only roots are told; they tell their children.
 * 2. Nothing here waits for ever, not for the bus either. Whoever is late is named; whoever does not heed a cancel is cut off.
 */
export class Shutdown {
  readonly #options: ShutdownOptions;

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /** Asks all to end; resolves once they have, the time is over, or `cancelled` resolves. */
  async end(reason: string | undefined, cancelled: Promise<void>): Promise<void> {
    const { runnerName: source, timeoutMs } = this.#options;
    const told = this.#tellRoots((target) => new BusEndAgentMessage({ source, target, reason }));
    const ended = Promise.race([told.then(() => this.#allEnded()), cancelled]);
    if ((await within(ended, timeoutMs)) === "late") this.#reportLate(timeoutMs);
  }

  async cancel(reason: string | undefined): Promise<void> {
    const source = this.#options.runnerName;
    const told = this.#tellRoots((target) => new BusCancelAgentMessage({ source, target, reason }));
    if (
      (await within(
        told.then(() => this.#allEnded()),
        cancelTimeoutMs,
      )) === "done"
    )
      return;
    this.#reportLate(cancelTimeoutMs);
    for (const agent of this.#options.roster.all) void agent.stop(reason);
    await within(this.#allEnded(), cutOffTimeoutMs);
  }

  /** Waits for a step away from the bus. A bus that hangs is named, and left. */
  async left(step: "unsubscribe" | "stop", work: Promise<void>): Promise<void> {
    if ((await within(work, busTimeoutMs)) === "done") return;
    const message = `The ${step}() of the bus had not settled after ${busTimeoutMs} ms, and was left behind.`;
    this.#options.report(new TrunklineError("TL_SHUTDOWN_LATE", message));
  }

  async #tellRoots(message: (target: string) => BusMessage): Promise<void> {
    const { bus, roster, report } = this.#options;
    const results = await Promise.allSettled(roster.roots.map(({ name }) => bus.send(message(name))));
    for (const result of results) if (result.status === "rejected") report(result.reason);
  }

  async #allEnded(): Promise<void> {
    await Promise.all(this.#options.roster.all.map((agent) => agent.wait()));
  }

  #reportLate(timeoutMs: number): void {
    const names = this.#options.roster.all.map(({ name }) => `"${name}"`).join(", ");
    const message = `After ${timeoutMs} ms these agents had not ended: ${names}.`;
    this.#options.report(new TrunklineError("TL_SHUTDOWN_LATE", message));
  }
}
