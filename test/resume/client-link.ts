import { dial } from "../../src/proxy/dial.node.ts";
import {
  type Dial,
  Link,
  type LinkEvents,
  type LinkOptions,
  type LinkSocket,
  payloadLimitFor,
} from "../../src/proxy/link/index.ts";
import { until } from "../support/settled.ts";

/** An event of a link or a proxy, by its name without `on`. */
export interface Told {
  readonly name: string;
  readonly data: unknown;
}

/** Redials after a millisecond. */
export const promptly = { backoff: { minMs: 1, spreadMs: 0, maxSpreadMs: 0 } } as const;

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);
export const textsOf = (frames: readonly (Uint8Array | undefined)[]): string[] => frames.map(textOf);

/** Dials as the client's proxy does by default. */
export function networkDial(url: string): Dial {
  return (signal, wish) =>
    dial(url, {
      signal,
      protocols: wish === "off" ? [] : ["trunkline.resume.v1"],
      required: wish === "require",
      maxPayloadBytes: payloadLimitFor(),
    });
}

/** A client's link, with everything it tells. Byte arrays in and out. */
export class LinkClient implements AsyncDisposable {
  readonly link: Link;
  readonly told: Told[] = [];
  readonly messages: Uint8Array[] = [];
  dials = 0;
  /** The socket of the last dial. */
  socket: LinkSocket | undefined;

  constructor(where: string | Dial, options: LinkOptions = {}) {
    const open = typeof where === "string" ? networkDial(where) : where;
    const counted: Dial = async (...asked) => {
      this.dials += 1;
      this.socket = await open(...asked);
      return this.socket;
    };
    this.link = new Link({ dial: counted }, this.#events(), options);
  }

  static opened(where: string | Dial, options?: LinkOptions): LinkClient {
    const client = new LinkClient(where, options);
    client.link.open();
    return client;
  }

  get texts(): string[] {
    return textsOf(this.messages);
  }

  /** The names of what it told, messages and failed attempts to connect aside. */
  get story(): string[] {
    return this.told.map(({ name }) => name).filter((name) => name !== "connectFailed" && name !== "slow");
  }

  all(name: string): unknown[] {
    return this.told.filter((it) => it.name === name).map(({ data }) => data);
  }

  async event(name: string, count = 1): Promise<unknown> {
    await until(() => this.all(name).length >= count, `${name} (told so far: ${this.story.join(", ")})`);
    return this.all(name)[count - 1];
  }

  async received(count: number): Promise<string[]> {
    await until(() => this.messages.length >= count, `${count} messages (${this.messages.length} came)`);
    return this.texts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.link.terminate();
    await this.link.closed;
  }

  #events(): LinkEvents {
    const note = (name: string) => (data: unknown) => void this.told.push({ name, data });
    return {
      onOpen: note("open"),
      onMessage: (data) => void this.messages.push(data),
      onOversize: note("oversize"),
      onConnectFailed: note("connectFailed"),
      onInterrupted: note("interrupted"),
      onResumed: (_socket, replay) => note("resumed")(replay),
      onSlow: note("slow"),
      onClosed: note("closed"),
      onFault: note("fault"),
    };
  }
}
