import { BusEndMessage, BusTaskRequestMessage } from "trunkline";
import { MovableClock } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { bytesOf, type HandClient, textMessage } from "./hand-client.ts";
import { interrupt, Stage } from "./server-stage.ts";

const garbage = (length = 8): Uint8Array => new Uint8Array(length).fill(0xff);

/** Resolves when the server has read everything the client has said so far. */
async function read(client: HandClient): Promise<void> {
  client.socket.websocket.ping();
  await new Promise((resolve) => client.socket.websocket.once("pong", resolve));
}

describe("acknowledgements by the server", () => {
  it("come after 64 frames, before any time has passed", async () => {
    await using stage = await Stage.open({ link: { clock: new MovableClock() } });
    const { client } = await stage.joined();
    for (let count = 0; count < 63; count++) client.say(garbage());
    await read(client);
    expect(client.acknowledged).toEqual([]);
    client.say(garbage());
    await client.hears(({ acknowledged }) => acknowledged.length > 0, "the acknowledgement");
    expect(client.acknowledged).toEqual([64]);
  });

  it("come after 256 KiB, before any time has passed", async () => {
    await using stage = await Stage.open({ link: { clock: new MovableClock() } });
    const { client } = await stage.joined();
    client.say(garbage(131_072), garbage(131_071));
    await read(client);
    expect(client.acknowledged).toEqual([]);
    client.say(garbage(1));
    await client.hears(({ acknowledged }) => acknowledged.length > 0, "the acknowledgement");
    expect(client.acknowledged).toEqual([3]);
  });

  it("come after 200 ms, counted from the first frame that waits, and not without one", async () => {
    const clock = new MovableClock();
    await using stage = await Stage.open({ link: { clock } });
    const { client } = await stage.joined();
    clock.advance(1_000);
    client.say(garbage());
    await read(client);
    clock.advance(150);
    client.say(garbage());
    await read(client);
    clock.advance(49);
    await read(client);
    expect(client.acknowledged).toEqual([]);
    clock.advance(1);
    await client.hears(({ acknowledged }) => acknowledged.length > 0, "the acknowledgement");
    expect(client.acknowledged).toEqual([2]);
    clock.advance(1_000);
    await read(client);
    expect(client.acknowledged).toEqual([2]);
  });

  it("come soon enough by the system's clock", async () => {
    await using stage = await Stage.open();
    const { client } = await stage.joined();
    const begun = performance.now();
    client.say("hello");
    await client.hears(({ acknowledged }) => acknowledged.length > 0, "the acknowledgement");
    expect(performance.now() - begun).toBeGreaterThan(150);
    expect(performance.now() - begun).toBeLessThan(600);
  });

  it("trap 1: frames that cannot be read and frames the gate forbids count, and are not asked for again", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    const bad = [
      garbage(),
      new Uint8Array(0),
      new TextEncoder().encode("{}"),
      bytesOf(new BusEndMessage({ source: "acme", reason: "no" })),
      bytesOf(textMessage("not from here", "assistant")),
      bytesOf(new BusTaskRequestMessage({ source: "acme", target: "somebody", taskId: "t", taskName: "double" })),
    ];
    client.say(...bad, "good");
    await client.hears(({ acknowledged }) => acknowledged.at(-1) === 7, "all seven being acknowledged");
    expect(staged.texts).toEqual(["good"]);
    expect(staged.told("rejected")).toHaveLength(bad.length);
    client.say(...bad, "better");
    await until(() => staged.texts.length === 2, "the second good one");
    await interrupt({ client, staged });
    expect(await client.resume()).toMatchObject({ received: 14 });
    client.say("best");
    await until(() => staged.texts.length === 3, "the third good one");
    expect(staged.texts).toEqual(["good", "better", "best"]);
    expect(staged.told("rejected")).toHaveLength(2 * bad.length);
  });

  it("trap 1: text frames do not count", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    for (let count = 0; count < 5; count++) client.acknowledge();
    client.say("one");
    for (let count = 0; count < 5; count++) client.acknowledge();
    await until(() => staged.texts.length === 1, "the text");
    await interrupt({ client, staged });
    expect(await client.resume()).toMatchObject({ received: 1 });
    for (let count = 0; count < 5; count++) client.acknowledge();
    client.say("two");
    await client.hears(({ acknowledged }) => acknowledged.at(-1) === 2, "two frames being acknowledged");
  });

  it("answer one that acknowledges nothing new, as a browser needs it, but not the first of a connection", async () => {
    const clock = new MovableClock();
    await using stage = await Stage.open({ link: { clock } });
    const { client, staged } = await stage.joined();
    const pass = async (): Promise<void> => {
      await read(client);
      clock.advance(1_000);
      await read(client);
    };
    // Said so far: nothing after the welcome, then the first frame.
    await pass();
    expect(client.socket.controls.map(({ t }) => t)).toEqual(["welcome"]);
    client.acknowledge();
    await pass();
    expect(client.acknowledged).toEqual([0]);
    await interrupt({ client, staged });
    await client.resume();
    await pass();
    expect(client.acknowledged).toEqual([0]);
    client.acknowledge();
    await pass();
    expect(client.acknowledged).toEqual([0, 0]);
  });
});

