import type { AgentGoneData, AgentReadyData, AgentRegistry } from "../registry/index.ts";

export interface WatchingOptions {
  onReady(data: AgentReadyData): void;
  onGone(data: AgentGoneData): void;
  /** Hears of every agent that is gone, watched or not. */
  onAnyGone(data: AgentGoneData): void;
}

/** The agents that one agent watches. All watches end with it, and none begins after. */
export class Watching {
  readonly #options: WatchingOptions;
  readonly #names = new Map<string, number>();
  readonly #ends = new Set<() => void>();
  #ended = false;

  constructor(options: WatchingOptions) {
    this.#options = options;
  }

  begin(registry: AgentRegistry): void {
    const end = registry.on("agentGone", (data) => {
      if (this.#names.has(data.agentName)) this.#options.onGone(data);
      this.#options.onAnyGone(data);
    });
    this.#ends.add(end);
  }

  /** Without a handler, the agent's own hook hears of it. */
  watch(
    registry: AgentRegistry,
    agentName: string,
    handler?: (data: AgentReadyData) => void | Promise<void>,
  ): () => void {
    if (this.#ended) return () => {};
    const unwatch = registry.watch(agentName, handler ?? this.#options.onReady);
    this.#names.set(agentName, (this.#names.get(agentName) ?? 0) + 1);
    const end = () => {
      if (!this.#ends.delete(end)) return;
      const left = (this.#names.get(agentName) ?? 1) - 1;
      if (left > 0) this.#names.set(agentName, left);
      else this.#names.delete(agentName);
      // The hook may be watching for somebody else still.
      if (handler !== undefined || left === 0) unwatch();
    };
    this.#ends.add(end);
    return end;
  }

  /** Resolves once the agent is known; rejects with the signal's reason when that aborts first. */
  whenReady(registry: AgentRegistry, agentName: string, signal: AbortSignal): Promise<void> {
    if (registry.has(agentName)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void) => {
        unwatch();
        signal.removeEventListener("abort", aborted);
        outcome();
      };
      const aborted = () => settle(() => reject(signal.reason));
      const unwatch = registry.watch(agentName, () => settle(resolve));
      if (signal.aborted) aborted();
      else signal.addEventListener("abort", aborted, { once: true });
    });
  }

  end(): void {
    this.#ended = true;
    for (const end of [...this.#ends]) end();
    this.#ends.clear();
    this.#names.clear();
  }
}
