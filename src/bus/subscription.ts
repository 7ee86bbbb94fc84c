import { messageOf, TrunklineError } from "../errors.ts";
import { Inbox, type InboxDepth, type Turn } from "../util/index.ts";
import { type BusMessage, priorityOf } from "./message.ts";

/** Who receives messages. */
export interface BusSubscriber {
  /** Unique on its bus. */
  readonly name: string;
  /** Handles a message. The next one of the same lane waits until it has settled. */
  onBusMessage(message: BusMessage): void | Promise<void>;
}

/** What a subscriber gets, and how much may wait for it. */
export interface SubscribeOptions {
  /** True: sees every message, whoever it is for. Default false. */
  readonly observe?: boolean | undefined;
  /**
   * The name whose targeted messages it receives. Several subscribers may share one.
   * Default: the subscriber's own name.
   */
  readonly address?: string | undefined;
  /** Asked before a message is queued; false passes it over. Default: every message is taken. */
  readonly accept?: ((message: BusMessage) => boolean) | undefined;
  /** How many data messages may wait. Default 65,536. System messages are few and always taken. */
  readonly maxQueued?: number | undefined;
  /**
   * What happens when `maxQueued` data messages wait. `"reject"` (default): the message is refused and the
   * sender's `send` rejects with `TL_QUEUE_FULL`. `"wait"`: the message is taken and the sender's `send` resolves
   * once half of them are handled. Other subscribers get the message either way.
   */
  readonly whenFull?: "reject" | "wait" | undefined;
}

/** How far a subscriber is behind. */
export interface SubscriptionState extends InboxDepth {
  readonly name: string;
  /** Messages refused because too many waited. */
  readonly refused: number;
}

/** A message that was not handled, and why. */
export interface HandlerFailure {
  readonly error: TrunklineError;
  /** Name of the subscriber whose handler failed. */
  readonly subscriber: string;
  readonly message: BusMessage | undefined;
}

const defaultMaxQueued = 65_536;

/** A subscriber's place on the bus: its two lanes, its limit and its filter. */
export class Subscription {
  readonly subscriber: BusSubscriber;
  readonly observe: boolean;
  readonly address: string;
  readonly #accept: ((message: BusMessage) => boolean) | undefined;
  readonly #maxQueued: number;
  readonly #whenFull: "reject" | "wait";
  readonly #inbox: Inbox<BusMessage>;
  readonly #onFailure: (failure: HandlerFailure) => void;
  #refused = 0;

  constructor(
    subscriber: BusSubscriber,
    options: SubscribeOptions,
    turn: Turn,
    onFailure: (failure: HandlerFailure) => void,
  ) {
    this.subscriber = subscriber;
    this.observe = options.observe ?? false;
    this.address = options.address ?? subscriber.name;
    this.#accept = options.accept;
    this.#maxQueued = options.maxQueued ?? defaultMaxQueued;
    this.#whenFull = options.whenFull ?? "reject";
    this.#onFailure = onFailure;
    this.#inbox = new Inbox({
      turn,
      handle: (message) => subscriber.onBusMessage(message),
      onError: (cause, message) => onFailure(handlerFailure(subscriber.name, message, cause)),
    });
  }

  get state(): SubscriptionState {
    return { name: this.subscriber.name, refused: this.#refused, ...this.#inbox.depth };
  }

  /** Queues a message. Returns nothing when the sender need not care, else what its `send` is to wait for. */
  offer(message: BusMessage): Promise<void> | undefined {
    if (!this.#accepts(message)) return undefined;
    if (priorityOf(message) === "system") {
      this.#inbox.push(message, true);
      return undefined;
    }
    const full = this.#inbox.size >= this.#maxQueued;
    if (full && this.#whenFull === "reject") {
      this.#refused += 1;
      return Promise.reject(
        new TrunklineError(
          "TL_QUEUE_FULL",
          `${this.subscriber.name} already has ${this.#maxQueued} messages waiting, so this one was refused. Send more slowly or raise maxQueued.`,
        ),
      );
    }
    this.#inbox.push(message, false);
    return full ? this.#inbox.roomFor(this.#maxQueued >> 1) : undefined;
  }

  /** Resolves once every message queued so far is handled. */
  async idle(): Promise<void> {
    await Promise.all([this.#inbox.flushed(), this.#inbox.urgentFlushed()]);
  }

  clear(): void {
    this.#inbox.clear();
  }

  close(): void {
    this.#inbox.close();
  }

  // A filter that throws is this subscriber's own fault: neither the sender nor the others feel it.
  #accepts(message: BusMessage): boolean {
    if (this.#accept === undefined) return true;
    try {
      return this.#accept(message);
    } catch (error) {
      this.#onFailure(handlerFailure(this.subscriber.name, message, error));
      return false;
    }
  }
}

function handlerFailure(subscriber: string, message: BusMessage, cause: unknown): HandlerFailure {
  const what = `${subscriber} failed to handle a ${message.constructor.name} from ${message.source}: ${messageOf(cause)}`;
  return { error: new TrunklineError("TL_HANDLER_FAILED", what, { cause }), subscriber, message };
}
