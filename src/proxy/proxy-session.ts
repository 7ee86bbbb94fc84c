import {
  BusFrameMessage,
  type BusMessage,
  BusTaskCancelMessage,
  BusTaskRequestMessage,
  BusTaskResponseMessage,
} from "../bus/index.ts";
import { messageOf, type TrunklineError } from "../errors.ts";
import type { AgentRegistry } from "../registry/index.ts";
import { within } from "../util/index.ts";
import { JSONMessageSerializer, type MessageSerializer } from "../wire/index.ts";
import { Gate, type GateCounters } from "./gate.ts";
import { Inbound } from "./inbound.ts";
import {
  type ConnectFailure,
  type Interruption,
  Link,
  type LinkCounters,
  type LinkEnding,
  type LinkOrigin,
  type LinkSocket,
  type Replay,
} from "./link/index.ts";
import { Outbound } from "./outbound.ts";
import { Presence } from "./presence.ts";
import type {
  DisconnectedData,
  InterruptedData,
  RejectedData,
  ResumedData,
  SessionLostData,
  SlowData,
} from "./proxy-events.ts";
import type { ProxyRoute } from "./proxy-options.ts";

/** What a session tells its proxy agent. */
export interface ProxySessionEvents {
  onConnected(websocket: unknown): void;
  onInterrupted(data: InterruptedData): void;
  onResumed(data: ResumedData): void;
  onSlow(data: SlowData): void;
  onSessionLost(data: SessionLostData): void;
  /** Once, and only after `onConnected`. With a successor, another session is there to go on with. */
  onDisconnected(data: DisconnectedData, successor: LinkOrigin | undefined): void;
  /** The link has ended, connected or not. Once, and after everything else. */
  onEnded(successor: LinkOrigin | undefined): void;
  onConnectFailed(failure: ConnectFailure): void;
  onRejected(rejection: RejectedData): void;
  onError(error: unknown): void;
}

/** What has crossed a proxy's connection and what has not, since it was opened. */
export interface ProxyCounters {
  readonly gate: GateCounters;
  readonly link: Readonly<LinkCounters>;
  /** Messages that did not cross, by direction and cause; see {@link RejectedData}. */
  readonly rejected: Readonly<Record<string, number>>;
}

// Gives an agent that is ending its time to say its last words; the runner's own deadline is longer.
const lastWordsTimeoutMs = 20_000;
const defaultMaxWaitingBytes = 33_554_432;

/**
 * One session between two buses: gate, serializer, link and presence, tied together.
 *
 * 1. What the bus hands over before the connection waits in the link, within its bound.
 * 2. A connection that is cut and replaced changes nothing between the two agents.
 * 3. When the link is lost, the remote agent is gone, what was asked of it fails, and what it asked for is cancelled.
 */
export class ProxySession {
  readonly #route: ProxyRoute;
  readonly #registry: AgentRegistry;
  readonly #events: ProxySessionEvents;
  readonly #gate: Gate;
  readonly #serializer: MessageSerializer;
  readonly #link: Link;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #presence: Presence;
  readonly #rejected: Record<string, number> = {};
  #connected = false;
  #wasConnected = false;
  /** Set from the moment on at which it is to end. */
  #goodbye: string | undefined;

