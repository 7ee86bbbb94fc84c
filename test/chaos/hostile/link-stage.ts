import { MovableClock } from "trunkline/testing";
import {
  Link,
  type LinkEnding,
  type LinkEvents,
  type LinkOptions,
  type LinkOrigin,
  resumeProtocol,
  SessionDesk,
} from "../../../src/proxy/link/index.ts";
import { linkSocketFrom } from "../../../src/proxy/socket.ts";
import type { Dice } from "../dice.ts";
import { ControlText, type Known } from "./control-text.ts";
import { HostileWebSocket } from "./hostile-websocket.ts";
import type { Tally } from "./tally.ts";

export const roles = ["plain server", "plain client", "server", "client"] as const;
export type Role = (typeof roles)[number];

const maxQueuedBytes = 10_000;
const windowMs = 3_000;

/** A link in one of its roles, whose only peer is hostile, and what is seen of it. */
export class LinkStage {
  readonly clock = new MovableClock();
  readonly control: ControlText;
  readonly problems: string[] = [];
  readonly sent: { readonly promise: Promise<void>; settled: boolean }[] = [];
  readonly known: Known = { sent: 0 };
  readonly #role: Role;
  readonly #dice: Dice;
  readonly #tally: Tally;
  readonly #options: LinkOptions;
  readonly #sockets: HostileWebSocket[] = [];
  readonly #links: Link[] = [];
  readonly #endings: LinkEnding[] = [];
  readonly #desk: SessionDesk;

  constructor(role: Role, dice: Dice, tally: Tally) {
    this.#role = role;
    this.#tally = tally;
    this.#dice = dice;
    this.control = new ControlText(dice);
    const random = () => dice.below(1_000) / 1_000;
    const limits = { maxFrameBytes: 2_000, maxQueuedFrames: 16, maxQueuedBytes, highWaterBytes: 5_000 };
    this.#options = { ...limits, windowMs, heartbeatMs: 1_000, connectTimeoutMs: 2_000, clock: this.clock, random };
    this.#desk = new SessionDesk({ link: this.#options, maxSuspendedBytes: 15_000, isSamePrincipal: Object.is });
  }

  /** The link that came last. */
  get link(): Link | undefined {
    return this.#links.at(-1);
  }

  /** The connection that came last. */
  get socket(): HostileWebSocket | undefined {
    return this.#sockets.at(-1);
  }

  /** What is said now reaches a link, or a desk. */
  get isHeard(): boolean {
    return this.socket?.readyState === 1;
  }

  /** Nothing more will happen by itself. */
  get over(): boolean {
    return this.#role !== "server" && this.link?.state === "closed";
  }

