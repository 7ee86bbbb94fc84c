import type { LinkSocket, LinkSocketHandlers } from "../../src/proxy/link/index.ts";

/** A client that says hello, seen from the server: nothing else of a socket is in the way. */
export class DeskSocket implements LinkSocket {
  readonly websocket = undefined;
  readonly protocol = "trunkline.resume.v1";
  readonly writable = true;
  readonly bufferedBytes = 0;
  readonly unwrittenFrames = 0;
  readonly inboundActivity = 0;
  /** What the server has said. */
  readonly heard: Readonly<Record<string, unknown>>[] = [];
  readonly #hello: unknown;

  constructor(hello: unknown) {
    this.#hello = hello;
  }

  attach(handlers: LinkSocketHandlers): void {
    handlers.onMessage(new TextEncoder().encode(JSON.stringify(this.#hello)), "text");
  }

  detach(): void {}

  send(data: Uint8Array | string): void {
    if (typeof data === "string") this.heard.push(JSON.parse(data));
  }

  requestDrain(): void {}

  close(): void {}

  terminate(): void {}
}
