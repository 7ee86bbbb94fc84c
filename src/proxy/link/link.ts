import { messageOf, TrunklineError } from "../../errors.ts";
import { type Deferred, deferred, done } from "../../util/index.ts";
import { abnormalCode, Carrier, type CarrierEnding } from "./carrier.ts";
import { type LinkCounters, newCounters } from "./counters.ts";
import { type ConnectFailure, Dialer } from "./dialer.ts";
import { asLost, type LinkEnding, type LinkEvents, type LinkOrigin, lost } from "./link-events.ts";
import type { LinkSocket } from "./link-socket.ts";
import { type LinkOptions, type ResolvedLinkOptions, resolveLinkOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";

type LinkState =
  | { readonly name: "idle" }
  | { readonly name: "connecting"; readonly dialer: Dialer }
  | { readonly name: "open"; readonly carrier: Carrier }
  | { readonly name: "flushing" | "closing"; readonly carrier: Carrier; readonly code: number; readonly reason: string }
  | { readonly name: "closed"; readonly ending: LinkEnding };

/**
 * Moves byte arrays between two ends, in order. Plain mode: one connection, at most once, a message a frame.
 *
 * 1. `onClosed` is called exactly once, and every promise of `send` settles, whichever way the link ends.
 * 2. Messages leave in the order of `send`, also those from before the connection.
 * 3. What waits is bounded; at the bound the sender is told. Nothing is dropped to make room.
 * 4. Nothing the peer sends ends the link, short of breaking the WebSocket protocol or its payload limit.
 * 5. A state owns its dialer or its carrier, and they own the timers: in `idle` and `closed` there is neither a timer
 *    nor a socket.
 */
export class Link {
  readonly #origin: LinkOrigin;
  readonly #events: LinkEvents;
  readonly #options: ResolvedLinkOptions;
  readonly #outbox: Outbox;
  readonly #counters: LinkCounters = newCounters();
  readonly #closed: Deferred<LinkEnding> = deferred();
  #state: LinkState = { name: "idle" };
  #opened = false;

  constructor(origin: LinkOrigin, events: LinkEvents, options?: LinkOptions) {
    this.#origin = origin;
    this.#events = events;
    this.#options = resolveLinkOptions(options);
    this.#outbox = new Outbox(this.#options.maxQueuedFrames, this.#options.maxQueuedBytes);
  }

  get state(): LinkState["name"] {
    return this.#state.name;
  }

  /** Resolves when the link is over; never rejects. */
  get closed(): Promise<LinkEnding> {
    return this.#closed.promise;
  }

  get counters(): Readonly<LinkCounters> {
    return { ...this.#counters };
  }

  /** Bytes that wait, in the queue and in the socket. */
  get bufferedBytes(): number {
    const state = this.#state;
    return this.#outbox.bytes + ("carrier" in state ? state.carrier.bufferedBytes : 0);
  }

  /** Begins to dial, or to hear the socket. Does nothing the second time. */
  open(): void {
    if (this.#state.name !== "idle") return;
    if ("socket" in this.#origin) {
      this.#adopt(this.#origin.socket);
      return;
    }
    const dialer = new Dialer(this.#origin.dial, this.#options, {
      onAttempt: () => {
        this.#counters.connectAttempts += 1;
      },
      onConnected: (socket) => this.#adopt(socket),
      onFailure: (failure) => this.#connectFailed(failure),
    });
    this.#state = { name: "connecting", dialer };
    dialer.start();
  }

  /**
   * Resolves when the socket has taken the message, which waits for the connection and for a peer that reads slowly.
   * The bytes must not be changed afterwards.
   * @throws TrunklineError `TL_MESSAGE_TOO_LARGE`, `TL_LINK_FULL` when too much waits already, `TL_CONNECTION_LOST`
   * when the link has ended or ends before the message's turn, `TL_CONNECT_FAILED` when the last attempt to connect
   * has failed
   */
  send(bytes: Uint8Array): Promise<void> {
    const state = this.#state;
    if (bytes.byteLength > this.#options.maxFrameBytes) return Promise.reject(this.#tooLarge(bytes.byteLength));
    if (state.name === "open" && this.#outbox.size === 0 && state.carrier.accepts) {
      state.carrier.send(bytes);
      this.#notePeak();
      return done;
    }
    if (state.name === "idle" || state.name === "connecting" || state.name === "open") {
      const handedOver = this.#outbox.push(bytes);
      this.#notePeak();
      return handedOver ?? Promise.reject(this.#full());
    }
    return Promise.reject(new TrunklineError("TL_CONNECTION_LOST", "The link is closed, so the message was not sent."));
  }

  /**
   * Hands over what waits, says goodbye and resolves when the link is over, at the latest after `closeTimeoutMs`.
   * Before there is a connection it only stops dialing.
   */
  async close(code = 1000, reason = ""): Promise<void> {
    if (this.#state.name === "idle" && "socket" in this.#origin) this.#carry(this.#origin.socket).open();
    const state = this.#state;
    if (state.name === "idle" || state.name === "connecting") {
      if (state.name === "connecting") state.dialer.stop();
      this.#finish({ code, reason, clean: true, unwrittenFrames: 0 });
    } else if (state.name === "open") {
      this.#state = { name: "flushing", carrier: state.carrier, code, reason };
      state.carrier.endWithin(this.#options.closeTimeoutMs);
      this.#pump();
    }
    await this.#closed.promise;
  }

  /** Ends it now. The link is closed when this returns. */
  terminate(reason = "terminated on this side"): void {
    const state = this.#state;
    if (state.name === "connecting") state.dialer.stop();
    if (state.name === "idle" && "socket" in this.#origin) this.#origin.socket.terminate();
    if ("carrier" in state) state.carrier.cut(abnormalCode, reason);
    else this.#finish({ code: abnormalCode, reason, clean: false, unwrittenFrames: 0 });
  }

  #adopt(socket: LinkSocket): void {
    const carrier = this.#carry(socket);
    this.#opened = true;
    this.#tell(() => this.#events.onOpen(socket));
    carrier.open();
    this.#pump();
  }

  #carry(socket: LinkSocket): Carrier {
    const carrier = new Carrier(socket, this.#options, this.#counters, {
      onFrame: (data) => this.#receive(data),
      onOversize: (byteLength) => this.#tell(() => this.#events.onOversize(byteLength)),
      onRoom: () => this.#pump(),
      onEnd: (ending) => this.#ended(ending),
    });
    this.#state = { name: "open", carrier };
    return carrier;
  }

  #receive(data: Uint8Array): void {
    // A link that is closed before it was opened still has to read up to the peer's goodbye.
    if (this.#opened) this.#tell(() => this.#events.onMessage(data));
  }

  #connectFailed(failure: ConnectFailure): void {
    this.#counters.connectFailures += 1;
    this.#tell(() => this.#events.onConnectFailed(failure));
    if (failure.retryInMs !== undefined) return;
    const { error } = failure;
    this.#finish({ code: abnormalCode, reason: error.message, clean: false, error, unwrittenFrames: 0 });
  }

  #pump(): void {
    const state = this.#state;
    if (state.name !== "open" && state.name !== "flushing") return;
    const { carrier } = state;
    while (this.#outbox.size > 0 && carrier.accepts) {
      const entry = this.#outbox.shift();
      if (entry === undefined) break;
      carrier.send(entry.bytes);
      entry.handedOver.resolve();
    }
    if (state.name !== "flushing" || this.#outbox.size > 0) return;
    this.#state = { ...state, name: "closing" };
    carrier.close(state.code, state.reason);
  }

  #ended(ending: CarrierEnding): void {
    const state = this.#state;
    // The peer merely echoes what we said; its echo carries no reason.
    const ours = state.name === "closing" && ending.clean ? { code: state.code, reason: state.reason } : {};
    this.#finish({ ...ending, ...ours });
  }

  #finish(ending: CarrierEnding): void {
    if (this.#state.name === "closed") return;
    const { code, reason, clean } = ending;
    const error = clean ? undefined : asLost(ending);
    const unsent = this.#outbox.size;
    const final = { code, reason, clean, opened: this.#opened, error, unacknowledged: unsent + ending.unwrittenFrames };
    this.#state = { name: "closed", ending: final };
    this.#outbox.reject(error ?? lost(`The link was closed (code ${code}) before the message was sent.`));
    this.#closed.resolve(final);
    this.#tell(() => this.#events.onClosed(final));
  }

  /** A listener's fault must neither reach the socket's library nor change what the link does next. */
  #tell(event: () => void): void {
    try {
      event();
    } catch (cause) {
      const fault = `A listener of the link threw: ${messageOf(cause)}`;
      this.#events.onFault(new TrunklineError("TL_HANDLER_FAILED", fault, { cause }));
    }
  }

  #notePeak(): void {
    this.#counters.peakBufferedBytes = Math.max(this.#counters.peakBufferedBytes, this.bufferedBytes);
  }

  #tooLarge(byteLength: number): TrunklineError {
    this.#counters.rejectedOutboundSize += 1;
    return new TrunklineError(
      "TL_MESSAGE_TOO_LARGE",
      `A message of ${byteLength} bytes was not sent: the limit is ${this.#options.maxFrameBytes}. Split it, or raise the limit on both sides.`,
    );
  }

  #full(): TrunklineError {
    this.#counters.rejectedOutboundFull += 1;
    const { size, bytes } = this.#outbox;
    return new TrunklineError(
      "TL_LINK_FULL",
      `A message was not sent: ${size} messages (${bytes} bytes) already wait for the peer. Wait for the promise of send() before the next one.`,
    );
  }
}
