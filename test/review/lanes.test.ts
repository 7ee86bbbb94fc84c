import { BusDataMessage, type BusMessage, BusSystemMessage, LocalBus } from "trunkline";
import { describe, expect, it, vi } from "vitest";
import { Emitter, Inbox, Turn } from "../../src/util/index.ts";
import { turns, until } from "../support/settled.ts";

class Note extends BusDataMessage {}
class Alarm extends BusSystemMessage {}

function spin(microseconds: number): void {
  const end = performance.now() + microseconds / 1_000;
  while (performance.now() < end);
}

describe("lanes", () => {
  it("K34: stay alive whatever is thrown, also what cannot be printed", async () => {
    const bus = new LocalBus();
    const errors: string[] = [];
    bus.on("error", ({ error }) => void errors.push(error.message));
    let handled = 0;
    await bus.subscribe({
      name: "a",
      onBusMessage: (message) => {
        handled += 1;
        if (handled === 1) throw Object.create(null);
        if (handled === 2) return Promise.reject(Object.create(null));
        return message instanceof Note ? undefined : Promise.resolve();
      },
    });
    for (let i = 0; i < 3; i++) await bus.send(new Note({ source: "test", target: "a" }));
    await until(() => handled === 3);
    expect(errors).toHaveLength(2);
  });

  it("a filter that throws is reported, and neither its sender nor the other subscribers feel it", async () => {
    const bus = new LocalBus();
    const errors: string[] = [];
    bus.on("error", ({ subscriber }) => void errors.push(subscriber));
    const seen: BusMessage[] = [];
    const accept = () => {
      throw new Error("bad filter");
    };
    await bus.subscribe({ name: "a", onBusMessage: () => {} }, { accept });
    await bus.subscribe({ name: "b", onBusMessage: (message) => void seen.push(message) });
    await bus.send(new Note({ source: "test" }));
    await until(() => seen.length === 1);
    expect(errors).toEqual(["a"]);
  });

  it("one subscriber's backlog does not keep another's system message waiting", async () => {
    const bus = new LocalBus();
    let handled = 0;
    let handledBefore: number | undefined;
    await bus.subscribe({
      name: "busy",
      onBusMessage: () => {
        handled += 1;
        spin(20);
      },
    });
    await bus.subscribe({
      name: "other",
      onBusMessage: () => {
        handledBefore = handled;
      },
    });
    const backlog = 20_000;
    for (let i = 0; i < backlog; i++) void bus.send(new Note({ source: "test", target: "busy" }));
    await turns(2);
    void bus.send(new Alarm({ source: "test", target: "other" }));
    const sentAfter = handled;
    await until(() => handledBefore !== undefined);
    expect((handledBefore as number) - sentAfter).toBeLessThan(500);
    await bus.stop();
  });

  it("idle() waits for what was handed over so far, not for traffic that never ends", async () => {
    const bus = new LocalBus();
    let stopped = false;
    const handled: number[] = [];
    class Count extends BusDataMessage {
      readonly count: number;
      constructor(count: number) {
        super({ source: "test", target: "a" });
        this.count = count;
      }
    }
    const subscriber = {
      name: "a",
      onBusMessage: async (message: BusMessage) => {
        const { count } = message as Count;
        if (!stopped) void bus.send(new Count(count + 2));
        await new Promise((resolve) => setImmediate(resolve));
        handled.push(count);
      },
    };
    await bus.subscribe(subscriber);
    void bus.send(new Count(1));
    void bus.send(new Count(2));
    await bus.idle(subscriber);
    expect(handled.slice(0, 2)).toEqual([1, 2]);
    stopped = true;
    await bus.unsubscribe(subscriber);
  });

  it("idle() is told when what waited is dropped or the subscriber goes, also while a handler hangs", async () => {
    const inbox = new Inbox<number>({ turn: new Turn(), handle: () => new Promise<void>(() => {}), onError: () => {} });
    for (let i = 0; i < 3; i++) inbox.push(i, false);
    await until(() => inbox.size === 2);
    const flushed = inbox.flushed();
    inbox.close();
    await flushed;
  });

  it("room for the least that anybody asked for", async () => {
    let release = () => {};
    const inbox = new Inbox<number>({
      turn: new Turn(),
      handle: () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
      onError: () => {},
    });
    for (let i = 0; i < 5; i++) inbox.push(i, false);
    await until(() => inbox.size === 4);
    let room = false;
    void inbox.roomFor(3);
    void inbox.roomFor(1).then(() => {
      room = true;
    });
    for (let left = 3; left >= 1; left--) {
      release();
      await until(() => inbox.size === left);
      expect(room).toBe(left === 1);
    }
    inbox.close();
  });

  it("a handler that finds the bus stopped when it wakes is no fault", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const bus = new LocalBus();
    let wake = () => {};
    const asleep = new Promise<void>((resolve) => {
      wake = resolve;
    });
    let begun = false;
    await bus.subscribe({
      name: "a",
      onBusMessage: async () => {
        begun = true;
        await asleep;
        await bus.send(new Note({ source: "a" }));
      },
    });
    await bus.send(new Note({ source: "test" }));
    await until(() => begun);
    await bus.stop();
    wake();
    await turns();
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });
});

describe("events", () => {
  it("once means once, also when two emits overlap", async () => {
    const events = new Emitter<{ tick: number }>(() => {});
    const seen: number[] = [];
    events.on("tick", () => turns(1));
    events.once("tick", (tick) => void seen.push(tick));
    await Promise.all([events.emit("tick", 1), events.emit("tick", 2)]);
    expect(seen).toEqual([1]);
  });
});
