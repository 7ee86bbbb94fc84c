import { Link, type LinkOptions, type LinkSocket, type LinkSocketHandlers } from "../../src/proxy/link/index.ts";
import { SimulatedLoop, SimulatedTime } from "./p07-simulated-loops.ts";

/** One end of a WebSocket of which only its signs of life are simulated: bytes, pings, and the pongs of a living peer. */
export class SimulatedSocket implements LinkSocket {
  readonly websocket = this;
  readonly protocol = "";
  readonly writable = true;
  readonly bufferedBytes = 0;
  readonly unwrittenFrames = 0;
  inboundActivity = 0;
  /** When something was read, and when a ping was sent. */
  readonly heardAt: number[] = [];
  readonly pingedAt: number[] = [];
  /** Nothing arrives here from now on. */
  deaf = false;
  peer: SimulatedSocket | undefined;
  readonly #time: SimulatedTime;
  readonly #loop: SimulatedLoop;
  readonly #latencyMs: number;

  constructor(time: SimulatedTime, loop: SimulatedLoop, latencyMs: number) {
    this.#time = time;
    this.#loop = loop;
    this.#latencyMs = latencyMs;
  }

  readonly ping = (): void => {
    this.pingedAt.push(this.#time.now);
    const { peer } = this;
    peer?.arrive(() => this.arrive());
  };

  /** A byte is on its way to here, and once it is read the answer, if there is one, goes back. */
  arrive(answer?: () => void): void {
    this.#time.at(this.#time.now + this.#latencyMs, () => {
      if (this.deaf) return;
      this.#loop.arrive(() => {
        this.inboundActivity += 1;
        this.heardAt.push(this.#time.now);
        answer?.();
      });
    });
  }

  attach(_handlers: LinkSocketHandlers): void {}
  detach(): void {}
  send(): void {
    this.peer?.arrive();
  }
  requestDrain(): void {}
  close(): void {}
  terminate(): void {}
}

/** A link in a loop of its own. */
export class SimulatedEnd {
  readonly loop: SimulatedLoop;
  readonly socket: SimulatedSocket;
  readonly link: Link;
  /** When the link gave its connection up. */
  endedAt: number | undefined;
  endedWith: number | undefined;

  constructor(time: SimulatedTime, latencyMs: number, options: LinkOptions) {
    this.loop = new SimulatedLoop(time);
    this.socket = new SimulatedSocket(time, this.loop, latencyMs);
    this.link = new Link(
      { socket: this.socket },
      {
        onOpen: () => {},
        onMessage: () => {},
        onOversize: () => {},
        onConnectFailed: () => {},
        onClosed: ({ code }) => {
          this.endedAt = time.now;
          this.endedWith = code;
        },
        onFault: (error) => {
          throw error;
        },
      },
      { ...options, clock: this.loop },
    );
    this.link.open();
  }
}

/** Two links that are connected with each other, each in a loop of its own. */
export class SimulatedPair {
  readonly time = new SimulatedTime();
  readonly here: SimulatedEnd;
  readonly there: SimulatedEnd;

  constructor(options: LinkOptions, latencyMs = 5) {
    this.here = new SimulatedEnd(this.time, latencyMs, options);
    this.there = new SimulatedEnd(this.time, latencyMs, options);
    this.here.socket.peer = this.there.socket;
    this.there.socket.peer = this.here.socket;
  }

  get ends(): readonly SimulatedEnd[] {
    return [this.here, this.there];
  }
}
