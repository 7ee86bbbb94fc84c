import { BusCancelAgentMessage, type BusMessage, type BusSubscriber, priorityOf } from "../bus/index.ts";
import type { Lifecycle } from "./lifecycle.ts";

/**
 * Where an agent's messages wait until it is ready: neither lost nor handled early.
 *
 * Only a cancel is handled at once: it must not wait for a start that may never come. Other system messages are put
 * aside, because waiting in their lane would hold the cancel up behind them.
 */
export class Mailbox implements BusSubscriber {
  readonly name: string;
  readonly #lifecycle: Lifecycle;
  readonly #handle: (message: BusMessage) => void | Promise<void>;
  readonly #onError: (error: unknown) => void;
  #aside: BusMessage[] = [];

  constructor(
    name: string,
    lifecycle: Lifecycle,
    handle: (message: BusMessage) => void | Promise<void>,
    onError: (error: unknown) => void,
  ) {
    this.name = name;
    this.#lifecycle = lifecycle;
    this.#handle = handle;
    this.#onError = onError;
  }

  onBusMessage(message: BusMessage): void | Promise<void> {
    const { state } = this.#lifecycle;
    if (state === "ended") return;
    const early = state === "created" || state === "starting";
    if (early && !(message instanceof BusCancelAgentMessage)) return this.#wait(message);
    return this.#handle(message);
  }

  #wait(message: BusMessage): void | Promise<void> {
    if (priorityOf(message) === "data") return this.#lifecycle.settled.then(() => this.onBusMessage(message));
    this.#aside.push(message);
    if (this.#aside.length === 1) void this.#lifecycle.settled.then(() => this.#handleAside());
  }

  async #handleAside(): Promise<void> {
    for (const message of this.#aside.splice(0)) {
      try {
        await this.onBusMessage(message);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
