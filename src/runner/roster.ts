import type { BaseAgent } from "../agents/index.ts";

/** The agents of one runner, by name. A name is free again once its agent has ended. */
export class Roster {
  readonly #agents = new Map<string, BaseAgent>();

  get all(): readonly BaseAgent[] {
    return [...this.#agents.values()];
  }

  /** Those that no other agent added. */
  get roots(): readonly BaseAgent[] {
    return this.all.filter((agent) => agent.parent === undefined);
  }

  get(name: string): BaseAgent | undefined {
    return this.#agents.get(name);
  }

  /** Returns false, and does nothing, when the name is taken. */
  add(agent: BaseAgent): boolean {
    if (this.#agents.has(agent.name)) return false;
    this.#agents.set(agent.name, agent);
    return true;
  }

  remove(name: string): void {
    this.#agents.delete(name);
  }
}
