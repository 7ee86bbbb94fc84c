import { BaseAgent } from "../agents/index.ts";
import { BusEndAgentMessage, type BusMessage } from "../bus/index.ts";
import { type LinkOrigin, type LinkSocket, resumeProtocol, Seat, SessionDesk } from "./link/index.ts";
import type { ProxyServerEvents } from "./proxy-events.ts";
import type { ProxyOptions, ProxyRoute } from "./proxy-options.ts";
import { gateOf, type ProxyCounters, ProxySession } from "./proxy-session.ts";
import { linkSocketFrom } from "./socket.ts";

export interface WebSocketProxyServerAgentOptions extends ProxyOptions {
  /** A WebSocket that was accepted: one of `ws`, of `@fastify/websocket`, or a standard one. */
  readonly websocket: unknown;
  /** Name of the agent on this bus that the client's agent exchanges messages with. */
  readonly agentName: string;
}

/**
 * Joins this bus to that of a client which has connected: what one agent here and one agent there say to each other
 * crosses, and nothing else.
 *
 * Give every connection a bus of its own; with `serveAgents` it has one.
 */
export class WebSocketProxyServerAgent extends BaseAgent<ProxyServerEvents> {
  readonly #route: ProxyRoute;
  readonly #origin: Seat | { readonly socket: LinkSocket };
  #session: ProxySession | undefined;
  #wholeSessionEnds = false;

  /** @throws TrunklineError `TL_INVALID_OPTION` when a name is missing, both sides have the same, or the socket is none */
  constructor(name: string, options: WebSocketProxyServerAgentOptions) {
    super(name, { bus: options.bus });
    this.#route = { ...options, proxyName: name, side: "server", localAgentName: options.agentName };
    gateOf(this.#route);
    // From here on nothing the client says is missed, however long the agents take to start.
    const { websocket } = options;
    this.#origin = websocket instanceof Seat ? websocket : { socket: linkSocketFrom(websocket) };
  }

  /** What has crossed and what has not. */
  get counters(): ProxyCounters | undefined {
    return this.#session?.counters;
  }

  override async onReady(): Promise<void> {
    const session = new ProxySession(this.#route, await this.#seated(), this.registry, {
      onConnected: (websocket) => void this.emit("clientConnected", websocket),
      onInterrupted: (data) => void this.emit("interrupted", data),
      onResumed: (data) => void this.emit("resumed", data),
      onSlow: (data) => void this.emit("slow", data),
      onSessionLost: (data) => void this.emit("sessionLost", data),
      onDisconnected: (data) => void this.emit("clientDisconnected", data),
      onEnded: () => {},
      onConnectFailed: () => {},
      onRejected: (rejection) => void this.emit("rejected", rejection),
      onError: (error) => this.report(error),
    });
    this.#session = session;
    await session.begin();
    session.open();
    await super.onReady();
  }

  override onBusMessage(message: BusMessage): void | Promise<void> {
    const ending = message instanceof BusEndAgentMessage && message.target === this.name;
    if (ending && message.source === this.registry.runnerName) this.#wholeSessionEnds = true;
    return super.onBusMessage(message);
  }

  override async onEnding(reason: string | undefined): Promise<void> {
    if (this.#wholeSessionEnds) await this.#session?.localAgentEnded();
    await this.#session?.close(reason ?? "ended");
  }

  override async onCleanup(): Promise<void> {
    if (this.#session === undefined) this.#origin.socket.terminate();
    await this.#session?.abandon("stopped");
  }

  /**
   * A client with which the protocol of sessions was agreed on waits for a welcome. Nobody leads it back to this proxy
   * when its connection is cut, so it is told that there is no coming back.
   */
  async #seated(): Promise<LinkOrigin> {
    const origin = this.#origin;
    if (origin instanceof Seat || origin.socket.protocol !== resumeProtocol) return origin;
    const desk = new SessionDesk({ link: { ...this.#route.link, windowMs: 0 }, isSamePrincipal: () => false });
    const answer = await desk.admit(origin.socket, undefined);
    return answer.kind === "new" ? answer.seat : origin;
  }
}
