import type { EventHandler } from "../util/index.ts";
import type { AgentGoneData, AgentReadyData } from "./agent-data.ts";

/** What a registry tells those that listen with `on`. */
export interface AgentRegistryEvents {
  agentReady: AgentReadyData;
  agentGone: AgentGoneData;
}

/**
 * Which agents can be reached from one runner, and where they live.
 *
 * A name is known once per runner. Where two runners have the same name, the local one is found first, then the one
 * that was known first. Handlers are told at once and beside each other: a slow one keeps nobody else waiting for the
 * news that an agent is gone.
 */
export class AgentRegistry {
  /** Name of the runner this belongs to. */
  readonly runnerName: string;
  readonly #byRunner = new Map<string, Map<string, AgentReadyData>>();
  readonly #watchers = new Map<string, Set<EventHandler<AgentReadyData>>>();
  readonly #listeners: { readonly [E in keyof AgentRegistryEvents]: Set<(data: AgentRegistryEvents[E]) => unknown> } = {
    agentReady: new Set(),
    agentGone: new Set(),
  };
  readonly #onError: (error: unknown) => void;

  constructor(runnerName: string, onError: (error: unknown) => void) {
    this.runnerName = runnerName;
    this.#onError = onError;
  }

  /** Names of the agents of this runner. */
  get localAgents(): readonly string[] {
    return this.agentsOf(this.runnerName);
  }

  /** Names of the agents that one runner has ready. */
  agentsOf(runner: string): readonly string[] {
    return [...(this.#byRunner.get(runner)?.keys() ?? [])];
  }

  /** Names of the agents of other runners, as they were announced. */
  get remoteAgents(): readonly string[] {
    return [...this.#byRunner].flatMap(([runner, agents]) => (runner === this.runnerName ? [] : [...agents.keys()]));
  }

  /** What is known of an agent; of one of this runner before one of another. */
  get(agentName: string): AgentReadyData | undefined {
    const local = this.#byRunner.get(this.runnerName)?.get(agentName);
    if (local !== undefined) return local;
    for (const agents of this.#byRunner.values()) {
      const data = agents.get(agentName);
      if (data !== undefined) return data;
    }
    return undefined;
  }

  /** The agent of that name in one runner, whoever else has the name. */
  find(agentName: string, runner: string): AgentReadyData | undefined {
    return this.#byRunner.get(runner)?.get(agentName);
  }

  /** Whether an agent of this name can be reached. */
  has(agentName: string): boolean {
    return this.get(agentName) !== undefined;
  }

  /** Whether it is an agent of this runner. */
  isLocal(agentName: string): boolean {
    return this.#byRunner.get(this.runnerName)?.has(agentName) ?? false;
  }

  /** Adds an agent and tells its watchers. Returns false, and does nothing, if the runner already has one of that name. */
  register(data: AgentReadyData): boolean {
    const agents = this.#byRunner.get(data.runner) ?? new Map<string, AgentReadyData>();
    if (agents.has(data.agentName)) return false;
    this.#byRunner.set(data.runner, agents.set(data.agentName, data));
    const watchers = this.#watchers.get(data.agentName);
    // One that an earlier one has taken away is not told any more.
    for (const watcher of [...(watchers ?? [])]) if (watchers?.has(watcher)) this.#tell(watcher, data);
    this.#tellAll("agentReady", data);
    return true;
  }

  /** Forgets an agent and says that it is gone. Returns false if it was not known. */
  unregister(agentName: string, runner: string, reason?: string): boolean {
    const agents = this.#byRunner.get(runner);
    if (agents?.delete(agentName) !== true) return false;
    if (agents.size === 0) this.#byRunner.delete(runner);
    this.#tellAll("agentGone", { agentName, runner, reason });
    return true;
  }

  /**
   * Calls the handler whenever an agent of that name becomes known, and at once if it is. The same handler is called
   * once, however often it is added. The returned function ends the watch.
   */
  watch(agentName: string, handler: EventHandler<AgentReadyData>): () => void {
    const watchers = this.#watchers.get(agentName) ?? new Set();
    const end = () => {
      watchers.delete(handler);
      if (watchers.size === 0 && this.#watchers.get(agentName) === watchers) this.#watchers.delete(agentName);
    };
    if (watchers.has(handler)) return end;
    this.#watchers.set(agentName, watchers.add(handler));
    const known = this.get(agentName);
    if (known !== undefined) this.#tell(handler, known);
    return end;
  }

  /** Adds a handler; the returned function takes it away again. */
  on<E extends keyof AgentRegistryEvents>(event: E, handler: EventHandler<AgentRegistryEvents[E]>): () => void {
    // A listener of its own, so that adding a handler twice means hearing twice, as everywhere.
    const listener = (data: AgentRegistryEvents[E]) => handler(data);
    this.#listeners[event].add(listener);
    return () => void this.#listeners[event].delete(listener);
  }

  /** Names somebody watches; for tests and inspection. */
  get watchedAgents(): readonly string[] {
    return [...this.#watchers.keys()];
  }

  #tellAll<E extends keyof AgentRegistryEvents>(event: E, data: AgentRegistryEvents[E]): void {
    for (const listener of [...this.#listeners[event]]) {
      if (this.#listeners[event].has(listener)) this.#tell(listener, data);
    }
  }

  #tell<T>(handler: EventHandler<T>, data: T): void {
    try {
      Promise.resolve(handler(data)).catch(this.#onError);
    } catch (error) {
      this.#onError(error);
    }
  }
}
