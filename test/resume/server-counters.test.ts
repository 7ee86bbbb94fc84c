import { MovableClock } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { HandClient, HandSocket } from "./hand-client.ts";
import { interrupt, Stage } from "./server-stage.ts";

const nobody = { sid: "a".repeat(22), token: "b".repeat(22) };

describe("what a server counts", () => {
  it("is its sessions: those that live, those that wait and what waits in them, those over plain connections", async () => {
    await using stage = await Stage.open();
    const { server } = stage;
    expect(server.counters).toMatchObject({ sessions: 0, suspended: 0, suspendedBytes: 0, plain: 0, resumed: 0 });
    const one = await stage.joined();
    const two = await stage.joined();
    await using plain = await HandSocket.open(stage.url, { protocols: [] });
    await until(() => plain.binaries.length === 1, "the plain session being served");
    expect(server.counters).toMatchObject({ sessions: 3, suspended: 0, plain: 1 });
    await interrupt(one);
    await interrupt(two);
    expect(server.counters).toMatchObject({ sessions: 3, suspended: 2 });
    const before = server.counters.suspendedBytes;
    await one.staged.say("x".repeat(10_000));
    expect(server.counters.suspendedBytes - before).toBeGreaterThan(10_000);
    await one.client.resume();
    await two.client.resume();
    await two.client.resume();
    expect(server.counters).toMatchObject({ sessions: 3, suspended: 0, suspendedBytes: 0, resumed: 3 });
    plain.close(1000);
    await one.client.leave();
    await two.client.leave();
    await until(() => server.sessionCount === 0, "the sessions being over");
    expect(server.counters).toMatchObject({ sessions: 0, suspended: 0, suspendedBytes: 0, plain: 1, resumed: 3 });
    expect(Object.values(server.counters.lost).every((count) => count === 0)).toBe(true);
  });

  it("is the sessions that were lost, by the reason", async () => {
    const clock = new MovableClock();
    await using stage = await Stage.open({
      link: { clock, windowMs: 1_000, maxQueuedFrames: 5 },
      maxSuspendedBytes: 9_000,
    });
    const { server } = stage;
    const lose = async (how: (joined: Awaited<ReturnType<Stage["joined"]>>) => Promise<void> | void): Promise<void> => {
      const joined = await stage.joined();
      await how(joined);
      await joined.staged.tells("clientDisconnected");
    };
    await lose(async (joined) => {
      await interrupt(joined);
      clock.advance(1_000);
    });
    await lose(async (joined) => {
      await interrupt(joined);
      joined.staged.offer("1", "2", "3", "4", "5", "6", "7");
    });
    await lose(async (joined) => {
      await interrupt(joined);
      await joined.staged.say("x".repeat(10_000));
    });
    await lose(async ({ client }) => {
      await client.connect({ received: 99 });
    });
    await lose(({ client }) => client.socket.close(4999));
    await lose(({ client }) => client.socket.say("nonsense"));
    const plain = await HandSocket.open(stage.url, { protocols: [] });
    await until(() => plain.binaries.length === 1, "the plain session being served");
    plain.cut();
    await stage.sessions.at(-1)?.tells("clientDisconnected");
    const once = { expired: 1, overflow: 1, pressure: 1, mismatch: 1, refused: 1, violation: 1, plain: 1 };
    expect(server.counters.lost).toMatchObject(once);
  });

  it("is those who were not let in, by the reason, and they are told of", async () => {
    await using stage = await Stage.open({
      maxSessions: 2,
      authenticate: ({ headers }) => headers.authorization,
    });
    const { server } = stage;
    const refused: (string | undefined)[] = [];
    server.on("refused", ({ cause }) => void refused.push(cause));
    const ann = { headers: { authorization: "ann" } };
    const { client } = await stage.joined(ann.headers);
    await client.cut();
    const hellos: readonly (readonly [string, HandSocketHello])[] = [
      ["hello", { t: "bye" }],
      ["token", { t: "hello", v: 1, sid: client.sid, token: nobody.token, received: 1 }],
    ];
    for (const [, hello] of hellos) {
      await using socket = await HandSocket.open(stage.url, ann);
      socket.say(hello);
      await socket.ended();
    }
    await using ben = await HandSocket.open(stage.url, { headers: { authorization: "ben" } });
    ben.say({ t: "hello", v: 1, sid: client.sid, token: client.token, received: 1 });
    await ben.ended();
    await expect(HandSocket.open(stage.url)).rejects.toThrow("status 401");
    const other = stage.keep(await HandClient.begin(stage.url, ann.headers));
    await other.cut();
    await until(() => server.counters.suspended === 2, "both being away");
    await using late = await HandSocket.open(stage.url, ann);
    late.say({ t: "hello", v: 1, ...nobody, received: 0 });
    expect(await late.ended()).toMatchObject({ code: 4429 });
    expect(refused).toEqual(["hello", "token", "principal", "credentials", "sessions"]);
    expect(server.counters.refused).toMatchObject({ hello: 1, token: 1, principal: 1, credentials: 1, sessions: 1 });
    expect(server.counters.resumed).toBe(0);
  });
});

type HandSocketHello = Readonly<Record<string, unknown>>;
