import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Clock, LinkSocket, LinkSocketHandlers } from "../../src/proxy/link/index.ts";
import { Liveness } from "../../src/proxy/link/liveness.ts";
import { SimulatedEnd, SimulatedPair } from "../chaos/p07-simulated-link.ts";
import { SimulatedTime } from "../chaos/p07-simulated-loops.ts";
import { clientLink, ManualClock, Observed, Peer, tcpOf } from "./link-harness.ts";

/** A socket whose peer says only what the test makes it say. */
class FakeSocket implements LinkSocket {
  readonly websocket = this;
  readonly protocol = "";
  readonly writable = true;
  readonly bufferedBytes = 0;
  readonly unwrittenFrames = 0;
  readonly ping: (() => void) | undefined;
  readonly terminate = vi.fn();
  inboundActivity = 0;
  handlers: LinkSocketHandlers | undefined;

  constructor(ping: (() => void) | undefined) {
    this.ping = ping;
  }

  attach(handlers: LinkSocketHandlers): void {
    this.handlers = handlers;
  }

  detach(): void {}
  send(): void {}
  requestDrain(): void {}
  close(): void {}
}

/** A machine's two clocks: one may stand still in its sleep, the other one may be set. */
class TwoClocks extends ManualClock {
  setByMs = 0;

  wall(): number {
    return 1_750_000_000_000 + this.now() + this.setByMs;
  }

  sleep(forMs: number): void {
    this.setByMs += forMs;
  }
}

function watched({ canPing = true, heartbeatMs }: { canPing?: boolean; heartbeatMs?: number } = {}) {
  return watchedBy(new ManualClock(), canPing, heartbeatMs);
}

function watchedBy<C extends Clock>(clock: C, canPing = true, heartbeatMs?: number) {
  const ping = vi.fn();
  const socket = new FakeSocket(canPing ? ping : undefined);
  const observed = new Observed({ socket }, { clock, heartbeatMs });
  observed.link.open();
  return { clock, ping, socket, observed };
}

