import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { HandSocket } from "./hand-client.ts";
import { interrupt, Stage } from "./server-stage.ts";

const numbered = (count: number): string[] => Array.from({ length: count }, (_value, index) => `c${index}`);

describe("goodbye", () => {
  it("ends the session at once and cleanly, after what was said before it", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    client.say(...numbered(50));
    await client.leave();
    expect(client.socket.ending).toMatchObject({ code: 1000 });
    await staged.tells("clientDisconnected");
    expect(staged.texts).toEqual(numbered(50));
    expect(staged.events.map(({ name }) => name)).toEqual(["clientConnected", "clientDisconnected"]);
    expect(staged.told("clientDisconnected")).toMatchObject([{ code: 1000, clean: true, unacknowledged: 0 }]);
    expect(staged.told("clientDisconnected")[0]).not.toHaveProperty("lost", expect.anything());
    await until(() => stage.server.sessionCount === 0, "the session being over");
    expect(await client.comeBackTooLate()).toMatchObject({ lost: "unknown" });
  });

  it("says what the client had not acknowledged", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    client.acknowledges = false;
    await staged.say("one", "two");
    await client.hears(({ texts }) => texts.length === 2);
    client.socket.say({ t: "bye" });
    client.socket.close(1000);
    await staged.tells("clientDisconnected");
    expect(staged.told("clientDisconnected")).toMatchObject([{ code: 1000, clean: true, unacknowledged: 2 }]);
  });

  it("is enough: a client that neither closes nor lives on after it is not waited for", async () => {
    await using stage = await Stage.open();
    for (const after of ["nothing", "cut"] as const) {
      const { client, staged } = await stage.joined();
      client.socket.say({ t: "bye" });
      if (after === "cut") client.socket.cut();
      await staged.tells("clientDisconnected");
      await client.socket.ended();
      expect(staged.told("clientDisconnected")).toMatchObject([{ clean: true }]);
      expect(staged.told("sessionLost")).toEqual([]);
      expect(staged.told("interrupted")).toEqual([]);
      expect(await client.comeBackTooLate()).toMatchObject({ lost: "unknown" });
    }
  });
});

describe("close codes of the client", () => {
  it.each([1002, 1003, 1007, 1008, 1009, 1010, 4500, 4501, 4503, 4777, 4999])(
    "%i is a refusal: the session is over",
    async (code) => {
      await using stage = await Stage.open();
      const { client, staged } = await stage.joined();
      client.socket.close(code, "no more");
      await staged.tells("clientDisconnected");
      expect(staged.told("sessionLost")).toMatchObject([{ reason: "refused" }]);
      expect(staged.told("clientDisconnected")).toMatchObject([{ code, reason: "no more", lost: "refused" }]);
      expect(staged.told("interrupted")).toEqual([]);
      await until(() => staged.session.signal.aborted, "the session being over");
      expect(await client.comeBackTooLate()).toMatchObject({ lost: "unknown" });
    },
  );

  it.each([1000, 1001, 1011, 1012, 4000, 4408, 4499])("%i without a goodbye is a cut", async (code) => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    client.socket.close(code);
    await staged.tells("interrupted");
    await client.resume();
    client.say("back");
    await until(() => staged.texts.length === 1, "the session being served");
    expect(staged.told("sessionLost")).toEqual([]);
    expect(staged.session.signal.aborted).toBe(false);
  });
});

