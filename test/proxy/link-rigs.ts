import {
  Link,
  type LinkEventName,
  type LinkEvents,
  type LinkSocket,
  type LinkStateName,
  Seat,
  transitions,
} from "../../src/proxy/link/index.ts";
import { ScriptedSocket } from "../resume/client-socket.ts";
import { secret } from "../resume/hand-session.ts";
import { until } from "../support/settled.ts";
import { ManualClock } from "./link-harness.ts";

const states = Object.keys(transitions) as LinkStateName[];
const connectTimeoutMs = 1_000;
const highWaterBytes = 100;
export const closeTimeoutMs = 1_000;

/** A link on sockets and a clock that the test moves, with what can happen to it from outside. */
export abstract class Rig {
  readonly clock = new ManualClock();
  readonly told: string[] = [];
  readonly sends: Promise<unknown>[] = [];
  readonly sockets: ScriptedSocket[] = [];
  abstract readonly link: Link;
  /** What the link makes of a cause where that is not the event of the same name. */
  abstract readonly readAs: Readonly<Partial<Record<LinkStateName, Partial<Record<LinkEventName, LinkEventName>>>>>;
  /** Steps that nothing can bring about at this end. */
  abstract readonly without: readonly `${LinkStateName} × ${LinkEventName}`[];
  /** What happens from outside, by the event that it is about. */
  abstract readonly causes: Readonly<Record<LinkEventName, () => Promise<void> | void>>;

  protected readonly options = {
    clock: this.clock,
    connectTimeoutMs,
    closeTimeoutMs,
    highWaterBytes,
    backoff: { minMs: 1, spreadMs: 0, maxSpreadMs: 0 },
  };

  /** Brings the link there from the beginning. */
  abstract enter(state: LinkStateName): Promise<void>;

  count(name: string): number {
    return this.told.filter((it) => it === name).length;
  }

  protected get events(): LinkEvents {
    const note = (name: string) => () => void this.told.push(name);
    return {
      onOpen: note("open"),
      onMessage: note("message"),
      onOversize: note("oversize"),
      onConnectFailed: note("connectFailed"),
      onInterrupted: note("interrupted"),
      onResumed: note("resumed"),
      onSlow: note("slow"),
      onClosed: note("closed"),
      onFault: note("fault"),
    };
  }

  protected newSocket(): ScriptedSocket {
    const socket = new ScriptedSocket();
    this.sockets.push(socket);
    return socket;
  }

  /** Closes it; where there is a socket, that is full, and a frame waits for it. */
  protected close(): void {
    const socket = this.sockets.at(-1);
    if (socket !== undefined && (this.link.state === "idle" || this.link.state === "open")) {
      socket.bufferedBytes = highWaterBytes;
      this.sends.push(this.link.send(new Uint8Array(1)).catch(() => "refused"));
    }
    void this.link.close();
  }
}

