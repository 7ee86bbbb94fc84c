import {
  type AgentBus,
  type AgentEntry,
  BusAgentGoneMessage,
  BusAgentReadyMessage,
  BusAgentRegistryMessage,
  type BusMessage,
  BusRunnerHeartbeatMessage,
} from "../bus/index.ts";
import type { AgentReadyData, AgentRegistry } from "../registry/index.ts";
import { Liveness } from "./liveness.ts";

export interface DiscoveryOptions {
  readonly bus: AgentBus;
  readonly registry: AgentRegistry;
  /** See {@link Liveness}. */
  readonly heartbeatIntervalMs: number;
  report(error: unknown): void;
}

/**
 * Keeps a runner's registry and those of the other runners on its bus in step.
 *
 * Only agents that are ready and have no parent are told of; children are their parent's business.
 */
export class Discovery {
  readonly #bus: AgentBus;
  readonly #registry: AgentRegistry;
  readonly #liveness: Liveness;

  constructor({ bus, registry, heartbeatIntervalMs: intervalMs, report }: DiscoveryOptions) {
    this.#bus = bus;
    this.#registry = registry;
    const { runnerName } = registry;
    const knows = (runner: string) => registry.agentsOf(runner).length > 0;
    const onSilent = (runner: string) => this.#lose(runner, "silent");
    const onAsked = (runner: string) => void bus.send(this.#registryMessage(runner)).catch(report);
    this.#liveness = new Liveness({ runnerName, bus, intervalMs, knows, onSilent, onAsked, report });
  }

  /** Registers one of this runner's own agents and tells the others. */
  async announce(data: AgentReadyData): Promise<void> {
    if (!this.#registry.register(data) || data.parent !== undefined) return;
    const { agentName, ...rest } = data;
    await this.#bus.send(new BusAgentReadyMessage({ source: agentName, ...rest }));
  }

  /** Unregisters one of this runner's own agents and tells the others. */
  async withdraw(agentName: string, reason: string | undefined): Promise<void> {
    const { runnerName } = this.#registry;
    const data = this.#registry.find(agentName, runnerName);
    if (!this.#registry.unregister(agentName, runnerName, reason) || data?.parent !== undefined) return;
    await this.#bus.send(
      new BusAgentGoneMessage({ source: runnerName, runner: runnerName, agents: [agentName], reason }),
    );
  }

  /** Makes itself known to the runners that are already there, and asks them to do the same. */
  async greet(): Promise<void> {
    await this.#bus.send(this.#registryMessage());
    this.#liveness.start();
  }

  /** Watches nobody any more, and shows nobody that this runner lives. */
  leave(): void {
    this.#liveness.stop();
  }

  /** Takes what others tell of their agents; returns the answer that a newcomer is owed. */
  async handle(message: BusMessage): Promise<void> {
    if (message instanceof BusAgentReadyMessage) {
      const { source, runner, parent, active, bridged, startedAt } = message;
      this.#learn({ agentName: source, runner, parent, active, bridged, startedAt });
    } else if (message instanceof BusAgentRegistryMessage && message.runner !== this.#registry.runnerName) {
      const { runner } = message;
      if (message.target === undefined && message.agents.length === 0) this.#restarted(runner);
      for (const { name, ...rest } of message.agents) this.#learn({ agentName: name, runner, ...rest });
      // To all: a newcomer, who is owed an answer however often one of that name has come. To us: such an answer.
      if (message.target === undefined) await this.#bus.send(this.#registryMessage(runner));
    } else if (message instanceof BusAgentGoneMessage && message.runner !== this.#registry.runnerName) {
      for (const agentName of message.agents) this.#registry.unregister(agentName, message.runner, message.reason);
    } else if (message instanceof BusRunnerHeartbeatMessage) {
      this.#liveness.heard(message);
      if (message.target !== this.#registry.runnerName || message.runner === message.target) return;
      // It had given this runner up, and with it all that was asked for; its registry follows.
      this.#lose(message.runner, "silent");
      await this.#bus.send(this.#registryMessage(message.runner));
    }
  }

  /** A newcomer begins with nobody ready: who is known under its name went with a forerunner, and without a word. */
  #restarted(runner: string): void {
    if (this.#registry.agentsOf(runner).length === 0) return;
    this.#lose(runner, "restarted");
    // Should the forerunner live after all, it tells of its agents once more.
    this.#liveness.ask(runner);
  }

  #lose(runner: string, reason: string): void {
    for (const agentName of this.#registry.agentsOf(runner)) this.#registry.unregister(agentName, runner, reason);
  }

  #learn(data: AgentReadyData): void {
    if (data.runner === this.#registry.runnerName || this.#registry.register(data)) return;
    const known = this.#registry.find(data.agentName, data.runner);
    if (known?.startedAt === undefined || data.startedAt === undefined || data.startedAt <= known.startedAt) return;
    // Another agent of that name, whose forerunner went without a word.
    this.#registry.unregister(data.agentName, data.runner, "restarted");
    this.#registry.register(data);
  }

  #registryMessage(target?: string): BusAgentRegistryMessage {
    const { runnerName } = this.#registry;
    const known = this.#registry.localAgents.flatMap((name) => this.#registry.get(name) ?? []);
    const agents = known
      .filter((data) => data.parent === undefined)
      .map(
        ({ agentName, active, bridged, startedAt }): AgentEntry => ({ name: agentName, active, bridged, startedAt }),
      );
    return new BusAgentRegistryMessage({ source: runnerName, target, runner: runnerName, agents });
  }
}
