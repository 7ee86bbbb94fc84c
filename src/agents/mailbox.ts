import {
  BusCancelAgentMessage,
  type BusMessage,
  BusRunnerHeartbeatMessage,
  type BusSubscriber,
  priorityOf,
} from "../bus/index.ts";
import { Deque } from "../util/index.ts";
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
  readonly #aside = new Deque<BusMessage>();
  // Until what was put aside is handled, what follows is put there too: the order of the lane is kept.
  #behind = false;

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
    // Heartbeats are among runners, and would pile up where a start takes for ever.
    if (state === "ended" || message instanceof BusRunnerHeartbeatMessage) return;
    if (message instanceof BusCancelAgentMessage) return this.#handle(message);
    const early = state === "created" || state === "starting";
    if (priorityOf(message) === "data") {
      return early ? this.#lifecycle.settled.then(() => this.onBusMessage(message)) : this.#handle(message);
    }
    if (!early && !this.#behind) return this.#handle(message);
    this.#aside.push(message);
    if (this.#behind) return;
    this.#behind = true;
    void this.#lifecycle.settled.then(() => this.#handleAside());
  }

  async #handleAside(): Promise<void> {
    for (let message = this.#aside.shift(); message !== undefined; message = this.#aside.shift()) {
      try {
        if (this.#lifecycle.state !== "ended") await this.#handle(message);
      } catch (error) {
        this.#onError(error);
      }
    }
    this.#behind = false;
  }
}
