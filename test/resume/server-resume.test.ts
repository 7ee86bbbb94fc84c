import { BusTaskCancelMessage, BusTaskRequestMessage, BusTaskUpdateMessage } from "trunkline";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { bytesOf, messageOf, textMessage } from "./hand-client.ts";
import { interrupt, Stage } from "./server-stage.ts";

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_value, index) => `${prefix}${index}`);

describe("a session that is resumed", () => {
  it("gets what the server said in between, and gives what the client said in between, each once and in order", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    client.say("c0");
    await staged.say("s0");
    await client.hears(({ texts, acknowledged }) => texts.length === 1 && acknowledged.at(-1) === 1);
    await interrupt({ client, staged });
    await staged.say("s1", "s2");
    client.say("c1", "c2");
    expect(await client.resume()).toEqual({
      t: "resumed",
      received: 1,
      token: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
    });
    client.say("c3");
    await staged.say("s3");
    await until(() => staged.texts.length === 4 && client.texts.length === 4, "everything");
    expect(staged.texts).toEqual(numbered("c", 4));
    expect(client.texts).toEqual(numbered("s", 4));
    expect(staged.events.map(({ name }) => name)).toEqual(["clientConnected", "interrupted", "resumed"]);
    expect(staged.told("interrupted")).toMatchObject([{ code: 1006 }]);
    // What was said in between had not been sent before.
    expect(staged.told("resumed")).toMatchObject([{ replayed: 0, skipped: 0 }]);
    expect(stage.sessions).toHaveLength(1);
  });

  it("tells how many of the server's frames are sent again", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    client.acknowledges = false;
    for (let round = 0; round < 3; round++) {
      await staged.say("one", "two", "three");
      await client.hears(({ texts }) => texts.length === 3 * (round + 1));
      await interrupt({ client, staged });
      await staged.say("meanwhile");
      // The client has lost all but the first of the three.
      client.frames.splice(-2);
      await client.resume({ received: client.received - 2 });
      await client.hears(({ frames }) => frames.length === 3 * round + 5);
      client.received -= 2;
      client.frames.splice(-1);
      client.acknowledge();
    }
    expect(staged.told("resumed")).toMatchObject(Array.from({ length: 3 }, () => ({ replayed: 2, skipped: 0 })));
  });

  it("is cut by every end without a bye, whatever the close code below 4500 says", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    const codes = [1000, 1001, 1011, 1012, 1013, 4000, 4001, 4408, 4499];
    for (const [index, code] of codes.entries()) {
      client.socket.close(code, "for now");
      await staged.tells("interrupted", index + 1);
      expect(staged.told("interrupted").at(-1)).toMatchObject({ code, reason: "for now" });
      await client.resume();
      client.say(`after ${code}`);
      await until(() => staged.texts.length === index + 1, "the text");
    }
    expect(staged.texts).toEqual(codes.map((code) => `after ${code}`));
    expect(staged.told("clientConnected")).toHaveLength(1);
    expect(staged.told("sessionLost")).toEqual([]);
  });

  it("survives two hundred cuts with traffic both ways", async () => {
    await using stage = await Stage.open({}, { echo: true });
    const { client, staged } = await stage.joined();
    for (let cut = 0; cut < 200; cut++) {
      client.say(`c${3 * cut}`, `c${3 * cut + 1}`);
      if (cut % 3 === 0) await client.hears(({ texts }) => texts.length > cut);
      await client.cut();
      client.say(`c${3 * cut + 2}`);
      await client.resume();
    }
    await client.hears(({ texts }) => texts.length === 600, "all echoes");
    expect(staged.texts).toEqual(numbered("c", 600));
    expect(client.texts).toEqual(numbered("echo c", 600));
    expect(staged.told("sessionLost")).toEqual([]);
  });

  it("trap 2, trap 3: taken over with frames on their way, and more said on the old connection: each once, in order", async () => {
    await using stage = await Stage.open({}, { echo: true });
    const { client, staged } = await stage.joined();
    for (let round = 0; round < 40; round++) {
      const old = client.socket;
      const burst = Array.from({ length: 20 }, (_value, index) => textMessage(`c${20 * round + index}`));
      client.say(...burst.slice(0, 8));
      // So that it does not notice that it is replaced, and speaks on.
      old.websocket.pause();
      await client.connect();
      client.say(...burst.slice(8, 16));
      for (const message of burst.slice(8, 16)) old.send(bytesOf(message));
      await client.socket.control("resumed");
      for (const message of burst.slice(8, 16)) old.send(bytesOf(message));
      client.say(...burst.slice(16));
      old.websocket.resume();
      expect(await old.ended()).toMatchObject({ code: 4409 });
    }
    client.say("last");
    await client.hears(({ texts }) => texts.includes("echo last"), "all echoes");
    expect(staged.texts).toEqual([...numbered("c", 800), "last"]);
    expect(client.texts).toEqual([...numbered("echo c", 800), "echo last"]);
    expect(staged.told("clientConnected")).toHaveLength(1);
    expect(stage.sessions).toHaveLength(1);
  });

  it.each([
    ["an impossible acknowledgement", { t: "ack", received: 99 }],
    ["nonsense", "nonsense"],
    ["goodbye", { t: "bye" }],
    ["skips", { t: "skip", count: 7 }],
    ["another hello", { t: "hello", v: 1, sid: null, received: 0 }],
  ])("trap 3: what a replaced connection says is ignored: %s", async (_what, said) => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    const old = client.socket;
    old.websocket.pause();
    await client.resume();
    old.say(said);
    old.send(bytesOf(textMessage("late")));
    old.close(1000);
    old.websocket.resume();
    await old.ended();
    client.say("still here");
    await until(() => staged.texts.length === 1, "the session being served");
    await client.hears(({ acknowledged }) => acknowledged.length > 0);
    expect(client.acknowledged).toEqual([1]);
    expect(staged.texts).toEqual(["still here"]);
    expect(staged.told("interrupted").length).toBeLessThanOrEqual(1);
    expect(staged.told("resumed")).toHaveLength(1);
    expect(staged.told("clientDisconnected")).toEqual([]);
    expect(client.socket.ending).toBeUndefined();
  });

  it("trap 6: new frames queue behind a running replay, also when the client is slow to read it", async () => {
    const highWaterBytes = 65_536;
    await using stage = await Stage.open({ link: { highWaterBytes } });
    const { client, staged } = await stage.joined();
    await interrupt({ client, staged });
    const long = "x".repeat(20_000);
    const old = numbered(`${long}-old-`, 150);
    await staged.say(...old);
    const socket = await client.connect();
    await socket.control("resumed");
    socket.websocket.pause();
    const fresh = numbered(`${long}-new-`, 30);
    staged.offer(...fresh);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(client.texts.length).toBeLessThan(180);
    socket.websocket.resume();
    await client.hears(({ texts }) => texts.length === 180, "the replay and what is new");
    expect(client.texts).toEqual([...old, ...fresh]);
    expect(staged.told("resumed")).toHaveLength(1);
  });

  it("trap 6: cut again in the middle of a replay, again and again, it goes on where it was", async () => {
    await using stage = await Stage.open({ link: { highWaterBytes: 65_536 } });
    const { client, staged } = await stage.joined();
    await interrupt({ client, staged });
    const texts = numbered("x".repeat(5_000), 300);
    await staged.say(...texts);
    // Each frame is two steps, as it is acknowledged.
    for (let cut = 0; cut < 20; cut++) {
      const socket = await client.connect({}, { steps: 2 + 2 * cut, eager: cut % 2 === 0 });
      await socket.ended();
    }
    await client.resume();
    await staged.say("last");
    await client.hears((it) => it.texts.at(-1) === "last", "the end");
    expect(client.texts).toEqual([...texts, "last"]);
  });

  it("trap 11: a replay is what was said, byte for byte and in that order, cancels among the data too", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    client.acknowledges = false;
    const { bus } = staged.session.runner;
    const route = { source: "assistant", target: "acme" };
    for (let count = 0; count < 10; count++) {
      const taskId = `task-${count}`;
      await bus.send(new BusTaskRequestMessage({ ...route, taskId, taskName: "read", payload: { count } }));
      await bus.send(textMessage(`between ${count}`, "assistant"));
      await bus.send(new BusTaskCancelMessage({ ...route, taskId, reason: "no longer" }));
      await bus.send(new BusTaskUpdateMessage({ ...route, taskId, update: count }));
      await client.hears(({ received }) => received === 1 + 4 * (count + 1));
    }
    const first = client.frames.map((frame) => new TextDecoder().decode(frame));
    await interrupt({ client, staged });
    client.frames.length = 0;
    client.received = 1;
    await client.resume();
    await client.hears(({ received }) => received === 41, "the replay");
    const again = client.frames.map((frame) => new TextDecoder().decode(frame));
    expect(again).toEqual(first.slice(1));
    expect(again.filter((text) => text.includes("Cancel"))).toHaveLength(10);
  });

  it("trap 11: a cancel that was said after its request reaches the worker after it, in a replay too", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    await interrupt({ client, staged });
    const route = { source: "acme", target: "assistant" };
    for (const taskId of ["a", "b", "c"]) {
      client.say(new BusTaskRequestMessage({ ...route, taskId, taskName: "hold" }));
      client.say(new BusTaskCancelMessage({ ...route, taskId, reason: "changed my mind" }));
    }
    client.say(new BusTaskRequestMessage({ ...route, taskId: "d", taskName: "count" }));
    await client.resume();
    await client.hears(({ frames }) => frames.some((frame) => JSON.stringify(messageOf(frame)).includes("counted")));
    expect(staged.assistant.activeTasks.size).toBe(0);
    for (const { signal } of staged.assistant.held) expect(signal.aborted).toBe(true);
  });
});
