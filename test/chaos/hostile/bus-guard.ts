import {
  type AgentBus,
  BusAgentGoneMessage,
  BusAgentReadyMessage,
  BusAgentRegistryMessage,
  type BusMessage,
  type BusSubscriber,
  BusSystemMessage,
  JSONMessageSerializer,
  type MessageSerializer,
} from "trunkline";
import { type Described, modelPasses, type World } from "../../proxy/gate-model.ts";

/** The names the model of the gate knows the classes by. */
const shortNames: Readonly<Record<string, string>> = {
  BusFrameMessage: "Frame",
  BusActivateAgentMessage: "Activate",
  BusDeactivateAgentMessage: "Deactivate",
  BusEndMessage: "End",
  BusEndAgentMessage: "EndAgent",
  BusCancelMessage: "Cancel",
  BusCancelAgentMessage: "CancelAgent",
  BusAddAgentMessage: "AddAgent",
  BusAgentLocalErrorMessage: "LocalError",
  BusAgentErrorMessage: "Error",
  BusAgentReadyMessage: "Ready",
  BusAgentRegistryMessage: "Registry",
  BusAgentGoneMessage: "Gone",
  BusRunnerHeartbeatMessage: "Heartbeat",
  BusTaskRequestMessage: "Request",
  BusTaskResponseMessage: "Response",
  BusTaskResponseUrgentMessage: "ResponseUrgent",
  BusTaskUpdateMessage: "Update",
  BusTaskUpdateUrgentMessage: "UpdateUrgent",
  BusTaskUpdateRequestMessage: "Ask",
  BusTaskCancelMessage: "TaskCancel",
  BusTaskStreamStartMessage: "StreamStart",
  BusTaskStreamDataMessage: "StreamData",
  BusTaskStreamEndMessage: "StreamEnd",
};

/** A serializer that remembers which messages it has made of bytes. */
class Marking implements MessageSerializer {
  readonly made = new WeakSet<BusMessage>();
  readonly #inner = new JSONMessageSerializer();

  get lastRejection() {
    return this.#inner.lastRejection;
  }

  serialize(message: BusMessage): Uint8Array {
    return this.#inner.serialize(message);
  }

  deserialize(bytes: Uint8Array): BusMessage | undefined {
    const message = this.#inner.deserialize(bytes);
    if (message !== undefined) this.made.add(message);
    return message;
  }
}

/**
 * Looks at everything on a session's bus and tells what should never have come in, by the tables of the contract and
 * not by the gate. The session's proxy is to be built with its serializer.
 */
export class BusGuard implements BusSubscriber {
  readonly name = "guard";
  readonly serializer: MessageSerializer;
  readonly #marking = new Marking();
  readonly #world: World;
  readonly #onForbidden: (line: string) => void;
  seen = 0;

  constructor(runnerName: string, onForbidden: (line: string) => void) {
    this.serializer = this.#marking;
    this.#onForbidden = onForbidden;
    this.#world = {
      side: "server",
      here: "assistant",
      there: "acme",
      livesHere: ["assistant", "gateway", "gateway/outbound", this.name, runnerName],
      forward: ["Frame"],
    };
  }

  async watch(bus: AgentBus): Promise<void> {
    await bus.subscribe(this, { observe: true });
  }

  onBusMessage(message: BusMessage): void {
    const fromOutside = this.#marking.made.has(message);
    const { livesHere } = this.#world;
    if (!fromOutside && livesHere.includes(message.source)) return;
    this.seen += 1;
    const described = describe(message);
    if (modelPasses({ direction: "in", message: described }, this.#world, [])) return;
    this.#onForbidden(`This should not have come in: ${JSON.stringify(described).slice(0, 300)}`);
  }
}

function describe(message: BusMessage): Described {
  const other = message instanceof BusSystemMessage ? "System" : "Tick";
  const { source, target } = message;
  const taskId = "taskId" in message ? String(message.taskId) : "";
  return { type: shortNames[message.constructor.name] ?? other, source, target, taskId, about: aboutOf(message) };
}

function aboutOf(message: BusMessage): readonly string[] {
  if (message instanceof BusAgentReadyMessage) return [message.source];
  if (message instanceof BusAgentGoneMessage) return message.agents;
  return message instanceof BusAgentRegistryMessage ? message.agents.map(({ name }) => name) : [];
}