describe("acknowledgements by the client", () => {
  // The server has said three frames, of which the client has acknowledged two.
  const wrong: readonly [string, unknown][] = [
    ["negative", -1],
    ["a fraction", 2.5],
    ["2^53", 2 ** 53],
    ["beyond what was sent", 4],
    ["below what was acknowledged", 1],
    ["a string", "3"],
    ["null", null],
    ["a list", [3]],
    ["missing", undefined],
  ];
  it.each(wrong)("trap 5: one that is %s is a violation and ends the session", async (_what, received) => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    client.acknowledges = false;
    await staged.say("one", "two");
    await client.hears((it) => it.received === 3);
    client.acknowledge(2);
    client.socket.say({ t: "ack", received });
    expect(await client.socket.ended()).toMatchObject({ code: 4500 });
    await staged.tells("clientDisconnected");
    expect(staged.told("sessionLost")).toMatchObject([{ reason: "violation", unacknowledged: 1 }]);
    expect(staged.told("clientDisconnected")).toMatchObject([{ code: 4500, lost: "violation", unacknowledged: 1 }]);
    expect(await client.comeBackTooLate()).toMatchObject({ lost: "unknown" });
  });

  it("trap 5: one of everything that was sent is none, also twice", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    client.acknowledges = false;
    await staged.say("one", "two");
    await client.hears((it) => it.received === 3);
    for (const received of [2, 3, 3]) client.acknowledge(received);
    client.say("hello");
    await until(() => staged.texts.length === 1, "the session being served");
    expect(client.socket.ending).toBeUndefined();
  });
});

describe("sizes", () => {
  it("trap 7: a message above the limit fails alone, with an error to whoever asked", async () => {
    await using stage = await Stage.open({ link: { maxFrameBytes: 10_000 } });
    const { client, staged } = await stage.joined();
    client.say("here I am");
    await until(() => staged.session.runner.registry.has("acme"), "the client's agent being known");
    await staged.say("before", "x".repeat(10_000), "after");
    const asked = staged.assistant.task("acme", { name: "read", payload: "x".repeat(10_000), timeoutMs: 5_000 });
    await expect(asked).rejects.toMatchObject({ code: "TL_TASK_FAILED", status: "error" });
    await client.hears(({ texts }) => texts.length === 2);
    expect(client.texts).toEqual(["before", "after"]);
    expect(staged.told("rejected")).toMatchObject([
      { direction: "outbound", cause: "size" },
      { direction: "outbound", cause: "size" },
    ]);
    expect(client.received).toBe(3);
    await interrupt({ client, staged });
    await client.resume();
    await staged.say("still");
    await client.hears(({ texts }) => texts.length === 3);
    expect(staged.told("resumed")).toMatchObject([{ replayed: 0, skipped: 0 }]);
  });

  it("trap 7: one that comes in above the limit is gone alone, and counts", async () => {
    await using stage = await Stage.open({ link: { maxFrameBytes: 10_000 } });
    const { client, staged } = await stage.joined();
    client.say("before", "x".repeat(10_000), "after");
    await client.hears(({ acknowledged }) => acknowledged.at(-1) === 3);
    expect(staged.texts).toEqual(["before", "after"]);
    expect(staged.told("rejected")).toMatchObject([{ direction: "inbound", cause: "size" }]);
    expect(client.socket.ending).toBeUndefined();
  });

  it("trap 7: one just as long as the limit crosses", async () => {
    const longest = bytesOf(textMessage("x".repeat(9_000)));
    await using stage = await Stage.open({ link: { maxFrameBytes: longest.byteLength } });
    const { client, staged } = await stage.joined();
    client.say(longest);
    await until(() => staged.texts.length === 1, "the longest text");
    expect(staged.told("rejected")).toEqual([]);
  });
});