  constructor(route: ProxyRoute, origin: LinkOrigin, registry: AgentRegistry, events: ProxySessionEvents) {
    this.#route = route;
    this.#registry = registry;
    this.#events = events;
    this.#gate = gateOf(route);
    this.#serializer = route.serializer ?? defaultSerializer(route);
    this.#link = new Link(origin, this.#linkEvents(), route.link);
    const onRejected = (rejection: RejectedData) => this.#reject(rejection);
    const onError = (error: unknown) => events.onError(error);
    const { bus, proxyName } = route;
    const shared = { bus, proxyName, gate: this.#gate, serializer: this.#serializer, onRejected, onError };
    this.#presence = new Presence({ ...route, send: (message) => this.#sendPastGate(message), onError });
    this.#inbound = new Inbound({
      ...shared,
      maxWaitingBytes: route.maxWaitingBytes ?? defaultMaxWaitingBytes,
      onDiscovery: (message) => this.#presence.learn(message),
      onMessage: (message) => this.#presence.notice(message),
      taken: () => bus.idleAt(route.localAgentName),
      // Also what is said in answer: a peer that does not read its answers must not get us to pile them up.
      handled: () => bus.idleAt(route.localAgentName).then(() => this.#outbound.uncrowded()),
      onUndelivered: (message, why) => this.#answerUndelivered(message, why),
      holdBack: (on) => this.#link.holdBack(on),
    });
    this.#outbound = new Outbound({ ...shared, send: (bytes, message) => this.#send(bytes, message) });
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** True from the first moment of the connection on, also when that is over. */
  get wasConnected(): boolean {
    return this.#wasConnected;
  }

  get counters(): ProxyCounters {
    return { gate: this.#gate.counters, link: this.#link.counters, rejected: { ...this.#rejected } };
  }

  /** Begins to take what the bus has for the peer. */
  begin(): Promise<void> {
    return this.#outbound.begin();
  }

  /** True from {@link open} on. */
  get opened(): boolean {
    return this.#link.state !== "idle";
  }

  /** Connects. Does nothing the second time. */
  open(): void {
    this.#link.open();
  }

  /** Waits until the local agent has said its last words and has ended. */
  async localAgentEnded(): Promise<void> {
    const { localAgentName } = this.#route;
    if (!this.#registry.isLocal(localAgentName)) return;
    let unwatch = () => {};
    const gone = new Promise<void>((resolve) => {
      unwatch = this.#registry.on("agentGone", ({ agentName }) => {
        if (agentName === localAgentName) resolve();
      });
    });
    await within(gone, lastWordsTimeoutMs);
    unwatch();
  }

  /**
   * Hands over what waits, then says goodbye. Resolves when the link is over. Without a connection it does not wait for
   * another one: what has not left is refused one by one, and so told.
   */
  async close(reason: string): Promise<void> {
    this.#goodbye ??= reason;
    if (this.#link.state === "interrupted") await this.#link.close(1000, reason);
    if (this.#wasConnected) await this.#outbound.flush();
    await this.#outbound.end();
    await this.#link.close(1000, reason);
  }

  /** Ends now, without waiting for what has not been handed over. */
  async abandon(reason: string): Promise<void> {
    await this.#outbound.end();
    await this.#link.close(1000, reason);
  }

  #linkEvents() {
    const events = this.#events;
    return {
      onOpen: ({ websocket }: { readonly websocket: unknown }) => {
        this.#connected = true;
        this.#wasConnected = true;
        this.#presence.begin(this.#registry);
        this.#events.onConnected(websocket);
      },
      onMessage: (bytes: Uint8Array) => this.#inbound.receive(bytes),
      onOversize: (byteLength: number) => this.#oversize(byteLength),
      onInterrupted: (interruption: Interruption) => {
        events.onInterrupted(interruption);
        if (this.#goodbye !== undefined) void this.#link.close(1000, this.#goodbye);
      },
      onResumed: ({ websocket }: LinkSocket, replay: Replay) => events.onResumed({ websocket, ...replay }),
      onSlow: (bufferedBytes: number) => {
        this.#inbound.peerIsSlow(true);
        events.onSlow({ bufferedBytes });
      },
      onCaughtUp: () => this.#inbound.peerIsSlow(false),
      onConnectFailed: (failure: ConnectFailure) => this.#events.onConnectFailed(failure),
      onClosed: (ending: LinkEnding) => void this.#closed(ending),
      onFault: (error: TrunklineError) => this.#events.onError(error),
    };
  }

  #send(bytes: Uint8Array, message: BusMessage): Promise<void> {
    const { notReplayed = [] } = this.#route;
    if (notReplayed.length === 0) return this.#link.send(bytes);
    const frame = message instanceof BusFrameMessage ? message.frame : undefined;
    return this.#link.send(bytes, !notReplayed.some((type) => message instanceof type || frame instanceof type));
  }

  async #closed({ code, reason, clean, opened, lost, unacknowledged, successor }: LinkEnding): Promise<void> {
    this.#connected = false;
    this.#inbound.end();
    // First of all: whoever hears of the end may begin the next session, which takes this one's place on the bus. What
    // the bus has handed over before is refused one by one, and so told.
    await this.#outbound.flush();
    await this.#outbound.end();
    const why = clean ? "link closed" : "link lost";
    this.#cancelWorkForPeer(why);
    this.#gate.forgetRequests();
    this.#presence.end(why);
    if (lost !== undefined) this.#events.onSessionLost({ reason: lost, unacknowledged });
    if (opened) this.#events.onDisconnected({ code, reason, clean, lost, unacknowledged }, successor);
    this.#events.onEnded(successor);
  }

  /** Nobody is left to take the answers. */
  #cancelWorkForPeer(reason: string): void {
    for (const { taskId, requester, asked } of this.#gate.openRequests.inbound) {
      const cancel = new BusTaskCancelMessage({ source: requester, target: asked, taskId, reason });
      this.#route.bus.send(cancel).catch((error: unknown) => this.#events.onError(error));
    }
  }

  /** The agent that was asked never hears of it, so its answer is made here. */
  #answerUndelivered(message: BusMessage, error: string): void {
    if (!(message instanceof BusTaskRequestMessage) || message.target === undefined) return;
    const { source: target, target: source, taskId } = message;
    const answer = new BusTaskResponseMessage({ source, target, taskId, status: "failed", response: { error } });
    // For the books; a request that the gate itself has refused is in none, and is answered too.
    this.#gate.outbound(answer);
    this.#sendPastGate(answer);
  }

  #sendPastGate(message: BusMessage): void {
    this.#link.send(this.#serializer.serialize(message)).catch((error: unknown) => {
      this.#reject({ direction: "outbound", cause: "lost", message: messageOf(error) });
    });
  }

  #oversize(byteLength: number): void {
    const message = `A message of ${byteLength} bytes was not let in: it is longer than this side's limit.`;
    this.#reject({ direction: "inbound", cause: "size", message });
  }

  #reject(rejection: RejectedData): void {
    const key = `${rejection.direction} ${rejection.cause}`;
    this.#rejected[key] = (this.#rejected[key] ?? 0) + 1;
    this.#events.onRejected(rejection);
  }
}

/** @throws TrunklineError `TL_INVALID_OPTION` when a name is missing, or both sides have the same */
export function gateOf(route: ProxyRoute): Gate {
  const { bus, side, localAgentName, remoteAgentName, forwardMessages = [], maxWaitingBytes } = route;
  return new Gate({
    side,
    localAgentName,
    remoteAgentName,
    forwardMessages,
    isLocalName: (name) => bus.has(name),
    maxOpenBytes: maxWaitingBytes ?? defaultMaxWaitingBytes,
  });
}

function defaultSerializer({ link }: ProxyRoute): MessageSerializer {
  return new JSONMessageSerializer({ maxBytes: link?.maxFrameBytes });
}
