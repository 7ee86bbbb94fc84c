import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { BusAgentErrorMessage, BusFrameMessage, type BusMessage, LocalBus } from "../../src/bus/index.ts";
import { TextFrame } from "../../src/frames/index.ts";
import { dial } from "../../src/proxy/dial.node.ts";
import { Link, type LinkOrigin } from "../../src/proxy/link/index.ts";
import { ProxySession } from "../../src/proxy/proxy-session.ts";
import { linkSocketFrom } from "../../src/proxy/socket.ts";
import { AgentRegistry } from "../../src/registry/index.ts";
import { JSONMessageSerializer } from "../../src/wire/index.ts";
import { forwardable } from "../proxy/gate-messages.ts";
import type { World } from "../proxy/gate-model.ts";
import { Recording } from "../support/recording.ts";
import { until } from "../support/settled.ts";

const nothing = (): void => {};

/** One side of a connection as it is, with gate and bus, and at the other end a link that says whatever it is told. */
export class GateStage implements AsyncDisposable {
  readonly #world: World;
  readonly #bus = new LocalBus();
  readonly #serializer = new JSONMessageSerializer();
  readonly #onBus = new Recording();
  readonly #onWire: BusMessage[] = [];
  readonly #websockets: WebSocketServer;
  readonly #session: ProxySession;
  readonly #peer: Link;
  #marks = 0;

  private constructor(world: World, websockets: WebSocketServer, own: LinkOrigin, other: LinkOrigin) {
    this.#world = world;
    this.#websockets = websockets;
    const route = {
      bus: this.#bus,
      proxyName: "proxy",
      side: world.side,
      localAgentName: world.here,
      remoteAgentName: world.there,
      forwardMessages: world.forward.flatMap((type) => forwardable[type] ?? []),
      link: { resume: "off" },
    } as const;
    const fail = (error: unknown): void => {
      throw error;
    };
    this.#session = new ProxySession(route, own, new AgentRegistry("runner", fail), {
      onConnected: nothing,
      onInterrupted: nothing,
      onResumed: nothing,
      onSlow: nothing,
      onSessionLost: nothing,
      onDisconnected: nothing,
      onEnded: nothing,
      onConnectFailed: nothing,
      onRejected: nothing,
      onError: fail,
    });
    const events = {
      onOpen: nothing,
      onOversize: nothing,
      onConnectFailed: nothing,
      onClosed: nothing,
      onFault: fail,
      onMessage: (bytes: Uint8Array) => {
        const message = this.#serializer.deserialize(bytes);
        if (message !== undefined) this.#onWire.push(message);
      },
    };
    this.#peer = new Link(other, events, { resume: "off" });
  }

  static async of(world: World): Promise<GateStage> {
    const websockets = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
    await once(websockets, "listening");
    const url = `ws://127.0.0.1:${(websockets.address() as AddressInfo).port}`;
    const accepted = once(websockets, "connection");
    const dialed = dial(url, { signal: new AbortController().signal });
    const [websocket] = (await accepted) as [unknown];
    const ends = [{ socket: linkSocketFrom(await dialed) }, { socket: linkSocketFrom(websocket) }] as const;
    const [own, other] = world.side === "client" ? ends : ([ends[1], ends[0]] as const);
    const stage = new GateStage(world, websockets, own, other);
    await stage.#begin();
    return stage;
  }

  /** How many messages the gate has not let in. */
  get kept(): number {
    const { rejected } = this.#session.counters;
    return Object.entries(rejected).reduce((sum, [key, count]) => sum + (key.startsWith("inbound") ? count : 0), 0);
  }

  /** Puts these on the bus. What came out at the other end, and what it had said before unasked. */
  async out(messages: readonly BusMessage[], urgent: boolean): Promise<readonly BusMessage[]> {
    const { here, there } = this.#world;
    for (const message of messages) await this.#bus.send(message);
    await this.#bus.send(this.#mark(here, there, urgent));
    await until(() => this.#isLast(this.#onWire.at(-1)), "the mark on the wire");
    return this.#onWire.splice(0).slice(0, -1);
  }

  /** Has the other end say these; undefined for one that cannot be said. What has come onto the bus. */
  async in(messages: readonly BusMessage[], urgent: boolean): Promise<readonly BusMessage[]> {
    const { here, there } = this.#world;
    this.#onBus.messages.length = 0;
    for (const message of [...messages, this.#mark(there, here, urgent)]) {
      await this.#peer.send(this.#serializer.serialize(message));
    }
    await until(() => this.#onBus.messages.some((message) => this.#isLast(message)), "the mark on the bus");
    return this.#onBus.messages.splice(0).filter((message) => !this.#isLast(message));
  }

  /** False for what has no form on the wire. */
  isSayable(message: BusMessage): boolean {
    try {
      return this.#serializer.serialize(message).byteLength > 0;
    } catch {
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.abandon("over");
    this.#peer.terminate();
    for (const client of this.#websockets.clients) client.terminate();
    await new Promise((resolve) => this.#websockets.close(resolve));
  }

  async #begin(): Promise<void> {
    for (const name of this.#world.livesHere) await this.#bus.subscribe({ name, onBusMessage: nothing });
    await this.#bus.subscribe(this.#onBus, { observe: true });
    await this.#session.begin();
    this.#session.open();
    this.#peer.open();
  }

  /** Crosses in any world, behind all that was sent in its lane. */
  #mark(source: string, target: string, urgent: boolean): BusMessage {
    this.#marks += 1;
    const text = `mark ${this.#marks}`;
    if (urgent) return new BusAgentErrorMessage({ source, target, error: text });
    return new BusFrameMessage({ source, target, frame: new TextFrame({ text }), direction: "downstream" });
  }

  #isLast(message: BusMessage | undefined): boolean {
    const text = `mark ${this.#marks}`;
    if (message instanceof BusAgentErrorMessage) return message.error === text;
    return message instanceof BusFrameMessage && message.frame instanceof TextFrame && message.frame.text === text;
  }
}
