import type { AgentBus, BusMessage } from "../bus/index.ts";
import { messageOf, TrunklineError } from "../errors.ts";
import type { MessageSerializer } from "../wire/index.ts";
import { Backlog } from "./backlog.ts";
import { Brake } from "./brake.ts";
import { type Gate, gateCauses } from "./gate.ts";
import type { RejectedData } from "./proxy-events.ts";
import { type DiscoveryMessage, isDiscovery } from "./vouching.ts";

export interface InboundOptions {
  readonly bus: AgentBus;
  readonly gate: Gate;
  readonly serializer: MessageSerializer;
  readonly maxWaitingBytes: number;
  /** While it is on, the peer is to send no more than it has begun to. */
  holdBack(on: boolean): void;
  /** Resolves once the agent has handled what has been delivered so far. */
  taken(): Promise<unknown>;
  /** Resolves once that is handled, and what was said in answer has left. */
  handled(): Promise<unknown>;
  /** The peer says which agent it has; the proxy makes of it what it can vouch for. */
  onDiscovery(message: DiscoveryMessage): void;
  /** Any other message that comes in, before it is delivered. */
  onMessage(message: BusMessage): void;
  onRejected(rejection: RejectedData): void;
  /** It may come in, but there is no room for it. */
  onUndelivered(message: BusMessage, why: string): void;
  onError(error: unknown): void;
}

// The bus refuses what comes beyond four times as many.
const messagesUntilHeld = 16_384;
const patienceMs = 5_000;

/**
 * From the link to the bus: bytes, message, gate. Nothing that arrives can make it throw.
 *
 * What came in and is not handled yet is bounded in bytes: a peer that sends faster than the agents work, or that makes
 * them answer and does not read, costs no more memory than that. At half of it the peer is held back, if it can be.
 */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #brake: Brake;
  readonly #untaken: Backlog;
  readonly #unhandled: Backlog;

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#brake = new Brake({
      maxBytes: options.maxWaitingBytes / 2,
      maxMessages: messagesUntilHeld,
      patienceMs,
      hold: (on) => options.holdBack(on),
    });
    this.#untaken = new Backlog(
      () => options.taken(),
      () => this.#brake.less(this.#untaken),
    );
    this.#unhandled = new Backlog(() => options.handled());
  }

  /** The peer does not take what is sent to it, or takes it again. */
  peerIsSlow(isSlow: boolean): void {
    this.#brake.peerIsSlow(isSlow);
  }

  /** Nothing more will come. */
  end(): void {
    this.#brake.end();
  }

  receive(bytes: Uint8Array): void {
    const message = this.#read(bytes);
    if (message === undefined) return;
    const verdict = this.#options.gate.inbound(message, bytes.byteLength);
    if (!verdict.pass) {
      const { cause } = verdict;
      this.#reject(cause, `A ${message.constructor.name} was not let in: ${gateCauses[cause]}.`);
      if (cause === "openRequests") this.#options.onUndelivered(message, gateCauses[cause]);
    } else if (isDiscovery(verdict.message)) this.#options.onDiscovery(verdict.message);
    else {
      this.#options.onMessage(verdict.message);
      this.#deliver(verdict.message, bytes.byteLength);
    }
  }

  #deliver(message: BusMessage, byteLength: number): void {
    const { bus, maxWaitingBytes, onError } = this.#options;
    if (this.#unhandled.bytes + byteLength > maxWaitingBytes) {
      this.#refuse(message, `over ${maxWaitingBytes} bytes would wait to be handled.`);
      return;
    }
    bus.send(message).catch((error: unknown) => {
      const full = error instanceof TrunklineError && error.code === "TL_QUEUE_FULL";
      if (full) this.#refuse(message, error.message);
      else onError(error);
    });
    this.#count(byteLength);
  }

  /** Whoever asked is told; for everything else there is the event. */
  #refuse(message: BusMessage, why: string): void {
    this.#reject("full", `A ${message.constructor.name} was not let in: ${why}`);
    this.#options.onUndelivered(message, why);
  }

  #count(byteLength: number): void {
    this.#unhandled.add(byteLength);
    this.#untaken.add(byteLength);
    this.#brake.more(this.#untaken);
  }

  #read(bytes: Uint8Array): BusMessage | undefined {
    const { serializer } = this.#options;
    try {
      const message = serializer.deserialize(bytes);
      if (message === undefined) {
        const why = serializer.lastRejection?.message ?? "it is malformed or of no registered type";
        this.#reject("invalid", `A message could not be read: ${why}.`);
      }
      return message;
    } catch (error) {
      this.#reject("invalid", `A message could not be read: ${messageOf(error)}`);
      return undefined;
    }
  }

  #reject(cause: RejectedData["cause"], message: string): void {
    this.#options.onRejected({ direction: "inbound", cause, message });
  }
}
