import { TextFrame } from "trunkline";
import { MovableClock } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { interrupt, type Joined, Stage } from "./server-stage.ts";

const long = "x".repeat(5_000);
const many = (count: number, text = "lost"): string[] => Array.from({ length: count }, () => text);

describe("bounds", () => {
  it("unacknowledged is never less than what the client has not received, whatever it acknowledged", async () => {
    const clock = new MovableClock();
    await using stage = await Stage.open({ link: { clock, windowMs: 1_000 } });
    for (const [connected, acknowledged, suspended] of [
      [5, 0, 0],
      [5, 5, 0],
      [5, 3, 4],
      [0, 0, 7],
      [20, 11, 20],
    ] as const) {
      const { client, staged } = await stage.joined();
      client.acknowledges = false;
      await staged.say(...many(connected));
      await client.hears(({ texts }) => texts.length === connected);
      client.acknowledge(1 + acknowledged);
      client.say("behind the acknowledgement");
      await until(() => staged.texts.length === 1);
      await interrupt({ client, staged });
      await staged.say(...many(suspended));
      clock.advance(1_000);
      await staged.tells("clientDisconnected");
      const unacknowledged = connected - acknowledged + suspended;
      expect(staged.told("sessionLost")).toEqual([{ reason: "expired", unacknowledged }]);
      expect(staged.told("clientDisconnected")).toMatchObject([{ unacknowledged }]);
    }
  });

  it("overflow is by frames and by bytes, and what is below is kept", async () => {
    for (const [link, few, tooMany] of [
      [{ maxQueuedFrames: 10 }, many(9), many(11)],
      [{ maxQueuedBytes: 30_000 }, many(5, long), many(7, long)],
    ] as const) {
      await using stage = await Stage.open({ link });
      const { client, staged } = await stage.joined();
      await interrupt({ client, staged });
      await staged.say(...few);
      await client.resume();
      await client.hears(({ texts }) => texts.length === few.length, "what was kept");
      client.say("acknowledged");
      await until(() => staged.texts.length === 1);
      await interrupt({ client, staged });
      staged.offer(...tooMany);
      await staged.tells("sessionLost");
      expect(staged.told("sessionLost")).toMatchObject([{ reason: "overflow" }]);
      expect(await client.comeBackTooLate()).toMatchObject({ lost: "overflow" });
    }
  });

  it("a session without room is told when its client is connected and does not acknowledge; nothing is lost", async () => {
    await using stage = await Stage.open({ link: { maxQueuedFrames: 10 } });
    const { client, staged } = await stage.joined();
    client.say("acknowledged");
    await until(() => staged.texts.length === 1);
    client.acknowledges = false;
    const texts = Array.from({ length: 30 }, (_value, index) => `s${index}`);
    staged.offer(...texts);
    await staged.tells("slow");
    expect(staged.told("slow")[0]).toMatchObject({ bufferedBytes: expect.any(Number) });
    client.socket.websocket.ping();
    await new Promise((resolve) => client.socket.websocket.once("pong", resolve));
    expect(client.texts.length).toBeLessThanOrEqual(11);
    // Down to half of it nothing moves on.
    const before = client.texts.length;
    client.acknowledge(client.received - 8);
    client.say("acknowledged");
    await until(() => staged.texts.length === 2);
    expect(client.texts.length).toBe(before);
    client.acknowledges = true;
    client.acknowledge();
    await client.hears((it) => it.texts.length === 30);
    expect(client.texts).toEqual(texts);
    expect(staged.told("sessionLost")).toEqual([]);
  });

  it("what still waits in front of a full link when its session is lost is not lost silently", async () => {
    await using stage = await Stage.open({ link: { maxQueuedFrames: 10 } });
    for (const connected of [true, false]) {
      const { client, staged } = await stage.joined();
      client.acknowledges = false;
      if (!connected) await interrupt({ client, staged });
      staged.offer(...many(100));
      if (connected) {
        await staged.tells("slow");
        client.socket.close(4500);
      }
      await staged.tells("clientDisconnected");
      await staged.session.runner.bus.idle();
      const [lost] = staged.told("sessionLost") as { unacknowledged: number }[];
      const rejected = staged.told("rejected").length;
      const delivered = client.texts.length;
      expect((lost?.unacknowledged ?? 0) + rejected, `connected: ${connected}`).toBeGreaterThanOrEqual(100 - delivered);
    }
  });

  it("pressure takes the oldest suspended session first, also when it is another that grows, and no connected one", async () => {
    await using stage = await Stage.open({ maxSuspendedBytes: 65_000 });
    const joined: Joined[] = [];
    for (let count = 0; count < 4; count++) joined.push(await stage.joined());
    const [connected, oldest, older, young] = joined as [Joined, Joined, Joined, Joined];
    connected.client.acknowledges = false;
    await connected.staged.say(...many(20, long));
    for (const one of [oldest, older, young]) {
      await interrupt(one);
      await one.staged.say(...many(3, long));
    }
    expect(joined.flatMap(({ staged }) => staged.told("sessionLost"))).toEqual([]);
    await older.staged.say(...many(5, long));
    await oldest.staged.tells("clientDisconnected");
    expect(joined.map(({ staged }) => staged.told("sessionLost").length)).toEqual([0, 1, 0, 0]);
    expect(await oldest.client.comeBackTooLate()).toMatchObject({ lost: "pressure" });
    await older.client.resume();
    await young.client.resume();
    await young.client.hears(({ texts }) => texts.length === 3);
    await older.client.hears(({ texts }) => texts.length === 8);
    await connected.client.hears(({ texts }) => texts.length === 20);
  });

  it("a session that alone holds more than may wait is lost with its connection, and leaves no timer", async () => {
    const clock = new MovableClock();
    await using stage = await Stage.open({ link: { clock }, maxSuspendedBytes: 3_000 });
    const { client, staged } = await stage.joined();
    client.acknowledges = false;
    await staged.say(long);
    await client.hears(({ texts }) => texts.length === 1);
    await client.cut();
    await staged.tells("clientDisconnected");
    expect(staged.told("sessionLost")).toEqual([{ reason: "pressure", unacknowledged: 1 }]);
    await until(() => stage.server.sessionCount === 0, "the session being over");
    expect(clock.pending).toBe(0);
    expect(await client.comeBackTooLate()).toMatchObject({ lost: "pressure" });
  });

  it("what is not worth replaying is no loss of words that are: the bound still holds", async () => {
    const clock = new MovableClock();
    await using stage = await Stage.open({ link: { clock, windowMs: 1_000 } }, { proxy: { notReplayed: [TextFrame] } });
    const { client, staged } = await stage.joined();
    await interrupt({ client, staged });
    await staged.say("live");
    clock.advance(1_000);
    await staged.tells("sessionLost");
    expect((staged.told("sessionLost")[0] as { unacknowledged: number }).unacknowledged).toBeLessThanOrEqual(1);
  });

  it("the window is what the server says, and begins anew with each cut", async () => {
    const clock = new MovableClock();
    await using stage = await Stage.open({ link: { clock, windowMs: 500 } });
    const { client, staged } = await stage.joined();
    for (let cut = 0; cut < 5; cut++) {
      await interrupt({ client, staged });
      clock.advance(499);
      await client.resume();
      clock.advance(499);
    }
    expect(staged.session.signal.aborted).toBe(false);
    await interrupt({ client, staged });
    clock.advance(500);
    await staged.tells("sessionLost");
    expect(await client.comeBackTooLate()).toMatchObject({ lost: "expired", windowMs: 500 });
  });

  it("a window of 0 suspends nothing", async () => {
    await using stage = await Stage.open({ link: { windowMs: 0 } });
    const { client, staged } = await stage.joined();
    await client.cut();
    await staged.tells("clientDisconnected");
    expect(staged.told("sessionLost")).toMatchObject([{ reason: "expired" }]);
    expect(await client.comeBackTooLate()).toMatchObject({ lost: expect.stringMatching(/^(expired|unknown)$/) });
  });
});
