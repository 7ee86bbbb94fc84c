import { BusTaskUpdateMessage, TextFrame } from "trunkline";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { bytesOf, messageOf, textIn, textMessage } from "./hand-client.ts";
import { interrupt, Stage } from "./server-stage.ts";

describe("messages that are not worth replaying", () => {
  it("leave skips in their place, in runs, and the counts stay right", async () => {
    await using stage = await Stage.open({}, { proxy: { notReplayed: [TextFrame] } });
    const { client, staged } = await stage.joined();
    await interrupt({ client, staged });
    const { bus } = staged.session.runner;
    const update = (taskId: string) =>
      bus.send(new BusTaskUpdateMessage({ source: "assistant", target: "acme", taskId }));
    await staged.say("live 1", "live 2");
    await update("kept 1");
    await update("kept 2");
    await staged.say("live 3");
    await update("kept 3");
    await staged.say("live 4", "live 5", "live 6");
    const socket = await client.connect();
    await client.hears(({ received }) => received === 10, "all ten being counted");
    const kinds = socket.heard.slice(1).map((what) => (what instanceof Uint8Array ? "frame" : what));
    expect(kinds.filter((kind) => kind === "frame" || kind.t === "skip")).toEqual([
      { t: "skip", count: 2 },
      "frame",
      "frame",
      { t: "skip", count: 1 },
      "frame",
      { t: "skip", count: 3 },
    ]);
    expect(staged.told("resumed")).toMatchObject([{ replayed: 0, skipped: 6 }]);
    await staged.say("live again");
    await client.hears(({ texts }) => texts.includes("live again"), "what is live now");
    expect(client.received).toBe(11);
    await interrupt({ client, staged });
    await client.resume();
    await staged.say("once more");
    await client.hears(({ texts }) => texts.includes("once more"));
    expect(client.texts).toEqual(["live again", "once more"]);
  });

  it("are replayed when they are not of these types", async () => {
    await using stage = await Stage.open({}, { proxy: { notReplayed: [BusTaskUpdateMessage] } });
    const { client, staged } = await stage.joined();
    await interrupt({ client, staged });
    await staged.say("kept");
    await client.resume();
    await client.hears(({ texts }) => texts.length === 1);
    expect(client.skipped).toBe(0);
  });

  it("are counted when the client skips them", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    await interrupt({ client, staged });
    const socket = await client.connect();
    await socket.control("resumed");
    socket.say({ t: "skip", count: 5 });
    socket.send(bytesOf(textMessage("sixth")));
    await until(() => staged.texts.length === 1, "the text");
    await client.hears(({ acknowledged }) => acknowledged.at(-1) === 6, "all six being acknowledged");
    await interrupt({ client, staged });
    const next = await client.connect();
    expect(await next.control("resumed")).toMatchObject({ received: 6 });
  });

  it.each([1, 2, 3, 4, 5, 6])(
    "are never said twice nor out of order among those that are, wherever it is cut (seed %i)",
    async (seed) => {
      await using stage = await Stage.open({}, { proxy: { notReplayed: [TextFrame] } });
      const { client, staged } = await stage.joined();
      const random = seeded(seed);
      const { bus } = staged.session.runner;
      const kept: number[] = [];
      for (let said = 0; said < 200; said++) {
        client.acknowledges = random() < 0.5;
        if (random() < 0.5) staged.offer(`${said}`);
        else {
          kept.push(said);
          void bus.send(new BusTaskUpdateMessage({ source: "assistant", target: "acme", taskId: "t", update: said }));
        }
        if (random() < 0.15) {
          const steps = 2 + Math.floor(random() * 12);
          const socket = await client.connect({}, { steps, eager: random() < 0.5 });
          if (random() < 0.5) await socket.ended(30).catch(() => {});
        }
      }
      client.acknowledges = true;
      await client.resume();
      await client.hears(({ received }) => received === 201, "everything being counted");
      const heard = client.frames.flatMap((frame) => numberIn(frame) ?? []);
      expect(heard).toEqual([...heard].sort((a, b) => a - b));
      expect(new Set(heard).size).toBe(heard.length);
      expect(client.frames.flatMap((frame) => updateIn(frame) ?? [])).toEqual(kept);
      expect(client.frames.length + client.skipped).toBe(201);
      expect(client.skipped).toBeGreaterThan(0);
      expect(staged.told("sessionLost")).toEqual([]);
    },
  );
});

const updateIn = (frame: Uint8Array): number | undefined => {
  const message = messageOf(frame);
  return message instanceof BusTaskUpdateMessage ? (message.update as number) : undefined;
};

function numberIn(frame: Uint8Array): number | undefined {
  const text = textIn(messageOf(frame));
  return text === undefined ? updateIn(frame) : Number(text);
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