describe("liveness", () => {
  it("pings after 10 s of silence and cuts after 2.5 times as much", () => {
    const { clock, ping, socket, observed } = watched();
    clock.advance(9_999);
    expect(ping).not.toHaveBeenCalled();
    clock.advance(1);
    expect(ping).toHaveBeenCalledTimes(1);
    clock.advance(14_999);
    expect(observed.endings).toEqual([]);
    clock.advance(1);
    expect(observed.endings).toMatchObject([{ code: 4408, clean: false, error: { code: "TL_CONNECTION_LOST" } }]);
    expect(ping).toHaveBeenCalledTimes(2);
    expect(socket.terminate).toHaveBeenCalledOnce();
    expect(observed.link.counters.missedHeartbeats).toBe(2);
    expect(clock.pending).toBe(0);
  });

  it("takes any inbound byte for life, be it part of a frame", () => {
    const { clock, socket, observed } = watched();
    for (let i = 0; i < 100; i++) {
      clock.advance(20_000);
      socket.inboundActivity += 1;
    }
    expect(observed.link.state).toBe("open");
    observed.link.terminate();
    expect(clock.pending).toBe(0);
  });

  it.for([1_000, 1_234.5, 10_000])(
    "with heartbeats of %s ms a silence is found on time, or an eighth earlier",
    (heartbeatMs) => {
      const look = heartbeatMs / 8;
      for (let lastByteAt = 1; lastByteAt < 2 * heartbeatMs; lastByteAt += heartbeatMs / 97) {
        const { clock, socket, observed } = watched({ heartbeatMs });
        clock.advance(lastByteAt);
        socket.inboundActivity += 1;
        clock.advance(2.5 * heartbeatMs - look - 1);
        expect(observed.endings).toEqual([]);
        clock.advance(look + 3);
        expect(observed.endings).toMatchObject([{ code: 4408 }]);
      }
    },
  );

  it("grants one more heartbeat after our own loop was stalled, and cuts then", () => {
    const { clock, ping, observed } = watched();
    clock.advance(24_000);
    clock.stall(3_600_000);
    expect(observed.link.state).toBe("open");
    expect(ping).toHaveBeenCalledTimes(3);
    clock.advance(9_999);
    expect(observed.link.state).toBe("open");
    clock.advance(1);
    expect(observed.endings).toMatchObject([{ code: 4408 }]);
  });

  it("grants with short heartbeats as long as a peer may stand still that was asked at the last moment", () => {
    const { clock, ping, observed } = watched({ heartbeatMs: 1_000 });
    clock.advance(1_400);
    clock.stall(2_000);
    expect(ping).toHaveBeenCalledTimes(3);
    clock.advance(2_249);
    expect(observed.link.state).toBe("open");
    clock.advance(1);
    expect(observed.endings).toMatchObject([{ code: 4408 }]);
  });

  it("a further stall neither shortens nor prolongs that heartbeat", () => {
    const { clock, observed } = watched();
    clock.advance(24_000);
    clock.stall(3_000);
    clock.advance(5_000);
    // Right after a look, so that all of it is lost.
    clock.stall(21_250);
    clock.advance(4_999 - 1_250);
    expect(observed.link.state).toBe("open");
    clock.advance(1);
    expect(observed.endings).toMatchObject([{ code: 4408 }]);
  });

  it("finds a dead peer also in a loop that stalls again and again", () => {
    const { clock, observed } = watched();
    let runsMs = 0;
    while (observed.link.state === "open" && runsMs < 60_000) {
      clock.stall(5_000);
      clock.advance(1_000);
      runsMs += 1_000;
    }
    expect(observed.link.state).toBe("closed");
    // The silence itself, and once what a stall is made up for with.
    expect(runsMs).toBeLessThanOrEqual(35_000);
  });

  it("reads what has arrived before it judges", () => {
    const { clock, socket, observed } = watched();
    clock.advance(24_985);
    // Held up for less than counts as a stall, beyond the moment at which the peer is dead; its byte is read then.
    clock.stall(50);
    expect(observed.link.state).toBe("open");
    socket.inboundActivity += 1;
    clock.advance(20_000);
    expect(observed.link.state).toBe("open");
  });

  it("judges nobody where there is no ping", () => {
    const { clock, observed } = watched({ canPing: false });
    clock.advance(3_600_000);
    expect(observed.link.state).toBe("open");
    expect(clock.pending).toBe(0);
  });

  it("a socket that was cut is heard no more", () => {
    const { clock, socket, observed } = watched();
    clock.advance(25_000);
    socket.handlers?.onMessage(new Uint8Array(1), "binary");
    socket.handlers?.onDrain();
    socket.handlers?.onFailing(new Error("late"));
    socket.handlers?.onClose({ code: 1000, reason: "late" });
    expect(observed.log).toEqual(["open", "closed"]);
    expect(observed.link.counters.framesIn).toBe(0);
    expect(clock.pending).toBe(0);
  });
});

describe("a peer that hears nothing", () => {
  it("is pinged once a heartbeat, though it says enough itself", () => {
    const clock = new ManualClock();
    const ping = vi.fn();
    const socket = { inboundActivity: 0 };
    const counters = { framesOut: 0, missedHeartbeats: 0 };
    const liveness = new Liveness({ heartbeatMs: 10_000, clock, socket, counters, ping, onSilent: () => {} });
    for (let seconds = 1; seconds <= 100; seconds++) {
      socket.inboundActivity += 1;
      clock.advance(1_000);
    }
    expect(ping).toHaveBeenCalledTimes(10);
    for (let seconds = 1; seconds <= 100; seconds++) {
      socket.inboundActivity += 1;
      counters.framesOut += 1;
      clock.advance(1_000);
    }
    expect(ping).toHaveBeenCalledTimes(10);
    liveness.stop();
    expect(clock.pending).toBe(0);
  });
});

