import type { Readable, Writable } from "node:stream";
import { AgentBus, type BusMessage, JSONMessageSerializer } from "trunkline";

/** A bus between two processes: a line of JSON is a message. What one side sends, both sides get. */
export class PipeBus extends AgentBus {
  readonly #serializer = new JSONMessageSerializer();
  readonly #output: Writable;
  #rest = "";

  constructor(input: Readable, output: Writable) {
    super();
    this.#output = output;
    input.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    // The other side may be gone; that it fell silent is what is to be noticed.
    output.on("error", () => {});
  }

  protected override async publish(message: BusMessage): Promise<void> {
    const bytes = this.#serializer.serialize(message);
    if (!this.#output.destroyed) this.#output.write(`${Buffer.from(bytes).toString()}\n`);
    this.deliver(message);
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = this.#serializer.deserialize(Buffer.from(line));
      if (message !== undefined) this.deliver(message);
    }
  }
}
