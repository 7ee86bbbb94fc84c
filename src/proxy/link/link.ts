import { type Deferred, deferred, done, longestTimeoutMs } from "../../util/index.ts";
import type { CarrierEnding } from "./carrier.ts";
import { ClientEnd } from "./client-end.ts";
import { mayComeBack, replacedCode, restartCode, violationCode } from "./close-codes.ts";
import type { LinkCounters } from "./counters.ts";
import type { ConnectFailure } from "./dialer.ts";
import { type Cut, endingOf, type Finish, lost as lostError } from "./finish.ts";
import { GuardedEvents } from "./guarded-events.ts";
import type { Beginning, ClientOrigin, Greet, LinkEnd, LinkOrigin, ResumableLink } from "./link-end.ts";
import type { LinkEnding, LinkEvents } from "./link-events.ts";
import type { LinkSocket } from "./link-socket.ts";
import { type LinkOptions, type ResolvedLinkOptions, resolveLinkOptions } from "./options.ts";
import { RefusedError } from "./refused-error.ts";
import type { SessionLostReason } from "./session-lost.ts";
import type { SessionTerms } from "./session-terms.ts";
import { Traffic } from "./traffic.ts";
import { type LinkEventName, type LinkStateName, transitions } from "./transitions.ts";

/**
 * Moves byte arrays between two ends, in order: in a session that outlives its connections where both ends can, else in
 * plain mode, over one connection.
 *
 * 1. `onClosed` is called exactly once, and every promise of `send` settles, whichever way the link ends.
 * 2. Messages leave in the order of `send`, also those from before the connection and from between two of them.
 * 3. In a session they arrive exactly once, or the end says how many may not have. In plain mode they arrive at most once.
 * 4. What waits is bounded; at the bound the sender is told. Nothing is dropped to make room.
 * 5. In `idle` and `closed` there is neither a timer nor a socket. Every change of state is one of {@link transitions}.
 */
export class Link implements ResumableLink {
  readonly #end: LinkEnd;
  readonly #events: GuardedEvents;
  readonly #options: ResolvedLinkOptions;
  readonly #closed: Deferred<LinkEnding> = deferred();
  readonly #traffic: Traffic;
  #state: LinkStateName = "idle";
  #opened = false;
  #confirmed = false;
  #saidBye = false;
  #lastCut: Cut | undefined;
  #goodbye: Pick<LinkEnding, "code" | "reason"> | undefined;
  #cancelWindow: (() => void) | undefined;

  constructor(origin: LinkOrigin, events: LinkEvents, options?: LinkOptions) {
    this.#events = new GuardedEvents(events);
    this.#options = resolveLinkOptions(options);
    this.#traffic = this.#newTraffic();
    this.#end = "comeBack" in origin ? origin : this.#client(origin);
  }

  get state(): LinkStateName {
    return this.#state;
  }

  /** Resolves when the link is over; never rejects. */
  get closed(): Promise<LinkEnding> {
    return this.#closed.promise;
  }

  get counters(): Readonly<LinkCounters> {
    return this.#traffic.counters;
  }

  /** Bytes that wait: in the queue, in the socket, for being acknowledged. */
  get bufferedBytes(): number {
    return this.#traffic.bufferedBytes;
  }

