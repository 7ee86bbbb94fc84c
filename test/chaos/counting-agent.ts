import { setTimeout as pause } from "node:timers/promises";
import { BaseAgent, type BusMessage, type TaskRequest } from "trunkline";
import { NumberedReceiver, NumberedSender } from "./numbered.ts";
import { stampedText, stampIn } from "./stamped-text.ts";

const salts: Readonly<Record<string, number>> = { acme: 0xac3e, assistant: 0xa551 };
const tickMs = 5;

/** Speaks in numbered frames, checks those of the other agent, and takes on work that it never ends. */
export class CountingAgent extends BaseAgent {
  readonly sender = new NumberedSender(salts[this.name] ?? 0);
  readonly receiver: NumberedReceiver;
  override tasks = {
    hang: ({ signal }: TaskRequest) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  };
  readonly #other = this.name === "acme" ? "assistant" : "acme";

  constructor(name: string, options: ConstructorParameters<typeof BaseAgent>[1]) {
    super(name, options);
    this.receiver = new NumberedReceiver(salts[this.#other] ?? 0);
  }

  override async onBusMessage(message: BusMessage): Promise<void> {
    await super.onBusMessage(message);
    const found = stampIn(message, this.#other);
    if (found !== undefined) this.receiver.take(found.stamp);
  }

  /** Speaks at that pace until it is told to stop. */
  async speak(perSecond: number, signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    while (!signal.aborted) {
      const due = ((performance.now() - startedAt) / 1_000) * perSecond;
      while (this.sender.sent < due && !signal.aborted) {
        await this.bus.send(stampedText(this.name, this.sender.next(), 40));
      }
      await pause(tickMs);
    }
  }
}