describe("trap 12: a sleep of the machine", () => {
  it.for([0, 1])("is a cut, though the other clock stood still and the peer has just spoken (%s bytes)", (bytes) => {
    const { clock, socket, observed } = watchedBy(new TwoClocks());
    clock.advance(5_000);
    socket.inboundActivity += bytes;
    clock.sleep(25_000);
    clock.advance(1_249);
    expect(observed.link.state).toBe("open");
    clock.advance(1);
    expect(observed.endings).toMatchObject([{ code: 4408 }]);
  });

  it("is a cut also where the other clock goes on", () => {
    const { clock, observed } = watchedBy(new TwoClocks());
    clock.advance(5_000);
    clock.stall(30_000);
    expect(observed.endings).toMatchObject([{ code: 4408 }]);
  });

  it("shorter than 2.5 heartbeats it is a question", () => {
    const { clock, ping, observed } = watchedBy(new TwoClocks());
    clock.advance(5_000);
    clock.sleep(24_000);
    clock.advance(1_250);
    expect(observed.link.state).toBe("open");
    expect(ping).toHaveBeenCalledTimes(1);
  });

  it("is not what happens where timers are merely late and the peer was heard", () => {
    const { clock, ping, socket, observed } = watchedBy(new TwoClocks());
    for (let minutes = 1; minutes <= 10; minutes++) {
      socket.inboundActivity += 1;
      clock.stall(60_000);
      expect(ping).toHaveBeenCalledTimes(minutes);
    }
    expect(observed.link.state).toBe("open");
    clock.stall(60_000);
    expect(observed.endings).toMatchObject([{ code: 4408 }]);
  });

  it("is not a wall clock that is set back", () => {
    const { clock, socket, observed } = watchedBy(new TwoClocks());
    for (let days = 0; days < 10; days++) {
      clock.sleep(-86_400_000);
      clock.advance(20_000);
      socket.inboundActivity += 1;
    }
    expect(observed.link.state).toBe("open");
    clock.sleep(-86_400_000);
    clock.advance(25_000);
    expect(observed.endings).toMatchObject([{ code: 4408 }]);
  });
});

type Step =
  | { readonly what: "silence"; readonly ms: number }
  | { readonly what: "stall"; readonly ms: number }
  | { readonly what: "byte" };

/** What may be expected of a link, told from outside: by when something was read, and when the loop stood still. */
function story(heartbeatMs: number, steps: readonly Step[]) {
  const time = new SimulatedTime();
  const end = new SimulatedEnd(time, 0, { heartbeatMs });
  const stalls: { from: number; to: number }[] = [];
  for (const step of steps) {
    if (end.endedAt !== undefined) break;
    if (step.what === "byte") end.socket.arrive();
    else if (step.what === "stall") {
      stalls.push({ from: time.now, to: time.now + step.ms });
      end.loop.stall(step.ms);
    }
    time.runUntil(time.now + (step.what === "byte" ? 0 : step.ms));
  }
  const lastHeardAt = end.socket.heardAt.at(-1) ?? 0;
  // Nothing more is said; twice over what even a stalled loop needs.
  time.runUntil(time.now + 20 * heartbeatMs);
  return { ...end.socket, endedAt: end.endedAt ?? Number.POSITIVE_INFINITY, lastHeardAt, stalls };
}

function steps(heartbeatMs: number, maxStall: number): fc.Arbitrary<Step[]> {
  const ms = (most: number) => fc.integer({ min: 1, max: Math.round(most) });
  return fc.array(
    fc.oneof(
      fc.record({ what: fc.constant("silence" as const), ms: ms(2.6 * heartbeatMs) }),
      fc.record({ what: fc.constant("silence" as const), ms: ms(heartbeatMs / 4) }),
      fc.record({ what: fc.constant("byte" as const) }),
      ...(maxStall === 0 ? [] : [fc.record({ what: fc.constant("stall" as const), ms: ms(maxStall) })]),
    ),
    { maxLength: 30 },
  );
}

const heartbeats = fc.constantFrom(200, 1_000, 1_600, 3_000, 10_000);