  /** Dials, or begins to hear the socket. Only once. */
  open(): void {
    if (this.#state !== "idle") return;
    const beginning = this.#end.begin(this);
    if (beginning !== undefined) this.#adopt(beginning);
    else if (this.#move("dial")) this.#end.dial();
  }

  /**
   * Resolves when the message is on its way, or will be with the next connection: at once, unless the peer does not keep
   * up or there has been no connection yet. The bytes must not be changed afterwards. A message that is not `replayable`
   * is not worth sending again over another connection.
   * @throws TrunklineError `TL_MESSAGE_TOO_LARGE`, `TL_LINK_FULL` when too much waits already, `TL_CONNECTION_LOST`
   * when the link has ended or ends before the message's turn, `TL_CONNECT_FAILED` when the last attempt to connect
   * has failed
   */
  send(bytes: Uint8Array, replayable = true): Promise<void> {
    const refusal = this.#traffic.refusal(bytes.byteLength);
    if (refusal !== undefined) return Promise.reject(refusal);
    switch (this.#state) {
      case "open":
        return this.#traffic.send(bytes, replayable);
      case "idle":
      case "dialing":
        return this.#traffic.queue(bytes, replayable);
      case "interrupted":
        return this.#sendLater(bytes, replayable);
      default:
        return Promise.reject(lostError("The link is closed, so the message was not sent."));
    }
  }

  /** While it is on, the peer is not told what has arrived, so that it stops at its bound. Nothing in plain mode. */
  holdBack(on: boolean): void {
    this.#traffic.holdBack(on);
  }

  /**
   * Hands over what waits, says goodbye and resolves when the link is over, at the latest after `closeTimeoutMs`. While
   * there is no connection it only ends.
   */
  async close(code = 1000, reason = ""): Promise<void> {
    this.#goodbye ??= { code: this.#end.retryMs === undefined ? code : restartCode, reason };
    if (this.#state === "idle") this.#closeUnopened();
    else if (this.#state === "open") this.#flush();
    else if (this.#state !== "flushing" && this.#state !== "closing") this.#finish({ ...this.#goodbye, clean: true });
    await this.#closed.promise;
  }

  /** Ends it now. The link is closed when this returns. */
  terminate(reason = "terminated on this side"): void {
    if (this.#state === "idle") this.#end.begin(this)?.socket.terminate();
    this.#finish({ reason, unwrittenFrames: this.#traffic.dismiss() });
  }

  couldResumeAfter(received: number): boolean {
    return this.#traffic.couldHaveArrived(received);
  }

  resume(socket: LinkSocket, received: number, token: string): boolean {
    if (this.#state !== "open" && this.#state !== "interrupted") return false;
    this.#traffic.dismiss(replacedCode, "replaced");
    this.#interrupt({ code: replacedCode, reason: "replaced by another connection" });
    return this.#goOn(socket, received, (count) => ({ t: "resumed", received: count, token }));
  }

  lose(lost: SessionLostReason, details: Finish = {}): void {
    this.#traffic.dismiss(replacedCode, "the session is lost");
    this.#finish({ ...this.#lastCut, reason: `the session was lost: ${lost}`, ...details, clean: false, lost });
  }

  /** True when there is such a step from here, which is taken. */
  #move(event: LinkEventName): boolean {
    const next = transitions[this.#state][event];
    if (next !== undefined) this.#state = next;
    return next !== undefined;
  }

  #client(origin: ClientOrigin): LinkEnd {
    return new ClientEnd(origin, this.#options, this.#traffic.counts, {
      onConnected: (beginning) => this.#adopt(beginning),
      onReturned: (socket, received) =>
        this.couldResumeAfter(received) && this.#goOn(socket, received, (count) => this.#end.greeting(count)),
      onLost: (reason, successor) => this.lose(reason, { successor }),
      onFailure: (failure) => this.#connectFailed(failure),
    });
  }

  #connectFailed(failure: ConnectFailure): void {
    this.#events.onConnectFailed(failure);
    if (failure.retryInMs !== undefined) return;
    const { error } = failure;
    if (this.#state !== "interrupted") this.#finish({ reason: error.message, error });
    else if (error instanceof RefusedError) this.lose(error.lost, { ...error.closing, error });
    else this.lose("refused", { error });
  }

  #adopt(beginning: Beginning): void {
    if (!this.#move("adopt")) return;
    this.#opened = true;
    this.#traffic.begin(beginning, (received) => this.#end.greeting(received));
    this.#events.onOpen(beginning.socket);
    this.#traffic.hear();
    this.#pump();
  }

  #newTraffic(): Traffic {
    return new Traffic(this.#options, this.#events, {
      onMessage: (bytes) => this.#receive(bytes),
      onRoom: () => this.#pump(),
      onEnded: (ending) => this.#ended(ending),
      onConfirmed: () => {
        this.#confirmed = true;
        this.#end.confirm();
      },
      onBye: () => {
        this.#saidBye = true;
        this.#traffic.endWithin(this.#options.closeTimeoutMs);
      },
      onAway: (retryMs) => this.#end.waitNext(retryMs),
      onViolation: (why) => {
        this.#traffic.dismiss(violationCode, why);
        const error = lostError(`The peer does not keep to the protocol: ${why}.`);
        this.lose("violation", { error, code: violationCode, reason: why });
      },
    });
  }

  #receive(data: Uint8Array): void {
    // A link that is closed before it was opened still has to read up to the peer's goodbye.
    if (this.#opened) this.#events.onMessage(data);
  }

  #ended(ending: CarrierEnding): void {
    const { code, clean } = ending;
    if (this.#state !== "open") {
      // The peer merely echoes what we said; its echo carries no reason.
      this.#finish({ ...ending, ...(this.#state === "closing" && clean ? this.#goodbye : {}) });
    } else if (this.#traffic.terms === undefined) this.#finish({ ...ending, lost: clean ? undefined : "plain" });
    else if (this.#saidBye) this.#finish({ ...ending, code: clean ? code : 1000, clean: true });
    else if (!mayComeBack(code)) this.#finish({ ...ending, clean: false, lost: "refused" });
    else {
      this.#interrupt(ending);
      this.#comeBack(this.#traffic.terms);
    }
  }

  #interrupt(cut: Cut): void {
    if (!this.#move("cut")) return;
    const { code, reason } = cut;
    this.#lastCut = cut;
    this.#traffic.detach();
    this.#traffic.counts.interrupted += 1;
    this.#events.onInterrupted({ code, reason });
  }

  #comeBack(terms: SessionTerms): void {
    // Who was told may have ended it all.
    if (this.#state !== "interrupted") return;
    const { received, weight } = this.#traffic;
    const waitMs = this.#end.comeBack({ terms, received, weight, confirmed: this.#confirmed });
    // Its weight alone may have been too much for the server.
    if (this.#state !== "interrupted") return;
    if (waitMs === 0) this.lose("expired");
    else this.#cancelWindow = this.#options.clock.after(Math.min(waitMs, longestTimeoutMs), () => this.lose("expired"));
  }

  #goOn(socket: LinkSocket, received: number, greet: Greet): boolean {
    if (!this.#move("resume")) return false;
    this.#stopWaiting();
    const replay = this.#traffic.goOn(socket, received, greet);
    this.#traffic.counts.resumed += 1;
    this.#events.onResumed(socket, replay);
    this.#traffic.hear();
    this.#pump();
    return true;
  }

  #stopWaiting(): void {
    this.#cancelWindow?.();
    this.#cancelWindow = undefined;
    this.#end.stop();
  }

  #sendLater(bytes: Uint8Array, replayable: boolean): Promise<void> {
    if (this.#traffic.offer(bytes, replayable)) {
      this.#end.weigh(this.#traffic.weight);
      return done;
    }
    this.lose("overflow", { unsentFrames: 1 });
    return Promise.reject(lostError("The message was not sent: too much waited for the next connection already."));
  }

  #closeUnopened(): void {
    const beginning = this.#end.begin(this);
    if (beginning === undefined) {
      this.#finish({ ...this.#goodbye, clean: true });
      return;
    }
    this.#traffic.begin(beginning, () => undefined);
    this.#flush();
    this.#traffic.hear();
  }

  #flush(): void {
    if (!this.#move("close")) return;
    this.#traffic.endWithin(this.#options.closeTimeoutMs);
    this.#pump();
  }

  #pump(): void {
    if (this.#state === "closed" || this.#state === "closing") return;
    const isWritten = this.#traffic.pump();
    if (!isWritten || !this.#move("flush")) return;
    const { code = 1000, reason = "" } = this.#goodbye ?? {};
    this.#traffic.sayGoodbye(code, reason, this.#end.retryMs);
  }

  #finish(finish: Finish): void {
    if (!this.#move("end")) return;
    const ending = endingOf(finish, this.#opened, this.#traffic);
    const { code, error = lostError(`The link was closed (code ${code}) before the message was sent.`) } = ending;
    this.#stopWaiting();
    this.#end.free(ending.lost);
    this.#traffic.end(error);
    this.#closed.resolve(ending);
    this.#events.onClosed(ending);
  }
}
