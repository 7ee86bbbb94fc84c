import { BusAgentGoneMessage, BusAgentReadyMessage, BusAgentRegistryMessage, type BusMessage } from "../bus/index.ts";

/** A message that says which agents there are. */
export type DiscoveryMessage = BusAgentReadyMessage | BusAgentRegistryMessage | BusAgentGoneMessage;

export function isDiscovery(message: BusMessage): message is DiscoveryMessage {
  return (
    message instanceof BusAgentReadyMessage ||
    message instanceof BusAgentRegistryMessage ||
    message instanceof BusAgentGoneMessage
  );
}

/**
 * What a link that stands for one agent may say of it: the message itself, a registry cut down to that agent, or
 * nothing when the message is about others.
 */
export function vouchedFor(agentName: string, message: DiscoveryMessage): DiscoveryMessage | undefined {
  if (message instanceof BusAgentReadyMessage) return message.source === agentName ? message : undefined;
  if (message instanceof BusAgentGoneMessage) {
    return message.agents.length === 1 && message.agents[0] === agentName ? message : undefined;
  }
  const entry = message.agents.find(({ name }) => name === agentName);
  if (entry === undefined) return undefined;
  if (message.agents.length === 1) return message;
  const { source, target, runner } = message;
  return new BusAgentRegistryMessage({ source, target, runner, agents: [entry] });
}