describe("whatever happens", () => {
  it("a silence is found between 19/8 and 20/8 heartbeats, and is asked about once a heartbeat", () => {
    fc.assert(
      fc.property(
        heartbeats.chain((heartbeatMs) => fc.tuple(fc.constant(heartbeatMs), steps(heartbeatMs, 0))),
        ([heartbeatMs, taken]) => {
          const { endedAt, lastHeardAt, heardAt, pingedAt } = story(heartbeatMs, taken);
          expect(endedAt).toBeLessThanOrEqual(lastHeardAt + 2.5 * heartbeatMs + 2);
          expect(endedAt).toBeGreaterThanOrEqual(lastHeardAt + 2.375 * heartbeatMs - 1);
          for (const [index, heard] of [0, ...heardAt].entries()) {
            const until = heardAt[index] ?? endedAt;
            const asked = pingedAt.filter((at) => at > heard && at <= until);
            expect(asked.length).toBeGreaterThanOrEqual(Math.floor((until - heard - 1) / heartbeatMs));
            // One more where a look was on its way when the byte came.
            expect(asked.length).toBeLessThanOrEqual(4);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("stalls of our own make it neither too early nor late without bound", () => {
    fc.assert(
      fc.property(
        heartbeats.chain((heartbeatMs) => fc.tuple(fc.constant(heartbeatMs), steps(heartbeatMs, 2.4 * heartbeatMs))),
        ([heartbeatMs, taken]) => {
          const { endedAt, lastHeardAt, pingedAt, stalls } = story(heartbeatMs, taken);
          const late = Math.max(heartbeatMs / 8, Math.min(100, heartbeatMs / 2));
          const since = stalls.filter(({ to }) => to > lastHeardAt);
          const stalledMs = since.reduce((sum, { from, to }) => sum + to - Math.max(from, lastHeardAt), 0);
          const madeUpMs = since.length > 0 ? 2.5 * heartbeatMs : 0;
          expect(endedAt).toBeLessThanOrEqual(lastHeardAt + 2.5 * heartbeatMs + stalledMs + madeUpMs + 100);
          expect(endedAt).toBeGreaterThanOrEqual(lastHeardAt + 2.375 * heartbeatMs - late - 1);
          const longOnes = since.filter(({ from, to }) => to - from > late + heartbeatMs / 8);
          for (const { to } of longOnes) expect(pingedAt).toContain(to);
          const [first] = longOnes;
          // It may have been made up for a shorter one before.
          if (first !== undefined && since[0] === first) {
            expect(endedAt).toBeGreaterThanOrEqual(first.to + heartbeatMs - 1);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("two that live do not take each other for dead, though both stall for 2 s at the worst of times", () => {
    const stall = fc.record({
      who: fc.constantFrom("here", "there", "both"),
      afterMs: fc.integer({ min: 1, max: 1_200 }),
      ms: fc.integer({ min: 1, max: 2_000 }),
      says: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(1_000, 1_300, 1_600, 2_000, 10_000),
        fc.integer({ min: 0, max: 50 }),
        fc.array(stall, { maxLength: 40 }),
        (heartbeatMs, latencyMs, stalls) => {
          const pair = new SimulatedPair({ heartbeatMs }, latencyMs);
          const stalledUntil = new Map(pair.ends.map((end) => [end, 0]));
          for (const { who, afterMs, ms, says } of stalls) {
            pair.time.runUntil(pair.time.now + afterMs);
            for (const end of who === "both" ? pair.ends : [pair[who as "here" | "there"]]) {
              if (says) end.socket.send();
              // A stall that begins in a stall would be a longer one.
              if ((stalledUntil.get(end) ?? 0) >= pair.time.now) continue;
              end.loop.stall(ms);
              stalledUntil.set(end, pair.time.now + ms);
            }
          }
          pair.time.runUntil(pair.time.now + 5 * heartbeatMs);
          expect(pair.ends.map(({ endedAt }) => endedAt)).toEqual([undefined, undefined]);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe("over a real socket", () => {
  let peer: Peer;
  beforeEach(async () => {
    peer = await Peer.listen();
  });
  afterEach(() => peer.close());

  it("cuts a peer that has fallen silent", async () => {
    const client = clientLink(peer.url, { heartbeatMs: 40 });
    client.link.open();
    tcpOf(await peer.next()).pause();
    await client.link.closed;
    expect(client.endings).toMatchObject([{ code: 4408, clean: false, opened: true }]);
  });

  it("keeps an idle peer that answers pings", async () => {
    const client = clientLink(peer.url, { heartbeatMs: 100 });
    client.link.open();
    const websocket = await peer.next();
    let pings = 0;
    websocket.on("ping", () => {
      pings += 1;
    });
    // For longer than it takes to call a peer dead.
    await vi.waitFor(() => expect(pings).toBeGreaterThan(12), { timeout: 5_000 });
    expect(client.link.state).toBe("open");
    await client.link.close();
  });
});
