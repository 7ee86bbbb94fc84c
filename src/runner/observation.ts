import type { BaseAgent } from "../agents/index.ts";
import type { PipelineObserver } from "../pipeline/index.ts";

/** Watches the pipelines of a runner's agents: one observer for all, or a function that gives one for an agent, or none. */
export type AgentObserver = PipelineObserver | ((agent: BaseAgent) => PipelineObserver | undefined);

/** Who watches the pipelines of a runner's agents. */
export class Observation {
  readonly #added = new Set<{ readonly observer: AgentObserver }>();
  readonly #report: (error: unknown, agentName: string) => void;

  constructor(report: (error: unknown, agentName: string) => void) {
    this.#report = report;
  }

  add(observer: AgentObserver): () => void {
    const entry = { observer };
    this.#added.add(entry);
    return () => void this.#added.delete(entry);
  }

  /** Those that are to watch the pipeline of this agent. One that fails to be built is reported, and missing. */
  of(agent: BaseAgent): PipelineObserver[] {
    return [...this.#added].flatMap(({ observer }) => {
      if (typeof observer !== "function") return observer;
      try {
        return observer(agent) ?? [];
      } catch (error) {
        this.#report(error, agent.name);
        return [];
      }
    });
  }
}
