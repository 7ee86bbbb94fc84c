import { TrunklineError } from "../errors.ts";
import { done, Emitter, type EventHandler, Turn } from "../util/index.ts";
import { Directory } from "./directory.ts";
import { type BusMessage, isLocal } from "./message.ts";
import {
  type BusSubscriber,
  type HandlerFailure,
  type SubscribeOptions,
  Subscription,
  type SubscriptionState,
} from "./subscription.ts";

/** What a bus tells those that listen with `on`. */
export interface AgentBusEvents {
  /** A subscriber's handler threw or rejected, or a message that came from outside found a full queue. */
  error: HandlerFailure;
}

/**
 * Carries messages between agents.
 *
 * 1. A subscriber gets broadcasts and what is targeted at its address; observers get everything.
 * 2. Data messages reach a subscriber one at a time and in order; system messages too, and never behind data.
 * 3. A handler that fails is reported and stops nobody else.
 * 4. Nothing is delivered after {@link stop}.
 */
export abstract class AgentBus {
  /**
   * Whether there may be somebody on it outside this process. Runners on a shared bus show each other that they live.
   * Default true; a bus that stays in one process says false.
   */
  readonly shared: boolean = true;
  readonly #directory = new Directory();
  readonly #events = new Emitter<AgentBusEvents>((error) =>
    console.error("trunkline: a bus error handler failed", error),
  );
  // One budget for all subscribers: two agents that answer each other must not starve the sockets between them.
  readonly #turn = new Turn();
  #stopped = false;
  #starts = 0;

  /** Hands the message over, here if it is local, to the network if there is one.
   *
   * Resolves when it is queued for everyone here whose limit allows it.
   * @throws TrunklineError `TL_BUS_STOPPED` after {@link stop}, `TL_QUEUE_FULL` when a subscriber's limit refuses it
   */
  send(message: BusMessage): Promise<void> {
    if (this.#stopped) return Promise.reject(this.#stoppedError(message));
    return isLocal(message) ? (this.route(message) ?? done) : this.publish(message);
  }

  /**
   * Begins to receive.
   * @throws TrunklineError `TL_SUBSCRIBER_EXISTS` when another subscriber has the name
   */
  async subscribe(subscriber: BusSubscriber, options: SubscribeOptions = {}): Promise<void> {
    if (this.#directory.get(subscriber.name) !== undefined) {
      throw new TrunklineError(
        "TL_SUBSCRIBER_EXISTS",
        `This bus already has a subscriber named "${subscriber.name}". Unsubscribe it first or choose another name.`,
      );
    }
    this.#directory.add(new Subscription(subscriber, options, this.#turn, (failure) => this.#report(failure)));
  }

  /** Receives nothing more; what waits is dropped. Does nothing for a subscriber that is not there. */
  async unsubscribe(subscriber: BusSubscriber): Promise<void> {
    const subscription = this.#directory.get(subscriber.name);
    if (subscription?.subscriber !== subscriber) return;
    this.#directory.remove(subscription);
    subscription.close();
  }

  /** True when somebody has subscribed under that name. */
  has(name: string): boolean {
    return this.#directory.get(name) !== undefined;
  }

  /** Resolves once this subscriber, or every one, has handled what was handed to it so far. */
  async idle(subscriber?: BusSubscriber): Promise<void> {
    if (subscriber !== undefined) await this.#directory.get(subscriber.name)?.idle();
    else await Promise.all(this.#directory.all.map((subscription) => subscription.idle()));
  }

  /** Resolves once everybody at this address has handled what was handed to them so far. */
  async idleAt(address: string): Promise<void> {
    await Promise.all(this.#directory.at(address).map((subscription) => subscription.idle()));
  }

  /** Begins to carry messages. Runners that share a bus each start it, and each stop it. */
  async start(): Promise<void> {
    this.#starts += 1;
    this.#stopped = false;
  }

  /** Delivers nothing more and drops what waits, once everyone who started the bus has stopped it. */
  async stop(): Promise<void> {
    this.#starts = Math.max(0, this.#starts - 1);
    if (this.#starts > 0) return;
    this.#stopped = true;
    for (const subscription of this.#directory.all) subscription.clear();
  }

  /** How far each subscriber is behind. */
  get subscriptions(): readonly SubscriptionState[] {
    return this.#directory.all.map((subscription) => subscription.state);
  }

  /** Adds a handler; the returned function takes it away again. */
  on<E extends keyof AgentBusEvents>(event: E, handler: EventHandler<AgentBusEvents[E]>): () => void {
    return this.#events.on(event, handler);
  }

  /** Carries a message that is not local. A network bus sends it out; whatever comes back is {@link deliver}ed. */
  protected abstract publish(message: BusMessage): Promise<void>;

  /** Takes a message that has arrived. One that finds a full queue is reported, since nobody here sent it. */
  protected deliver(message: BusMessage): void {
    this.route(message)?.catch((error: TrunklineError) => this.#report({ error, subscriber: "", message }));
  }

  /** Queues a message for everyone it is for. Returns nothing when there is nothing to wait for. */
  protected route(message: BusMessage): Promise<void> | undefined {
    if (this.#stopped) return undefined;
    let waits: Promise<void>[] | undefined;
    for (const list of [this.#directory.observers, this.#directory.recipients(message)]) {
      for (const subscription of list) {
        const wait = subscription.offer(message);
        if (wait === undefined) continue;
        waits ??= [];
        waits.push(wait);
      }
    }
    if (waits === undefined) return undefined;
    return waits.length === 1 ? waits[0] : settleAll(waits);
  }

  #report(failure: HandlerFailure): void {
    const { cause } = failure.error;
    // A handler that was under way when the bus stopped and still wanted to send: that is the stop, not a fault.
    if (this.#stopped && cause instanceof TrunklineError && cause.code === "TL_BUS_STOPPED") return;
    if (this.#events.has("error")) void this.#events.emit("error", failure);
    else console.error(failure.error);
  }

  #stoppedError(message: BusMessage): TrunklineError {
    return new TrunklineError(
      "TL_BUS_STOPPED",
      `A ${message.constructor.name} from ${message.source} was not sent: the bus has stopped.`,
    );
  }
}

/** Waits for all, then rejects with the first that rejected: one refusal must not hide another. */
async function settleAll(waits: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(waits)) {
    if (result.status === "rejected") throw result.reason;
  }
}
