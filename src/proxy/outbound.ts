import {
  type AgentBus,
  BusFrameMessage,
  type BusMessage,
  type BusSubscriber,
  BusTaskRequestMessage,
  BusTaskResponseMessage,
} from "../bus/index.ts";
import { type ErrorCode, messageOf, TrunklineError } from "../errors.ts";
import { estimatedBytes } from "../util/index.ts";
import type { MessageSerializer } from "../wire/index.ts";
import { type Gate, gateCauses } from "./gate.ts";
import type { RejectedData } from "./proxy-events.ts";
import { isTaskAnswer } from "./task-traffic.ts";

export interface OutboundOptions {
  readonly bus: AgentBus;
  readonly proxyName: string;
  readonly gate: Gate;
  readonly serializer: MessageSerializer;
  /** Resolves when the link has taken the bytes of this message. */
  send(bytes: Uint8Array, message: BusMessage): Promise<void>;
  onRejected(rejection: RejectedData): void;
}

const maxQueuedMessages = 1_024;
const crowdedBytes = 67_108_864;
// So few are not worth weighing: a message is bounded too.
const unweighedMessages = 16;

/**
 * From the bus to the link: gate, bytes, link.
 *
 * 1. A link that is slow holds up its own lane, and with it whoever sends to the peer; nobody else.
 * 2. A message that cannot be sent fails alone. Whoever waits for an answer gets one that says why.
 */
export class Outbound implements BusSubscriber {
  readonly name: string;
  readonly #options: OutboundOptions;
  /** Of messages that were queued behind others. */
  readonly #weights = new WeakMap<BusMessage, number>();
  #waitingBytes = 0;
  #waitingMessages = 0;

  constructor(options: OutboundOptions) {
    this.name = `${options.proxyName}/outbound`;
    this.#options = options;
  }

  async begin(): Promise<void> {
    const { bus } = this.#options;
    await bus.subscribe(this, {
      observe: true,
      accept: (message) => this.#accept(message),
      maxQueued: maxQueuedMessages,
      whenFull: "wait",
    });
  }

  /** Resolves once everything the bus has handed over so far has been given to the link. */
  flush(): Promise<void> {
    return this.#options.bus.idle(this);
  }

  /**
   * Resolves at once, unless more waits than senders that wait for their `send` can have brought, or too many bytes do:
   * then when it has been given to the link.
   */
  async uncrowded(): Promise<void> {
    const isCrowded = this.#waitingMessages > 2 * maxQueuedMessages || this.#waitingBytes > crowdedBytes;
    if (isCrowded) await this.flush();
  }

  end(): Promise<void> {
    return this.#options.bus.unsubscribe(this);
  }

  onBusMessage(message: BusMessage): void | Promise<void> {
    this.#left(message);
    const verdict = this.#options.gate.outbound(message);
    if (verdict.pass) return this.#send(verdict.message);
    const { cause } = verdict;
    return this.#failed(message, cause, `A ${message.constructor.name} was not sent: ${gateCauses[cause]}.`);
  }

  #accept(message: BusMessage): boolean {
    if (!this.#options.gate.concerns(message)) return false;
    this.#waitingMessages += 1;
    if (this.#waitingMessages <= unweighedMessages) return true;
    const weight = this.#weights.get(message) ?? weightOf(message);
    this.#weights.set(message, weight);
    this.#waitingBytes += weight;
    return true;
  }

  #left(message: BusMessage): void {
    this.#waitingMessages -= 1;
    // Also what one message that was queued twice has been counted wrong by.
    this.#waitingBytes = this.#waitingMessages === 0 ? 0 : this.#waitingBytes - (this.#weights.get(message) ?? 0);
  }

  async #send(message: BusMessage): Promise<void> {
    try {
      await this.#options.send(this.#options.serializer.serialize(message), message);
    } catch (error) {
      this.#options.gate.withdraw(message);
      await this.#failed(message, causeOf(error), messageOf(error));
    }
  }

  async #failed(message: BusMessage, cause: RejectedData["cause"], why: string): Promise<void> {
    this.#options.onRejected({ direction: "outbound", cause, message: why });
    if (message instanceof BusTaskRequestMessage) await this.#answerHere(message, why);
    else if (isTaskAnswer(message) && (cause === "unsendable" || cause === "size"))
      await this.#answerThere(message, why);
  }

  /** The worker will never hear of it, so its answer is made here. */
  async #answerHere({ source, target, taskId }: BusTaskRequestMessage, error: string): Promise<void> {
    if (target === undefined) return;
    await this.#options.bus.send(
      new BusTaskResponseMessage({ source: target, target: source, taskId, status: "error", response: { error } }),
    );
  }

  /** The requester waits for an answer that cannot cross; one that can says so. */
  async #answerThere(answer: BusMessage & { readonly taskId: string }, error: string): Promise<void> {
    const { source, target, taskId } = answer;
    const instead = new BusTaskResponseMessage({ source, target, taskId, status: "error", response: { error } });
    if (!this.#options.gate.outbound(instead).pass) return;
    await this.#options.send(this.#options.serializer.serialize(instead), instead).catch(() => {});
  }
}

/** About what a message keeps. Its frame is no plain object, and is looked into all the same. */
function weightOf(message: BusMessage): number {
  const frame = message instanceof BusFrameMessage ? { ...message.frame } : undefined;
  return estimatedBytes({ ...message, frame }, crowdedBytes);
}

const causes: Partial<Record<ErrorCode, RejectedData["cause"]>> = {
  TL_CONNECTION_LOST: "lost",
  TL_LINK_FULL: "full",
  TL_MESSAGE_TOO_LARGE: "size",
};

function causeOf(error: unknown): RejectedData["cause"] {
  return (error instanceof TrunklineError ? causes[error.code] : undefined) ?? "unsendable";
}
