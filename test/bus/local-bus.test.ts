import fc from "fast-check";
import {
  type AgentBus,
  BusDataMessage,
  BusLocalMessage,
  type BusMessage,
  type BusSubscriber,
  BusSystemMessage,
  type HandlerFailure,
  LocalBus,
} from "trunkline";
import { afterEach, describe, expect, it, vi } from "vitest";
import { turns, until } from "../support/settled.ts";

class Note extends BusDataMessage {
  readonly text: string;
  constructor(init: { source: string; target?: string; text: string }) {
    super(init);
    this.text = init.text;
  }
}

const note = (text: string, target?: string) =>
  new Note(target === undefined ? { source: "test", text } : { source: "test", target, text });

function subscriber(name: string, onBusMessage: (message: BusMessage) => void | Promise<void>): BusSubscriber {
  return { name, onBusMessage };
}

async function listen(bus: AgentBus, name: string, options = {}) {
  const seen: BusMessage[] = [];
  await bus.subscribe(
    subscriber(name, (message) => void seen.push(message)),
    options,
  );
  return seen;
}

function spin(microseconds: number): void {
  const end = performance.now() + microseconds / 1_000;
  while (performance.now() < end);
}

afterEach(() => vi.restoreAllMocks());

describe("LocalBus", () => {
  it("gives broadcasts to all, targeted messages to their target, and everything to observers", async () => {
    const bus = new LocalBus();
    const [a, b, observer] = [
      await listen(bus, "a"),
      await listen(bus, "b"),
      await listen(bus, "o", { observe: true }),
    ];
    await bus.send(note("all"));
    await bus.send(note("only a", "a"));
    await bus.send(note("nobody", "c"));
    await turns();
    const texts = (messages: BusMessage[]) => messages.map((message) => (message as Note).text);
    expect(texts(a)).toEqual(["all", "only a"]);
    expect(texts(b)).toEqual(["all"]);
    expect(texts(observer)).toEqual(["all", "only a", "nobody"]);
  });

  it("lets subscribers share an address and pass messages over", async () => {
    const bus = new LocalBus();
    const a = await listen(bus, "a");
    const beside = await listen(bus, "a/beside", {
      address: "a",
      accept: (m: BusMessage) => (m as Note).text !== "no",
    });
    await bus.send(note("yes", "a"));
    await bus.send(note("no", "a"));
    await turns();
    expect([a.length, beside.length]).toEqual([2, 1]);
  });

  it("K45: refuses a second subscriber of one name, and takes the name again once it is free", async () => {
    const bus = new LocalBus();
    const first = subscriber("a", () => {});
    await bus.subscribe(first);
    await expect(bus.subscribe(subscriber("a", () => {}))).rejects.toMatchObject({ code: "TL_SUBSCRIBER_EXISTS" });
    await bus.unsubscribe(subscriber("a", () => {}));
    await expect(bus.subscribe(first)).rejects.toMatchObject({ code: "TL_SUBSCRIBER_EXISTS" });
    await bus.unsubscribe(first);
    await expect(bus.subscribe(first)).resolves.toBeUndefined();
  });

  it("keeps the order of each lane whatever mixture is sent and however slow the handlers are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ system: fc.boolean(), slow: fc.boolean() }), { maxLength: 60 }),
        async (plan) => {
          const bus = new LocalBus();
          const seen: { system: boolean; index: number }[] = [];
          let running = { data: 0, system: 0 };
          class Numbered extends BusDataMessage {
            index = 0;
          }
          class Urgent extends BusSystemMessage {
            index = 0;
          }
          await bus.subscribe(
            subscriber("a", (message) => {
              const system = message instanceof Urgent;
              const lane = system ? "system" : "data";
              const { index } = message as Numbered;
              seen.push({ system, index });
              running[lane] += 1;
              expect(running[lane]).toBe(1);
              if (plan[index]?.slow !== true) {
                running[lane] -= 1;
                return;
              }
              return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
                running[lane] -= 1;
              });
            }),
          );
          for (const [index, { system }] of plan.entries()) {
            const message = system ? new Urgent({ source: "t" }) : new Numbered({ source: "t" });
            message.index = index;
            await bus.send(message);
          }
          await until(() => seen.length === plan.length);
          running = { data: 0, system: 0 };
          for (const system of [true, false]) {
            const indexes = seen.filter((entry) => entry.system === system).map(({ index }) => index);
            expect(indexes).toEqual([...indexes].sort((x, y) => x - y));
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it("handles a system message while a data handler still waits", async () => {
    const bus = new LocalBus();
    const order: string[] = [];
    let release = () => {};
    await bus.subscribe(
      subscriber("a", (message) => {
        order.push(message.constructor.name);
        if (message instanceof BusSystemMessage) release();
        else
          return new Promise((resolve) => {
            release = resolve;
          });
      }),
    );
    await bus.send(note("stuck until the system message comes"));
    await turns();
    await bus.send(new BusSystemMessage({ source: "test" }));
    await until(() => order.length === 2);
    expect(order).toEqual(["Note", "BusSystemMessage"]);
  });

  it("handles a system message that a timer sends into a long burst after a few of the burst, not after all", async () => {
    const bus = new LocalBus();
    const order: string[] = [];
    let handledBefore = 0;
    let sentAt = -1;
    await bus.subscribe(
      subscriber("a", (message) => {
        if (message instanceof BusSystemMessage) handledBefore = order.length;
        else spin(10);
        order.push(message.constructor.name);
      }),
    );
    setTimeout(() => {
      sentAt = order.length;
      void bus.send(new BusSystemMessage({ source: "timer" }));
    }, 2);
    for (let index = 0; index < 1_000; index++) void bus.send(note("burst"));
    await until(() => order.length === 1_001);
    expect(sentAt).toBeGreaterThanOrEqual(0);
    expect(sentAt).toBeLessThan(1_000);
    expect(handledBefore - sentAt).toBeLessThan(10);
  });

  it("lets timers fire between two agents that answer each other for ever", async () => {
    const bus = new LocalBus();
    let rallies = 0;
    let stop = false;
    for (const [name, other] of [
      ["ping", "pong"],
      ["pong", "ping"],
    ] as const) {
      await bus.subscribe(
        subscriber(name, () => {
          rallies += 1;
          if (!stop) void bus.send(note("ball", other));
        }),
      );
    }
    const timer = new Promise((resolve) => setTimeout(resolve, 5));
    await bus.send(note("serve", "ping"));
    await timer;
    stop = true;
    expect(rallies).toBeGreaterThan(10);
  });

  it("K34: reports a handler that throws or rejects, with the subscriber's name, and goes on", async () => {
    const bus = new LocalBus();
    const failures: HandlerFailure[] = [];
    bus.on("error", (failure) => void failures.push(failure));
    let handled = 0;
    await bus.subscribe(
      subscriber("a", (message) => {
        handled += 1;
        if ((message as Note).text === "throw") throw new Error("thrown");
        if ((message as Note).text === "reject") return Promise.reject(new Error("rejected"));
      }),
    );
    const other = await listen(bus, "b");
    for (const text of ["throw", "reject", "fine"]) await bus.send(note(text));
    await until(() => handled === 3 && failures.length === 2);
    expect(other).toHaveLength(3);
    expect(failures.map(({ subscriber: name, error }) => [name, (error.cause as Error).message])).toEqual([
      ["a", "thrown"],
      ["a", "rejected"],
    ]);
  });

  it("says an unheard failure on the console rather than nothing", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    const bus = new LocalBus();
    await bus.subscribe(
      subscriber("a", () => {
        throw new Error("unheard");
      }),
    );
    await bus.send(note("x"));
    await until(() => said.mock.calls.length === 1);
  });

  it("shows how far a subscriber is behind", async () => {
    const bus = new LocalBus();
    let release = () => {};
    await bus.subscribe(
      subscriber(
        "slow",
        () =>
          new Promise((resolve) => {
            release = resolve;
          }),
      ),
    );
    for (let index = 0; index < 5; index++) await bus.send(note("x"));
    await turns();
    expect(bus.subscriptions).toEqual([{ name: "slow", urgent: 0, ordinary: 4, refused: 0 }]);
    await bus.stop();
    release();
  });

  it("refuses what a full subscriber cannot take, tells the sender, and gives it to the others", async () => {
    const bus = new LocalBus();
    let release = () => {};
    await bus.subscribe(
      subscriber(
        "slow",
        () =>
          new Promise((resolve) => {
            release = resolve;
          }),
      ),
      { maxQueued: 2 },
    );
    const quick = await listen(bus, "quick");
    await bus.send(note("in hand"));
    await turns();
    await bus.send(note("1"));
    await bus.send(note("2"));
    await expect(bus.send(note("3"))).rejects.toMatchObject({ code: "TL_QUEUE_FULL" });
    await bus.send(new BusSystemMessage({ source: "test" }));
    await until(() => quick.length === 5);
    expect(bus.subscriptions.find(({ name }) => name === "slow")?.refused).toBe(1);
    await bus.stop();
    release();
  });

  it("makes a sender wait for a full subscriber that asked for it, losing nothing", async () => {
    const bus = new LocalBus();
    const handled: string[] = [];
    await bus.subscribe(
      subscriber("slow", async (message) => {
        await new Promise((resolve) => setImmediate(resolve));
        handled.push((message as Note).text);
      }),
      { maxQueued: 4, whenFull: "wait" },
    );
    let peak = 0;
    for (let index = 0; index < 50; index++) {
      await bus.send(note(String(index)));
      peak = Math.max(peak, bus.subscriptions[0]?.ordinary ?? 0);
    }
    await until(() => handled.length === 50);
    expect(peak).toBeLessThanOrEqual(5);
    expect(handled).toEqual(Array.from({ length: 50 }, (_, index) => String(index)));
  });

  it("delivers local messages here, and nothing to anybody after stop", async () => {
    const bus = new LocalBus();
    const seen = await listen(bus, "a");
    await bus.send(new BusLocalMessage({ source: "test" }));
    await turns();
    expect(seen).toHaveLength(1);
    await bus.start();
    void bus.send(note("dropped by the stop"));
    await bus.stop();
    await bus.stop();
    await expect(bus.send(note("late"))).rejects.toMatchObject({ code: "TL_BUS_STOPPED" });
    await turns();
    expect(seen).toHaveLength(1);
  });
});
