import {
  BusDataMessage,
  BusFrameMessage,
  type BusMessageInit,
  BusTaskUpdateMessage,
  DataFrame,
  TaskError,
  TextFrame,
} from "trunkline";
import { expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { ourName, Pair, theirName } from "./pair.ts";
import { scenarios, sharedScenarios } from "./scenarios.ts";

class PriceTick extends BusDataMessage {
  readonly price: number;

  constructor(init: BusMessageInit & { readonly price: number }) {
    super(init);
    this.price = init.price;
  }
}

class UnknownFrame extends DataFrame {}

sharedScenarios("what neither side knows", (pair) => {
  const text = (words: string) =>
    new BusFrameMessage({ source: ourName, frame: new TextFrame({ text: words }), direction: "downstream" });

  /** The link still works, both ways. */
  async function stillSpeaks(words: string): Promise<void> {
    const { peer, runner, agent } = pair();
    await peer.event("ready");
    await runner.bus.send(text(words));
    await peer.event("frame", ({ frame }) => (frame as { text?: string }).text === words);
    await peer.do("frame", { frame: { type: "TextFrame", fields: { text: words } } });
    await until(() => agent.seen.some(({ frame }) => (frame as TextFrame).text === words), "their text", 10_000);
    expect(pair().ends).toEqual([]);
  }

  it("a type of ours that is not registered is refused before it is sent", async () => {
    const { runner, rejected } = pair();
    const before = rejected.length;
    await runner.bus.send(new PriceTick({ source: ourName, target: theirName, price: 3 })).catch(() => {});
    await until(() => rejected.length > before, "the message being refused");
    expect(rejected.at(-1)).toMatchObject({ direction: "outbound", cause: "unsendable" });
    await runner.bus
      .send(new BusFrameMessage({ source: ourName, frame: new UnknownFrame(), direction: "downstream" }))
      .catch(() => {});
    await until(() => rejected.length > before + 1, "the frame being refused");
    await stillSpeaks("after ours was refused");
  });

  it("a frame of theirs that we do not know is dropped here, and said so", async () => {
    const { peer, rejected } = pair();
    await peer.event("ready");
    const before = rejected.length;
    await peer.do("frame", { frame: { type: "SystemFrame", fields: {} } });
    await until(() => rejected.length > before, "the frame being refused", 10_000);
    expect(rejected.at(-1)).toMatchObject({ direction: "inbound", cause: "invalid" });
    await stillSpeaks("after theirs was refused");
  });

  it("user data that they would take for a type is refused by default", async () => {
    const { runner, rejected } = pair();
    const before = rejected.length;
    const update = { __type__: "os.system", __data__: {} };
    await runner.bus
      .send(new BusTaskUpdateMessage({ source: ourName, target: theirName, taskId: "t", update }))
      .catch(() => {});
    await until(() => rejected.length > before, "the message being refused");
    expect(rejected.at(-1)?.message).toContain("__type__");
    await stillSpeaks("after a tag");
  });

  it("user data of theirs with tags in it is plain JSON here", async () => {
    const { peer } = pair();
    await peer.event("ready");
    const payload = { nested: { __type__: "os.system", __data__: { a: 1 } } };
    const outcome = await peer.do<{ error?: string; response?: unknown }>("ask", {
      agent_name: ourName,
      name: "show",
      payload,
    });
    expect(outcome.error).toBeUndefined();
    expect(outcome.response).toEqual({ seen: JSON.stringify(payload) });
    await stillSpeaks("after their tag");
  });
});

scenarios("size", (setting) => {
  it("a message over their limit is refused here, and its sender is told", async () => {
    await using pair = await Pair.joined(setting, { serializer: { maxBytes: 1_048_576 } });
    const { peer, runner, rejected, agent } = pair;
    await peer.event("ready");
    const long = "x".repeat(1_100_000);
    await runner.bus
      .send(new BusFrameMessage({ source: ourName, frame: new TextFrame({ text: long }), direction: "downstream" }))
      .catch(() => {});
    await until(() => rejected.length > 0, "the message being refused");
    expect(rejected[0]).toMatchObject({ direction: "outbound", cause: "size" });
    if (setting.role === "theirs serves") {
      const asked = agent.task(theirName, { name: "echo", payload: { long } });
      await expect(asked).rejects.toBeInstanceOf(TaskError);
    }
    expect(pair.ends).toEqual([]);
    await runner.bus.send(
      new BusFrameMessage({ source: ourName, frame: new TextFrame({ text: "short" }), direction: "downstream" }),
    );
    await peer.event("frame", ({ frame }) => (frame as { text?: string }).text === "short");
  });

  it("nearly a mebibyte crosses, both ways", async () => {
    await using pair = await Pair.joined(setting);
    const { peer, runner, agent } = pair;
    await peer.event("ready");
    const long = "y".repeat(1_000_000);
    await runner.bus.send(
      new BusFrameMessage({ source: ourName, frame: new TextFrame({ text: long }), direction: "downstream" }),
    );
    await peer.event("frame", ({ frame }) => (frame as { text?: string }).text === long);
    await peer.do("frame", { frame: { type: "TextFrame", fields: { text: long } } });
    await until(() => agent.seen.some(({ frame }) => (frame as TextFrame).text === long), "their long text", 10_000);
  });
});