describe("close codes of the server", () => {
  it("4429: a new session for which there is no room, while those who are suspended come back", async () => {
    await using stage = await Stage.open({ maxSessions: 2 });
    const one = await stage.joined();
    const two = await stage.joined();
    await interrupt(one);
    const refused = await HandSocket.open(stage.url);
    refused.say({ t: "hello", v: 1, sid: null, received: 0 });
    expect(await refused.ended()).toMatchObject({ code: 4429 });
    expect(refused.heard).toEqual([]);
    const unknown = await HandSocket.open(stage.url);
    unknown.say({ t: "hello", v: 1, sid: "a".repeat(22), token: "b".repeat(22), received: 0 });
    expect(await unknown.ended()).toMatchObject({ code: 4429 });
    await one.client.resume();
    one.client.say("back");
    two.client.say("never away");
    await until(() => one.staged.texts.length + two.staged.texts.length === 2, "both being served");
    expect(stage.sessions).toHaveLength(2);
    await two.client.leave();
    await until(() => stage.server.sessionCount === 1, "there being room");
    await stage.joined();
  });

  it("a full server lets a client take over its own session, whose connection it believes to live", async () => {
    await using stage = await Stage.open({ maxSessions: 1 });
    const { client, staged } = await stage.joined();
    await client.resume();
    client.say("back");
    await until(() => staged.texts.length === 1, "the session being served");
    const refused = await HandSocket.open(stage.url);
    refused.say({ t: "hello", v: 1, sid: null, received: 0 });
    expect(await refused.ended()).toMatchObject({ code: 4429 });
  });

  it("a full server lets no plain client in", async () => {
    await using stage = await Stage.open({ maxSessions: 1 });
    await stage.joined();
    const refused = HandSocket.open(stage.url, { protocols: [] });
    await expect(refused).rejects.toThrow("status 503");
  });

  it("1012: a server that closes sends its clients away, with the times it was told", async () => {
    const stage = await Stage.open();
    const { client, staged } = await stage.joined();
    const suspended = await stage.joined();
    await interrupt(suspended);
    await stage.server.close({ graceMs: 1_000, retryMs: [20, 70] });
    expect(client.socket.controls.at(-1)).toEqual({ t: "away", retryMs: [20, 70] });
    expect(await client.socket.ended()).toMatchObject({ code: 1012 });
    expect(staged.told("clientDisconnected")).toHaveLength(1);
    expect(suspended.staged.told("clientDisconnected")).toHaveLength(1);
    expect(stage.server.sessionCount).toBe(0);
    await stage[Symbol.asyncDispose]();
  });

  it("1012: what the agents say while they end is said before", async () => {
    const stage = await Stage.open();
    const { client, staged } = await stage.joined();
    staged.assistant.onEnding = async () => {
      await staged.say("goodbye");
    };
    await stage.server.close({ graceMs: 2_000 });
    expect(client.texts).toEqual(["goodbye"]);
    const last = client.socket.heard.at(-1);
    expect(last).toMatchObject({ t: "away", retryMs: [expect.any(Number), expect.any(Number)] });
    await stage[Symbol.asyncDispose]();
  });

  it("a server that closes waits neither for clients that are away nor for those that have not said hello", async () => {
    const stage = await Stage.open();
    const { client, staged } = await stage.joined();
    await interrupt({ client, staged });
    await using silent = await HandSocket.open(stage.url);
    const begun = performance.now();
    await stage.server.close({ graceMs: 8_000 });
    expect(performance.now() - begun).toBeLessThan(4_000);
    await silent.ended();
    expect(staged.session.signal.aborted).toBe(true);
    await stage[Symbol.asyncDispose]();
  });

  it("a session that its agents end says bye", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    await staged.say("last words");
    await staged.session.runner.end("done");
    expect(await client.socket.ended()).toMatchObject({ code: 1000 });
    expect(client.socket.controls.at(-1)).toEqual({ t: "bye" });
    expect(client.texts).toEqual(["last words"]);
    await staged.tells("clientDisconnected");
    expect(staged.told("sessionLost")).toEqual([]);
    expect(await client.comeBackTooLate()).toMatchObject({ lost: "unknown" });
  });

  it("a session whose agents end while its client is away is over, and the client is told", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    await interrupt({ client, staged });
    await staged.session.runner.end("done");
    await until(() => stage.server.sessionCount === 0, "the session being over");
    expect(await client.comeBackTooLate()).toMatchObject({ lost: expect.any(String) });
  });

  it("a session that is ending when its client comes back ends all the same, and the client is told", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    // It does not hear the goodbye.
    client.socket.websocket.pause();
    const ended = staged.session.runner.end("done");
    await until(() => staged.assistant.state === "ended", "the assistant having ended");
    const welcome = await client.comeBackTooLate();
    expect(welcome).toMatchObject({ lost: expect.any(String) });
    const begun = performance.now();
    await staged.tells("clientDisconnected");
    await ended;
    await until(() => staged.session.signal.aborted, "the session being over");
    expect(performance.now() - begun).toBeLessThan(3_000);
    expect(stage.server.sessionCount).toBe(1);
  });

  it("a client that is silent is cut, and may come back", async () => {
    await using stage = await Stage.open({ link: { heartbeatMs: 100 } });
    const { client, staged } = await stage.joined();
    // Neither reads nor answers pings.
    client.socket.websocket.pause();
    const begun = performance.now();
    await staged.tells("interrupted");
    expect(performance.now() - begun).toBeLessThan(600);
    expect(staged.told("interrupted")).toMatchObject([{ code: 4408 }]);
    await client.resume();
    client.say("awake");
    await until(() => staged.texts.length === 1, "the session being served");
  });

  it("several hellos at once with one token are one session, and the token the client knows stays good", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    for (let round = 0; round < 50; round++) {
      const dials = await Promise.all(Array.from({ length: 4 }, () => HandSocket.open(stage.url)));
      for (const socket of dials) {
        socket.say({ t: "hello", v: 1, sid: client.sid, token: client.token, received: client.received });
      }
      await until(() => dials.every((socket) => socket.heard.length > 0 || socket.ending !== undefined));
      await client.resume();
      for (const socket of dials) socket.cut();
      client.say(`round ${round}`);
      await until(() => staged.texts.length === round + 1, "the session being served");
    }
    expect(stage.sessions).toHaveLength(1);
    expect(staged.told("sessionLost")).toEqual([]);
  });
});
