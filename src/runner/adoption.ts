import { BaseAgent } from "../agents/index.ts";
import { type AgentBus, type BusAddAgentMessage, BusAgentLocalErrorMessage } from "../bus/index.ts";
import { messageOf } from "../errors.ts";
import type { Roster } from "./roster.ts";

export interface AdoptionOptions {
  readonly bus: AgentBus;
  readonly roster: Roster;
  /** Takes an agent, or does not. */
  add(agent: BaseAgent): Promise<void>;
  /** True when nobody is taken any more. */
  ending(): boolean;
  report(error: unknown, agentName: string): void;
}

/**
 * Takes the agents that other agents add.
 *
 * One that is not taken has ended: its parent has it no longer among its children, and is told why.
 */
export class Adoption {
  readonly #options: AdoptionOptions;

  constructor(options: AdoptionOptions) {
    this.#options = options;
  }

  async handle({ agent, source }: BusAddAgentMessage): Promise<void> {
    // Every runner on this bus hears of it; it belongs where its parent is, and to nobody once that has ended.
    if (!(agent instanceof BaseAgent) || agent.added || !this.#mayHave(agent)) return;
    const { bus, add, ending, report } = this.#options;
    let error = `Agent "${agent.name}" was not added: the name is taken.`;
    try {
      await add(agent);
    } catch (cause) {
      // Its parent has ended, and took it along.
      if (agent.state === "ended") return;
      error = messageOf(cause);
      report(cause, agent.name);
    }
    if (agent.added) return;
    await agent.stop(error);
    if (!ending()) await bus.send(new BusAgentLocalErrorMessage({ source: agent.name, target: source, error }));
  }

  #mayHave(agent: BaseAgent): boolean {
    if (agent.parent === undefined) return true;
    const parent = this.#options.roster.get(agent.parent);
    return parent !== undefined && parent.state !== "ended";
  }
}
