/** What a message costs on the local bus: `npm run bench`. */
import { EventEmitter } from "node:events";
import { type AgentBus, BusDataMessage, type BusMessage, BusSystemMessage, LocalBus } from "trunkline";
import { compare, quantile } from "./compare.ts";

const count = 100_000;
const toTarget = new BusDataMessage({ source: "bench", target: "worker" });

/** Sends to one of `subscribers`, whose handler returns nothing. */
function bus(subscribers: number, wait: boolean) {
  return {
    name: `LocalBus, ${subscribers} subscribers${wait ? ", awaited" : ""}`,
    prepare: async () => {
      const local = new LocalBus();
      const all = counted();
      await local.subscribe({ name: "worker", onBusMessage: all.handle });
      for (let n = 1; n < subscribers; n++) await local.subscribe({ name: `other-${n}`, onBusMessage: () => {} });
      return async () => {
        for (let n = 0; n < count; n++) {
          if (wait) await local.send(toTarget);
          else void local.send(toTarget);
          // As many as a subscriber takes before it refuses.
          if (n % 10_000 === 9_999) await local.idle();
        }
        await all.handled;
        return count;
      };
    },
  };
}

function counted() {
  let left = count;
  let done = () => {};
  const handled = new Promise<void>((resolve) => {
    done = resolve;
  });
  const handle = () => {
    left -= 1;
    if (left === 0) done();
  };
  return { handle, handled };
}

/** What a program without a bus uses: a synchronous emitter, without order across awaits, lanes, limits or isolation. */
const emitter = {
  name: "EventEmitter (synchronous, one lane)",
  prepare: async () => {
    const events = new EventEmitter();
    const all = counted();
    events.on("worker", all.handle);
    return async () => {
      for (let n = 0; n < count; n++) events.emit("worker", toTarget);
      await all.handled;
      return count;
    };
  },
};

/** What the Python original does, in TypeScript: every subscriber hears of every message, and awaits each. */
function scanning(subscribers: number) {
  return {
    name: `a queue per subscriber, all scanned, ${subscribers}`,
    prepare: async () => {
      const all = counted();
      const queues = Array.from({ length: subscribers }, (_, n) => ({
        name: n === 0 ? "worker" : `other-${n}`,
        items: [] as BusMessage[],
        busy: false,
      }));
      const drain = async (queue: (typeof queues)[number]) => {
        queue.busy = true;
        for (let message = queue.items.shift(); message !== undefined; message = queue.items.shift()) {
          await (message.target === queue.name ? all.handle() : undefined);
        }
        queue.busy = false;
      };
      return async () => {
        for (let n = 0; n < count; n++) {
          for (const queue of queues) {
            queue.items.push(toTarget);
            if (!queue.busy) void drain(queue);
          }
          if (n % 1_000 === 999) await new Promise((resolve) => setImmediate(resolve));
        }
        await all.handled;
        return count;
      };
    },
  };
}

await compare("One message to one of few", [emitter, bus(3, false), bus(3, true), scanning(3)]);
await compare("The same, with more and more subscribers", [bus(3, false), bus(100, false), bus(1_000, false)]);
await compare("And if everybody is asked", [bus(100, false), scanning(100)], { rounds: 5 });
await overtaking();

/** A system message that a timer sends two milliseconds into a burst of a thousand messages of ten microseconds. */
async function overtaking(): Promise<void> {
  const behind: number[] = [];
  for (let round = 0; round < 40; round++) behind.push(await messagesHandledBefore());
  const [median, worst] = [quantile(behind, 0.5), Math.max(...behind)];
  console.log(
    `\nA system message into a burst: handled after ${median} of the messages that waited (worst of 40: ${worst})`,
  );
}

async function messagesHandledBefore(): Promise<number> {
  const local: AgentBus = new LocalBus();
  let handled = 0;
  let sentAt = 0;
  let overtook = 0;
  await local.subscribe({
    name: "worker",
    onBusMessage: (message) => {
      if (message instanceof BusSystemMessage) overtook = handled - sentAt;
      else {
        const end = performance.now() + 0.01;
        while (performance.now() < end);
        handled += 1;
      }
    },
  });
  setTimeout(() => {
    sentAt = handled;
    void local.send(new BusSystemMessage({ source: "timer" }));
  }, 2);
  for (let n = 0; n < 1_000; n++) void local.send(toTarget);
  while (handled < 1_000) await new Promise((resolve) => setImmediate(resolve));
  return overtook;
}
