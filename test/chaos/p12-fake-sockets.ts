import type { LinkSocket, LinkSocketHandlers } from "../../src/proxy/link/index.ts";

type Frame = readonly [data: Uint8Array, kind: "binary" | "text"];

/** One end of a connection in memory: nothing of a real socket's is in what a link costs. */
export class FakeSocket implements LinkSocket {
  readonly websocket = undefined;
  readonly protocol: string;
  readonly writable = true;
  readonly bufferedBytes = 0;
  readonly unwrittenFrames = 0;
  inboundActivity = 0;
  #other: FakeSocket | undefined;
  #handlers: LinkSocketHandlers | undefined;
  #held: Frame[] | undefined;

  private constructor(protocol: string) {
    this.protocol = protocol;
  }

  static pair(protocol: string): readonly [FakeSocket, FakeSocket] {
    const one = new FakeSocket(protocol);
    const other = new FakeSocket(protocol);
    one.#other = other;
    other.#other = one;
    return [one, other];
  }

  ping(): void {}

  attach(handlers: LinkSocketHandlers): void {
    this.#handlers = handlers;
    const held = this.#held;
    this.#held = undefined;
    for (const frame of held ?? []) this.#deliver(frame);
  }

  detach(): void {
    this.#handlers = undefined;
  }

  send(data: Uint8Array | string): void {
    const frame: Frame = typeof data === "string" ? [new TextEncoder().encode(data), "text"] : [data, "binary"];
    const other = this.#other;
    if (other !== undefined) queueMicrotask(() => other.#deliver(frame));
  }

  requestDrain(): void {}

  close(): void {
    this.terminate();
  }

  terminate(): void {
    const other = this.#other;
    this.#other = undefined;
    this.#handlers?.onClose({ code: 1006, reason: "" });
    other?.terminate();
  }

  #deliver(frame: Frame): void {
    this.inboundActivity += 1;
    if (this.#handlers !== undefined) {
      this.#handlers.onMessage(...frame);
      return;
    }
    this.#held ??= [];
    this.#held.push(frame);
  }
}
