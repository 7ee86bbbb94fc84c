import { dialing } from "#dial";
import { BaseAgent } from "../agents/index.ts";
import { type ActivationArgs, BusEndAgentMessage, type BusMessage } from "../bus/index.ts";
import type { DialOptions } from "./dial-options.ts";
import { type Dial, type LinkOrigin, payloadLimitFor, resumeProtocol } from "./link/index.ts";
import type { ProxyClientEvents } from "./proxy-events.ts";
import type { ProxyOptions, ProxyRoute } from "./proxy-options.ts";
import { gateOf, type ProxyCounters, ProxySession } from "./proxy-session.ts";
import { linkSocketFrom } from "./socket.ts";

/** Headers of the handshake, by name. */
export type ProxyHeaders = Readonly<Record<string, string>>;

/**
 * Opens a WebSocket and gives it, or a promise of it, once it is open: one of `ws`, a standard one, or one that looks
 * like either. When `signal` aborts, what was begun is not wanted any more.
 */
export type ProxyDial = (url: string, options: DialOptions) => unknown;

export interface WebSocketProxyClientAgentOptions extends ProxyOptions {
  /** Where the server listens; a function is asked again at every attempt, and for each of two tries of one attempt. */
  readonly url: string | (() => string | Promise<string>);
  /** Name of the agent on this bus that the remote one exchanges messages with. */
  readonly localAgentName: string;
  /** HTTP headers of the handshake; a function is asked again at every attempt. Not available in browsers. Default: none. */
  readonly headers?: ProxyHeaders | (() => ProxyHeaders | Promise<ProxyHeaders>) | undefined;
  /** Opens the connection, at every attempt: over another library, a tunnel, or in memory. Default: over the network. */
  readonly dial?: ProxyDial | undefined;
}

/**
 * Joins this bus to that of a server: what one agent here and one agent there say to each other crosses, and nothing
 * else.
 *
 * It starts inactive. Activated, it connects, and keeps trying until it is; deactivated, it says goodbye. A connection
 * that is lost makes it inactive again. Its messages, sources and targets are checked in both directions.
 */
export class WebSocketProxyClientAgent extends BaseAgent<ProxyClientEvents> {
  readonly #options: WebSocketProxyClientAgentOptions;
  readonly #route: ProxyRoute;
  #session: ProxySession | undefined;
  #wholeSessionEnds = false;
  readonly #overNetwork = dialing();

  /** @throws TrunklineError `TL_INVALID_OPTION` when a name is missing, or both sides have the same */
  constructor(name: string, options: WebSocketProxyClientAgentOptions) {
    super(name, { bus: options.bus, active: false });
    this.#options = options;
    this.#route = { ...options, proxyName: name, side: "client" };
    gateOf(this.#route);
  }

  /** What has crossed and what has not, over the current connection or the last one. */
  get counters(): ProxyCounters | undefined {
    return this.#session?.counters;
  }

  override async onReady(): Promise<void> {
    await this.#renewSession({ dial: this.#dial });
    await super.onReady();
  }

  /** Connects, and resolves before that is done: listen to `connected`. */
  override async onActivated(args: ActivationArgs | undefined): Promise<void> {
    // Connecting goes on beside the hooks and the lanes, which must not wait for a server.
    this.#session?.open();
    await super.onActivated(args);
  }

  /** Closes the connection, after what waits has been sent. */
  override async onDeactivated(): Promise<void> {
    if (this.#session?.opened === true) await this.#session.close("deactivated");
    await super.onDeactivated();
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
    await this.#session?.abandon("stopped");
  }

  /** A new link for the next session; what is sent before it is connected waits in it. */
  async #renewSession(origin: LinkOrigin): Promise<ProxySession> {
    const session = new ProxySession(this.#route, origin, this.registry, {
      onConnected: (websocket) => void this.emit("connected", websocket),
      onInterrupted: (data) => void this.emit("interrupted", data),
      onResumed: (data) => void this.emit("resumed", data),
      onSlow: (data) => void this.emit("slow", data),
      onSessionLost: (data) => void this.emit("sessionLost", data),
      onDisconnected: (data, successor) => {
        // Before anybody is told: whoever activates it again when told so must have the last word.
        if (successor === undefined) this.#withdraw();
        void this.emit("disconnected", data);
      },
      onEnded: (successor) => this.#ended(session, successor),
      onConnectFailed: (failure) => {
        if (this.has("connectFailed")) void this.emit("connectFailed", failure);
        else this.report(failure.error);
      },
      onRejected: (rejection) => void this.emit("rejected", rejection),
      onError: (error) => this.report(error),
    });
    this.#session = session;
    await session.begin();
    return session;
  }

  #ended(session: ProxySession, successor: LinkOrigin | undefined): void {
    if (this.#session !== session || this.state !== "ready") {
      if (successor !== undefined && "socket" in successor) successor.socket.terminate();
      return;
    }
    void this.runHook(async () => {
      if (successor === undefined) await this.#renewSession({ dial: this.#dial });
      else await this.#join(successor);
    });
    if (!session.wasConnected) this.#withdraw();
  }

  /** The server has begun another session on the connection that was to resume the last one. */
  async #join(successor: LinkOrigin): Promise<void> {
    const session = await this.#renewSession(successor);
    if (this.active) session.open();
    else await session.close("deactivated");
  }

  #withdraw(): void {
    if (this.active && this.state === "ready")
      this.deactivateAgent(this.name).catch((error: unknown) => this.report(error));
  }

  readonly #dial: Dial = async (signal, wish) => {
    const { url, headers, link, dial: open = this.#overNetwork } = this.#options;
    const socket = await open(typeof url === "function" ? await url() : url, {
      headers: typeof headers === "function" ? await headers() : headers,
      maxPayloadBytes: payloadLimitFor(link?.maxFrameBytes),
      protocols: wish === "off" ? [] : [resumeProtocol],
      required: wish === "require",
      nextUrl: typeof url === "function" ? url : undefined,
      timeoutMs: link?.connectTimeoutMs,
      signal,
    });
    return linkSocketFrom(socket);
  };
}
