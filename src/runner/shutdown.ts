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

/**
 * How the agents of a runner are brought to their end.
 *
 * 1. Only roots are told; they tell their children.
 * 2. Nothing here waits for ever. Whoever is late is named; whoever does not heed a cancel is cut off.
 */
export class Shutdown {
  readonly #options: ShutdownOptions;

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /** Asks all to end; resolves once they have, the time is over, or `cancelled` resolves. */
  async end(reason: string | undefined, cancelled: Promise<void>): Promise<void> {
    const { runnerName: source, timeoutMs } = this.#options;
    await this.#tellRoots((target) => new BusEndAgentMessage({ source, target, reason }));
    const ended = Promise.race([this.#allEnded(), cancelled]);
    if ((await within(ended, timeoutMs)) === "late") this.#reportLate(timeoutMs);
  }

  async cancel(reason: string | undefined): Promise<void> {
    const source = this.#options.runnerName;
    await this.#tellRoots((target) => new BusCancelAgentMessage({ source, target, reason }));
    if ((await within(this.#allEnded(), cancelTimeoutMs)) === "done") return;
    this.#reportLate(cancelTimeoutMs);
    for (const agent of this.#options.roster.all) void agent.stop(reason);
    await within(this.#allEnded(), cancelTimeoutMs);
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
