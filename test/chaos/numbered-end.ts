import { setTimeout as pause } from "node:timers/promises";
import {
  Link,
  type LinkEnding,
  type LinkOptions,
  type LinkOrigin,
  type LinkSocket,
} from "../../src/proxy/link/index.ts";
import { NumberedReceiver, NumberedSender } from "./numbered.ts";

/** Which of two ends this is; each sends a stream of its own, and checks that of the other. */
export type EndName = "client" | "server";

const salts: Readonly<Record<EndName, number>> = { client: 0x5eed_c11e, server: 0x5eed_5e12 };
const tickMs = 3;

export interface Production {
  readonly perSecond: number;
  /** Sends nothing between a cut and the return, instead of having it wait in the link. */
  readonly pauses: boolean;
  /** How many bytes the next message has. */
  size(): number;
  /** False once enough was sent. */
  more(sent: number): boolean;
}

/** One end of a link: what it sends is numbered, what it gets is checked, what becomes of it is counted. */
export class NumberedEnd {
  readonly name: EndName;
  readonly link: Link;
  readonly sender: NumberedSender;
  readonly receiver: NumberedReceiver;
  readonly endings: LinkEnding[] = [];
  /** What it has to complain of beside its messages. */
  readonly complaints: string[] = [];
  interrupted = 0;
  resumed = 0;
  replayed = 0;
  /** Messages of which the sender was told at once that they will not leave. */
  refused = 0;
  /** Its present connection. */
  socket: LinkSocket | undefined;
  /** Called with each message after it was checked. */
  onDelivered: () => void = () => {};

  constructor(name: EndName, origin: LinkOrigin, options: LinkOptions) {
    this.name = name;
    this.sender = new NumberedSender(salts[name]);
    this.receiver = new NumberedReceiver(salts[name === "client" ? "server" : "client"]);
    this.link = new Link(
      origin,
      {
        onOpen: (socket) => {
          this.socket = socket;
        },
        onMessage: (bytes) => {
          this.receiver.takeBytes(bytes);
          this.onDelivered();
        },
        onOversize: (byteLength) => this.complaints.push(`${name}: a message of ${byteLength} bytes was too large.`),
        onInterrupted: () => {
          this.interrupted += 1;
          this.socket = undefined;
        },
        onResumed: (socket, { replayed }) => {
          this.resumed += 1;
          this.replayed += replayed;
          this.socket = socket;
        },
        onConnectFailed: () => {},
        onClosed: (ending) => {
          this.endings.push(ending);
          if (ending.successor !== undefined && "socket" in ending.successor) ending.successor.socket.terminate();
          this.socket = undefined;
        },
        onFault: (error) => this.complaints.push(`${name}: ${error.message}`),
      },
      options,
    );
  }

  get isConnected(): boolean {
    return this.socket !== undefined;
  }

  /** How many messages it has taken on itself to deliver. */
  get promised(): number {
    return this.sender.sent - this.refused;
  }

  /** The next message. False when the link did not take it. */
  async send(size?: number): Promise<boolean> {
    try {
      await this.link.send(this.sender.nextBytes(size));
      return true;
    } catch {
      this.refused += 1;
      return false;
    }
  }

  /** Sends at a pace, makes up for what it was kept from, and resolves once there is enough or the link is over. */
  async produce({ perSecond, pauses, size, more }: Production): Promise<void> {
    const startedAt = performance.now();
    const already = this.sender.sent;
    while (more(this.sender.sent) && this.endings.length === 0) {
      const due = already + ((performance.now() - startedAt) / 1_000) * perSecond;
      while (this.sender.sent < due && more(this.sender.sent) && (this.isConnected || !pauses)) {
        if (!(await this.send(size()))) return;
      }
      await pause(tickMs);
    }
  }
}
