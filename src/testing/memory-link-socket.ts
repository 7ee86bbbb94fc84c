import type { LinkSocket, LinkSocketHandlers } from "../proxy/link/index.ts";
import type { MemorySocket } from "./memory-socket.ts";

const openState = 1;
const closedState = 3;
const abnormalCode = 1006;

/** A socket in memory, for a link. What arrives while nobody is attached stays in the cable. */
export class MemoryLinkSocket implements LinkSocket {
  readonly websocket: MemorySocket;
  #handlers: LinkSocketHandlers | undefined;
  #unwrittenFrames = 0;
  #unwrittenControls = 0;
  #activity = 0;
  #drainBelow: number | undefined;

  constructor(websocket: MemorySocket) {
    this.websocket = websocket;
  }

  get protocol(): string {
    return this.websocket.protocol;
  }

  get writable(): boolean {
    return this.websocket.readyState === openState;
  }

  get bufferedBytes(): number {
    return this.websocket.bufferedAmount;
  }

  get unwrittenFrames(): number {
    return this.#unwrittenFrames;
  }

  get unwrittenControls(): number {
    return this.#unwrittenControls;
  }

  get inboundActivity(): number {
    return this.#activity;
  }

  // A property: a link takes it out of its socket.
  readonly ping = (): void => this.websocket.ping();

  attach(handlers: LinkSocketHandlers): void {
    this.#handlers = handlers;
    if (this.websocket.readyState === closedState) {
      this.#onClose(abnormalCode, new Uint8Array());
      return;
    }
    this.websocket.on("message", this.#onMessage).on("ping", this.#onSign).on("pong", this.#onSign);
    this.websocket.on("close", this.#onClose);
  }

  detach(): void {
    this.#handlers = undefined;
    this.#drainBelow = undefined;
    this.websocket.off("message", this.#onMessage).off("ping", this.#onSign).off("pong", this.#onSign);
    this.websocket.off("close", this.#onClose);
  }

  send(data: Uint8Array | string): void {
    const change = (by: number) => {
      if (typeof data === "string") this.#unwrittenControls += by;
      else this.#unwrittenFrames += by;
    };
    change(1);
    this.websocket.send(data, (error) => {
      if (error !== undefined) return;
      change(-1);
      if (this.#drainBelow !== undefined && this.bufferedBytes <= this.#drainBelow) this.#drained();
    });
  }

  requestDrain(belowBytes: number): void {
    this.#drainBelow = belowBytes;
  }

  close(code: number, reason: string): void {
    this.websocket.close(code, reason);
  }

  terminate(): void {
    this.websocket.terminate();
  }

  #drained(): void {
    this.#drainBelow = undefined;
    this.#handlers?.onDrain();
  }

  readonly #onMessage = (data: Uint8Array, isBinary: boolean): void => {
    this.#activity += 1;
    this.#handlers?.onMessage(data, isBinary ? "binary" : "text");
  };

  readonly #onSign = (): void => {
    this.#activity += 1;
  };

  readonly #onClose = (code: number, reason: Uint8Array): void => {
    const handlers = this.#handlers;
    this.detach();
    handlers?.onClose({ code, reason: new TextDecoder().decode(reason) });
  };
}
