import {
  AgentRunner,
  BaseAgent,
  BusDataMessage,
  type BusMessage,
  type BusSubscriber,
  BusSystemMessage,
  BusTaskUpdateMessage,
  LocalBus,
  WebSocketProxyClientAgent,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";

class Note extends BusDataMessage {}
class Order extends BusSystemMessage {}

/** Takes one message of each lane, and never has done with it. */
class Stuck implements BusSubscriber {
  readonly name = "stuck";
  taken = 0;
  go = () => {};
  readonly #going = new Promise<void>((resolve) => {
    this.go = resolve;
  });
  async onBusMessage(_message: BusMessage): Promise<void> {
    this.taken += 1;
    await this.#going;
  }
}

const note = () => new Note({ source: "here", target: "stuck" });
const order = () => new Order({ source: "here", target: "stuck" });
const codeOf = (sent: Promise<void>) =>
  sent.then(
    () => "sent",
    (error) => error.code as string,
  );

async function stuckOn(options = {}): Promise<{ bus: LocalBus; stuck: Stuck }> {
  const bus = new LocalBus();
  const stuck = new Stuck();
  await bus.subscribe(stuck, options);
  await bus.send(note());
  await until(() => stuck.taken === 1, "one being in hand");
  return { bus, stuck };
}

describe("queues on a bus", () => {
  it("data lane of a subscriber: the 65,537th that waits is refused, and its sender told", async () => {
    const { bus } = await stuckOn();
    for (let n = 0; n < 65_536; n++) await bus.send(note());
    expect(await codeOf(bus.send(note()))).toBe("TL_QUEUE_FULL");
    expect(bus.subscriptions).toMatchObject([{ ordinary: 65_536, refused: 1 }]);
  });

  it("data lane of a subscriber: with whenFull wait, it is taken, and its sender waits until half are handled", async () => {
    const { bus, stuck } = await stuckOn({ maxQueued: 8, whenFull: "wait" });
    for (let n = 0; n < 8; n++) await bus.send(note());
    let sent = false;
    const sending = bus.send(note()).then(() => {
      sent = true;
    });
    await turns();
    expect([sent, bus.subscriptions[0]?.ordinary]).toEqual([false, 9]);
    stuck.go();
    await sending;
    expect(bus.subscriptions[0]?.ordinary).toBeLessThanOrEqual(4);
  });

  it("system lane of a subscriber: is not bounded by maxQueued, and holds no data up", async () => {
    const { bus, stuck } = await stuckOn({ maxQueued: 1 });
    for (let n = 0; n < 70_000; n++) await bus.send(order());
    expect(bus.subscriptions[0]?.urgent).toBeGreaterThanOrEqual(69_999);
    stuck.go();
    await bus.idle();
    expect(stuck.taken).toBe(70_001);
  });

  it("data for an agent that is not ready: waits in its lane, within the same limit", async () => {
    const runner = new AgentRunner({ handleSigint: false });
    const { bus } = runner;
    await runner.addAgent(new BaseAgent("stuck", { bus }));
    await bus.send(note());
    await until(() => bus.subscriptions.every(({ ordinary }) => ordinary === 0), "one being in hand");
    for (let n = 0; n < 65_536; n++) await bus.send(note());
    expect(await codeOf(bus.send(note()))).toBe("TL_QUEUE_FULL");
  });

  it("proxy's tap on the bus: with 1,024 that wait for the link, whoever sends to the peer waits", async () => {
    const runner = new AgentRunner({ handleSigint: false });
    const { bus } = runner;
    const acme = new BaseAgent("acme", { bus });
    const names = { localAgentName: "acme", remoteAgentName: "assistant" };
    const proxy = new WebSocketProxyClientAgent("proxy", { bus, url: "ws://127.0.0.1:1/", ...names });
    for (const agent of [acme, proxy]) await runner.addAgent(agent);
    const run = runner.run();
    await until(() => acme.ready && proxy.ready, "both being ready");
    const tapped = () => bus.subscriptions.find(({ name }) => name === "proxy/outbound")?.ordinary;
    let sent = 0;
    const send = () =>
      void bus.send(new BusTaskUpdateMessage({ source: "acme", target: "assistant", taskId: "t" })).then(() => {
        sent += 1;
      });
    // Nothing is dialed before the proxy is activated: the link takes one, the rest waits in the tap.
    send();
    await until(() => sent === 1 && tapped() === 0, "the link having one");
    for (let n = 0; n < 1_024; n++) send();
    await turns();
    expect([sent, tapped()]).toEqual([1_025, 1_024]);
    send();
    await turns();
    expect([sent, tapped()]).toEqual([1_025, 1_025]);
    await runner.cancel();
    await run;
  });
});