  begin(): void {
    if (this.#role === "plain server") this.#open({ socket: linkSocketFrom(this.#connection("")) });
    else if (this.#role === "server") this.comesBack();
    else this.#open({ dial: async () => linkSocketFrom(this.#connection(this.#dialed())) });
  }

  /** A client comes to the server, for the first time or again; nothing for other roles. */
  comesBack(): void {
    if (this.#role !== "server") return;
    const socket = this.#connection(resumeProtocol);
    const principal = this.#dice.chance(0.95) ? "eve" : "mallory";
    this.#desk.admit(linkSocketFrom(socket), principal).then(
      (answer) => {
        if (answer.kind === "new") this.#open(answer.seat);
      },
      (error: unknown) => this.problems.push(`The desk threw ${error}.`),
    );
    if (this.#dice.chance(0.95)) socket.says(this.control.hello(this.known));
  }

  /** The peer says something that is right at any time in a session. */
  behaves(): void {
    const dice = this.#dice;
    const { acknowledged = 0, unacknowledged = 0 } = this.link?.counters ?? {};
    const received = acknowledged + (dice.chance(0.5) ? 0 : dice.below((unacknowledged >> 1) + 1));
    if (dice.chance(0.6)) this.socket?.says(Buffer.from("a message"));
    else if (this.socket?.protocol === resumeProtocol) this.socket.says(`{"t":"ack","received":${received}}`);
  }

  /** Notes what the link has said of its session, and answers its hello, mostly. */
  hears(): void {
    for (const socket of this.#sockets) {
      for (const text of socket.texts.splice(0)) this.#hear(socket, text);
    }
    this.known.sent = this.#sockets.reduce((sum, { binariesSent }) => sum + binariesSent, 0);
  }

  sends(bytes: Uint8Array): void {
    const { link } = this;
    if (link === undefined) return;
    const sent = { promise: link.send(bytes, this.#dice.chance(0.8)), settled: false };
    const settle = () => {
      sent.settled = true;
    };
    sent.promise.then(settle, settle);
    this.sent.push(sent);
    // What waits in a queue, and as much again that is not acknowledged.
    if (link.bufferedBytes > 3 * maxQueuedBytes) this.problems.push(`${link.bufferedBytes} bytes wait in a link.`);
  }

  /** Ends everything, and says what is not as it should be. */
  async end(): Promise<readonly string[]> {
    // Whoever is about to be let in, or has just been told of another session, has a link only then.
    for (let round = 0; round < 3; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      for (const link of this.#links) link.terminate();
      for (const socket of this.#sockets) socket.ends(1006, "");
    }
    await new Promise((resolve) => setImmediate(resolve));
    if (this.clock.pending > 0) this.problems.push(`${this.clock.pending} timers are left.`);
    this.clock.advance(20_000);
    const hanging = this.sent.filter(({ settled }) => !settled).length;
    if (hanging > 0) this.problems.push(`${hanging} sends never settled.`);
    if (this.#endings.length !== this.#links.length) {
      this.problems.push(`${this.#links.length} links ended ${this.#endings.length} times.`);
    }
    const { seats, suspended, suspendedBytes } = this.#desk.counters;
    if (seats + suspended + suspendedBytes !== 0) this.problems.push(`The desk still holds ${seats} seats.`);
    return this.problems.map((problem) => `As ${this.#role}: ${problem}`);
  }

  #open(origin: LinkOrigin): void {
    const link = new Link(origin, this.#events(), this.#options);
    this.#links.push(link);
    link.open();
  }

  #events(): LinkEvents {
    let ended = false;
    const note = (what: string) => {
      this.#tally.count(what);
      if (ended) this.problems.push(`After its end a link told of this: ${what}.`);
    };
    return {
      onOpen: () => note("opened"),
      onMessage: () => note("message"),
      onOversize: () => note("oversize"),
      onInterrupted: () => note("interrupted"),
      onResumed: () => note("resumed"),
      onSlow: () => note("slow"),
      onConnectFailed: () => note("connect failed"),
      onFault: (error) => this.problems.push(String(error)),
      onClosed: (ending) => {
        note(`lost ${ending.lost ?? "nothing"}`);
        ended = true;
        this.#endings.push(ending);
        // A server that cannot go on with a session begins another one, and its client may join that.
        if (ending.successor !== undefined && this.#links.length < 20) this.#open(ending.successor);
      },
    };
  }

  #dialed(): string {
    if (this.#role === "plain client" || this.#dice.chance(0.02)) return "";
    if (this.#dice.chance(0.1)) throw new Error("nobody there");
    return resumeProtocol;
  }

  #connection(protocol: string): HostileWebSocket {
    const answersGoodbyes = this.#dice.chance(0.7);
    const socket = new HostileWebSocket(protocol, (closing) => {
      if (answersGoodbyes) queueMicrotask(() => closing.ends(1000, ""));
    });
    this.#sockets.push(socket);
    return socket;
  }

  #hear(socket: HostileWebSocket, text: string): void {
    const said = JSON.parse(text) as { readonly t: string; readonly sid?: string; readonly token?: string };
    if (said.t !== "hello") {
      this.known.sid = said.sid ?? this.known.sid;
      this.known.token = said.token ?? this.known.token;
      return;
    }
    const dice = this.#dice;
    if (dice.chance(0.1)) return;
    if (dice.chance(0.1)) socket.says(this.control.any(this.known));
    else if (said.sid === null || dice.chance(0.3)) socket.says(this.control.welcome(dice.pick([0, 500, windowMs])));
    else socket.says(this.control.resumed(this.known.sent));
  }
}