/** The end that dials. Its first dial comes to nothing for so long that the second one makes the connection. */
export class ClientRig extends Rig {
  readonly link: Link;
  readonly readAs = {
    // Nothing can be written where there is no connection.
    idle: { close: "end" },
    dialing: { close: "end" },
    interrupted: { close: "end" },
    // Nobody comes back to say goodbye.
    flushing: { cut: "end" },
    closing: { cut: "end" },
  } as const;
  readonly without = ["idle × adopt"] as const;
  readonly causes = {
    dial: () => this.link.open(),
    adopt: () => this.#connectLate(),
    cut: () => this.#cut(),
    resume: () => this.#resume(),
    close: () => this.close(),
    flush: async () => (await this.#present()).drain(0),
    end: () => this.link.terminate(),
  };
  readonly #dials: ((socket: LinkSocket) => void)[] = [];

  constructor() {
    super();
    const dial = () => new Promise<LinkSocket>((resolve) => this.#dials.push(resolve));
    this.link = new Link({ dial }, this.events, this.options);
  }

  get dials(): number {
    return this.#dials.length;
  }

  async enter(state: LinkStateName): Promise<void> {
    if (state === "idle") return;
    this.link.open();
    if (state === "dialing") return;
    this.clock.advance(connectTimeoutMs);
    this.clock.advance(1);
    (await this.#answer(2)).welcome();
    await this.#untilState("open");
    const [socket] = this.sockets as [ScriptedSocket];
    if (state === "interrupted") {
      socket.end(1006);
      this.clock.advance(1);
    }
    if (state === "flushing" || state === "closing") this.close();
    if (state === "closing") socket.drain();
    if (state === "closed") this.link.terminate();
  }

  /** The n-th dial, from 1, brings a socket, and the client says hello on it. */
  async #answer(n: number): Promise<ScriptedSocket> {
    const socket = this.newSocket();
    this.#dials[n - 1]?.(socket);
    await until(() => socket.controls[0]?.t === "hello", `hello on dial ${n}`);
    return socket;
  }

  /** The socket of the link, or the one on which it says hello at the moment; a drain reaches whoever listens there. */
  async #present(): Promise<ScriptedSocket> {
    const { state } = this.link;
    if (state === "idle") return this.newSocket();
    if (state === "dialing") return this.#answer(1);
    const socket = state === "interrupted" ? await this.#answer(3) : (this.sockets.at(-1) as ScriptedSocket);
    socket.drain();
    return socket;
  }

  async #connectLate(): Promise<void> {
    if (this.link.state === "dialing") {
      (await this.#answer(1)).welcome();
      await this.#untilState("open");
      return;
    }
    const late = this.newSocket();
    this.#dials[0]?.(late);
    if (this.#dials.length > 0) await until(() => late.terminated > 0, "the end of a socket that came too late");
  }

  async #cut(): Promise<void> {
    const { state } = this.link;
    const failures = this.count("connectFailed");
    (await this.#present()).end(1006);
    if (state === "dialing" || state === "interrupted") {
      await until(() => this.count("connectFailed") > failures, "a failed attempt to connect");
    }
  }

  async #resume(): Promise<void> {
    if (this.link.state !== "interrupted") {
      this.link.resume(this.newSocket(), 0, secret());
      return;
    }
    (await this.#answer(3)).resumed(0);
    await this.#untilState("open");
  }

  #untilState(state: LinkStateName): Promise<void> {
    return until(() => this.link.state === state, state);
  }
}

/** The end that is dialed. */
export class ServerRig extends Rig {
  readonly link: Link;
  readonly freed: unknown[] = [];
  readonly readAs = {
    interrupted: { close: "end" },
    flushing: { cut: "end" },
    closing: { cut: "end" },
  } as const;
  // It does not dial. To open it is to adopt its connection.
  readonly without = states.map((state) => `${state} × dial` as const);
  readonly causes = {
    dial: () => undefined,
    adopt: () => this.link.open(),
    cut: () => this.#socket.end(1006),
    resume: () => {
      this.#seat.resume(this.newSocket(), 0, this.#seat.token);
    },
    close: () => this.close(),
    flush: () => this.#socket.drain(),
    end: () => (this.link.state === "idle" ? this.link.terminate() : this.#seat.lose("pressure")),
  };
  readonly #seat: Seat;

  constructor() {
    super();
    const limits = { maxFrameBytes: 1_000, maxFrames: 100, maxBytes: 10_000 };
    const terms = { sid: secret(), windowMs: 120_000, heartbeatMs: 10_000, ...limits };
    this.#seat = new Seat(terms, this.newSocket(), {
      onWaiting: () => undefined,
      onFree: (lost) => void this.freed.push(lost),
    });
    this.link = new Link(this.#seat, this.events, this.options);
  }

  get #socket(): ScriptedSocket {
    return this.sockets.at(-1) as ScriptedSocket;
  }

  async enter(state: LinkStateName): Promise<void> {
    if (state === "idle") return;
    this.link.open();
    // Else it would be waited for a shorter time, or not at all.
    this.#socket.hear({ t: "ack", received: 0 });
    if (state === "interrupted") this.#socket.end(1006);
    if (state === "flushing" || state === "closing") this.close();
    if (state === "closing") this.#socket.drain();
    if (state === "closed") this.link.terminate();
  }
}
