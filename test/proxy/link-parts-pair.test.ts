import fc from "fast-check";
import { expect, it } from "vitest";
import { Carrier } from "../../src/proxy/link/carrier.ts";
import { resolveLinkOptions } from "../../src/proxy/link/options.ts";
import { ManualClock } from "./link-harness.ts";
import { Half, terms } from "./link-model-half.ts";
import { ModelConnection } from "./link-model-network.ts";

type Side = 0 | 1;
const other = (side: Side): Side => (side === 0 ? 1 : 0);

type Step =
  | { readonly do: "send"; readonly side: Side; readonly size: number; readonly replayable: boolean }
  | { readonly do: "deliver"; readonly side: Side; readonly count: number }
  | { readonly do: "break" | "resume" | "wait" }
  | { readonly do: "notice"; readonly side: Side }
  | { readonly do: "holdBack"; readonly side: Side; readonly on: boolean };

const side = fc.constantFrom<Side>(0, 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      side,
      size: fc.integer({ min: 4, max: 20 }),
      replayable: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("deliver" as const), side, count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("break" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("notice" as const), side }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("resume" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("holdBack" as const), side, on: fc.boolean() }) },
);

class Stage {
  readonly clock = new ManualClock();
  readonly halves: readonly [Half, Half] = [new Half(this.clock), new Half(this.clock)];
  #connection = new ModelConnection();
  #broken = false;

  constructor() {
    this.#connect(0, 0);
  }

  run(step: Step): void {
    if (step.do === "send") this.halves[step.side].send(step.size, step.replayable);
    else if (step.do === "deliver") for (let n = 0; n < step.count; n += 1) this.deliver(step.side);
    else if (step.do === "wait") this.clock.advance(200);
    else if (step.do === "holdBack") this.halves[step.side].transmission.holdBack(step.on);
    else if (step.do === "resume") this.resume();
    else {
      this.#broken = true;
      this.#connection.break();
      if (step.do === "notice") this.halves[step.side].detach();
    }
    for (const half of this.halves) half.check();
  }

  deliver(from: Side): boolean {
    const receiver = this.halves[other(from)];
    // It does not hear any more what still comes over a connection that it takes for gone.
    if (!receiver.attached) return false;
    const data = this.#connection.deliver(from);
    if (data !== undefined) receiver.hear(data);
    return data !== undefined;
  }

  resume(): void {
    if (!this.#broken) return;
    for (const half of this.halves) half.detach();
    const [client, server] = this.halves;
    const received = client.transmission.received;
    expect(server.transmission.couldHaveArrived(received)).toBe(true);
    expect(client.transmission.couldHaveArrived(server.transmission.received)).toBe(true);
    this.#connect(server.transmission.received, received);
  }

  /** The server goes first, as in a handshake, and may write before the client hears of it. */
  #connect(byServer: number, byClient: number): void {
    this.#broken = false;
    this.#connection = new ModelConnection();
    const carriers = this.#connection.ends.map((socket, index) => {
      const half = this.halves[index as Side];
      socket.onSent = (data) => half.watch(data);
      if (index === 1) socket.ping = () => undefined;
      const options = resolveLinkOptions({ clock: this.clock, highWaterBytes: 40 });
      const events = {
        onFrame: (data: Uint8Array, kind: "binary" | "text") => half.transmission.receive(data, kind),
        onOversize: () => undefined,
        onRoom: () => half.transmission.write(),
        onEnd: () => undefined,
      };
      return new Carrier(socket, options, half.counters, events, terms);
    }) as [Carrier, Carrier];
    const [client, server] = this.halves;
    server.attach(carriers[1], byClient, (count) => expect(count).toBe(byServer));
    client.attach(carriers[0], byServer, (count) => expect(count).toBe(byClient));
    for (const carrier of carriers) carrier.open();
  }

  /** A connection that holds, and time. */
  settle(): void {
    this.resume();
    for (const { transmission } of this.halves) transmission.holdBack(false);
    for (let idle = false; !idle; ) {
      idle = true;
      for (const from of [0, 1] as const) while (this.deliver(from)) idle = false;
      // What is not due yet is said by then; once there is nothing more to say, nothing comes of it.
      this.clock.advance(200);
      for (const from of [0, 1] as const) while (this.deliver(from)) idle = false;
    }
  }
}

const numberOf = (bytes: Uint8Array): number => new DataView(bytes.buffer).getUint32(0);

it("two halves over a network that breaks at any point: everything once, in order, but for what was left out", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const stage = new Stage();
      for (const step of steps) stage.run(step);
      stage.settle();
      for (const from of [0, 1] as const) {
        const sender = stage.halves[from];
        const receiver = stage.halves[other(from)];
        sender.check();
        const arrived = receiver.got.map(numberOf);
        expect(arrived).toEqual([...new Set(arrived)].sort((one, next) => one - next));
        for (const bytes of receiver.got) expect(bytes).toBe(sender.sent[numberOf(bytes)]?.bytes);
        const missing = sender.sent.filter((_, number) => !arrived.includes(number));
        expect(missing.every(({ replayable, stale }) => stale && !replayable)).toBe(true);
        expect(receiver.counters.skippedByPeer).toBe(missing.length);
        expect(sender.counters.skipped).toBeGreaterThanOrEqual(missing.length);
        expect(receiver.transmission.received).toBe(sender.sent.length);
        expect(sender.transmission.unacknowledged()).toBe(0);
        expect(sender.counters.acknowledged).toBe(sender.sent.length);
        expect(sender.transmission.heldBytes).toBe(0);
        expect(sender.transmission.accepts(1)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
