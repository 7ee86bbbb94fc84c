import {
  type AgentBus,
  type AgentEntry,
  BusAgentGoneMessage,
  BusAgentReadyMessage,
  BusAgentRegistryMessage,
  BusFrameMessage,
  type BusMessage,
} from "../bus/index.ts";
import type { AgentGoneData, AgentReadyData, AgentRegistry } from "../registry/index.ts";
import type { DiscoveryMessage } from "./vouching.ts";

export interface PresenceOptions {
  readonly bus: AgentBus;
  readonly proxyName: string;
  readonly localAgentName: string;
  readonly remoteAgentName: string;
  /** Sends to the peer, past the gate: what is said here is about the local agent alone. */
  send(message: BusMessage): void;
  onError(error: unknown): void;
}

/**
 * Makes each side's agent known to the other.
 *
 * 1. The local agent is announced to the peer when it is ready, and again whenever it becomes so.
 * 2. The remote agent becomes known here under this connection's own name, whatever the peer says about runners: it
 *    belongs to the connection, and is gone with it.
 * 3. A peer that announces nobody, as Python clients do, has its agent from the first message on that comes from it.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #runner: string;
  #known = false;
  #announces = false;
  #unwatch: (() => void)[] = [];

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#runner = `link:${options.proxyName}`;
  }

  /** The connection is there: tell the peer of the local agent, now or when it is ready. */
  begin(registry: AgentRegistry): void {
    const { localAgentName } = this.#options;
    this.#unwatch = [
      registry.watch(localAgentName, (data) => this.#announce(data)),
      registry.on("agentGone", (data) => this.#withdraw(data)),
    ];
  }

  /** The peer speaks of its agent. */
  learn(message: DiscoveryMessage): void {
    this.#announces = true;
    if (message instanceof BusAgentGoneMessage) this.#forget(message.reason);
    else if (message instanceof BusAgentReadyMessage) this.#become(message);
    else if (message.agents[0] !== undefined) this.#become(message.agents[0]);
  }

  /** The peer speaks of something else; who speaks is there. */
  notice(message: BusMessage): void {
    if (this.#known || this.#announces || message.source !== this.#options.remoteAgentName) return;
    this.#become({ active: true, bridged: message instanceof BusFrameMessage, startedAt: undefined });
  }

  /** The connection is over. */
  end(reason: string): void {
    for (const unwatch of this.#unwatch.splice(0)) unwatch();
    this.#forget(reason);
  }

  #become({ active, bridged, startedAt }: Pick<AgentEntry, "active" | "bridged" | "startedAt">): void {
    if (this.#known) return;
    this.#known = true;
    const { remoteAgentName } = this.#options;
    this.#tell(new BusAgentReadyMessage({ source: remoteAgentName, runner: this.#runner, active, bridged, startedAt }));
  }

  #forget(reason: string | undefined): void {
    if (!this.#known) return;
    this.#known = false;
    const { proxyName, remoteAgentName } = this.#options;
    this.#tell(new BusAgentGoneMessage({ source: proxyName, runner: this.#runner, agents: [remoteAgentName], reason }));
  }

  // A registry message, because that is what Python peers understand; addressed, because their server drops the rest.
  #announce({ runner, active, bridged, startedAt }: AgentReadyData): void {
    const { localAgentName, remoteAgentName } = this.#options;
    const agents = [{ name: localAgentName, active, bridged, startedAt }];
    this.#options.send(
      new BusAgentRegistryMessage({ source: localAgentName, target: remoteAgentName, runner, agents }),
    );
  }

  #withdraw({ agentName, runner, reason }: AgentGoneData): void {
    const { localAgentName } = this.#options;
    if (agentName !== localAgentName) return;
    this.#options.send(new BusAgentGoneMessage({ source: localAgentName, runner, agents: [agentName], reason }));
  }

  #tell(message: BusMessage): void {
    this.#options.bus.send(message).catch(this.#options.onError);
  }
}
