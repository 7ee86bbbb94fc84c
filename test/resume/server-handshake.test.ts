import { MovableClock } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { bytesOf, HandClient, HandSocket, messageOf, resumeProtocol, textMessage } from "./hand-client.ts";
import { Stage } from "./server-stage.ts";

const hello = { t: "hello", v: 1, sid: null, received: 0 };

describe("a new session", () => {
  it("is welcomed as the page says, before any binary frame, and without compression", async () => {
    await using stage = await Stage.open();
    const { client } = await stage.joined();
    expect(client.socket.heard[0]).toEqual({
      t: "welcome",
      sid: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      token: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      windowMs: 120_000,
      max: { frame: 1_048_576, messages: 2_048, bytes: 4_194_304 },
      heartbeatMs: 10_000,
    });
    expect(client.sid).not.toBe(client.token);
    expect(client.socket.websocket.protocol).toBe(resumeProtocol);
    expect(client.socket.websocket.extensions).toBe("");
  });

  it("is told the limits, the window and the heartbeat of this server", async () => {
    const link = {
      maxFrameBytes: 5_000,
      maxQueuedFrames: 7,
      maxQueuedBytes: 9_000,
      windowMs: 4_321,
      heartbeatMs: 1_234,
    };
    await using stage = await Stage.open({ link });
    const { client } = await stage.joined();
    expect(client.socket.heard[0]).toMatchObject({
      windowMs: 4_321,
      max: { frame: 5_000, messages: 7, bytes: 9_000 },
      heartbeatMs: 1_234,
    });
  });

  it("has an id and a token of its own", async () => {
    await using stage = await Stage.open();
    const words = new Set<unknown>();
    for (let count = 0; count < 10; count++) {
      const { client } = await stage.joined();
      words.add(client.sid).add(client.token);
    }
    expect(words.size).toBe(20);
  });

  it("is not begun by those who say no hello: after 5 s they are gone, and nothing was built for them", async () => {
    const clock = new MovableClock();
    await using stage = await Stage.open({ link: { clock } });
    await using socket = await HandSocket.open(stage.url);
    await until(() => clock.pending > 0, "the deadline being set");
    clock.advance(4_999);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(socket.ending).toBeUndefined();
    clock.advance(1);
    await socket.ended();
    expect(socket.heard).toEqual([]);
    expect(stage.sessions).toEqual([]);
    await until(() => stage.server.sessionCount === 0, "nobody being there");
    expect(clock.pending).toBe(0);
  });

  it("keeps its hello's deadline, whatever a client says with pings", async () => {
    const clock = new MovableClock();
    await using stage = await Stage.open({ link: { clock } });
    await using socket = await HandSocket.open(stage.url);
    await until(() => clock.pending > 0, "the deadline being set");
    for (let second = 0; second < 5; second++) {
      socket.websocket.ping();
      await new Promise((resolve) => socket.websocket.once("pong", resolve));
      clock.advance(1_000);
    }
    await socket.ended();
    expect(stage.sessions).toEqual([]);
  });

  it("says binary only after the welcome: before, it is a violation", async () => {
    await using stage = await Stage.open();
    await using socket = await HandSocket.open(stage.url);
    socket.send(bytesOf(textMessage("too early")));
    socket.say(hello);
    expect(await socket.ended()).toMatchObject({ code: 4500 });
    expect(socket.heard).toEqual([]);
    expect(stage.sessions).toEqual([]);
  });

  const noHello: readonly [string, unknown][] = [
    ["no JSON", "hello"],
    ["nothing", ""],
    ["an array", [hello]],
    ["null", "null"],
    ["a number", "1"],
    ["another control frame", { t: "ack", received: 0 }],
    ["a frame of the server's", { t: "welcome", sid: "a".repeat(22), token: "b".repeat(22) }],
    ["bye", { t: "bye" }],
    ["no version", { t: "hello", sid: null, received: 0 }],
    ["another version", { ...hello, v: 2 }],
    ["a version that is a string", { ...hello, v: "1" }],
    ["no count", { t: "hello", v: 1, sid: null }],
    ["a count for no session", { ...hello, received: 1 }],
    ["a count that is a string", { ...hello, received: "0" }],
    ["a sid that is a number", { ...hello, sid: 5, token: "b".repeat(22) }],
    ["a sid that is too short", { ...hello, sid: "abc", token: "b".repeat(22) }],
    ["a sid that is an object", { ...hello, sid: { length: 22 }, token: "b".repeat(22) }],
    ["a sid without a token", { ...hello, sid: "a".repeat(22) }],
    ["a token that is no string", { ...hello, sid: "a".repeat(22), token: ["b".repeat(22)] }],
    ["more than 4 KiB", { ...hello, padding: "x".repeat(5_000) }],
  ];
  it.each(noHello)("is refused with 4500 to a hello that is %s", async (_what, said) => {
    await using stage = await Stage.open();
    await using socket = await HandSocket.open(stage.url);
    socket.say(said);
    expect(await socket.ended()).toMatchObject({ code: 4500 });
    expect(socket.heard).toEqual([]);
    expect(stage.sessions).toEqual([]);
    expect(stage.errors).toEqual([]);
  });

  const notNow: readonly [string, unknown][] = [
    ["a second hello", hello],
    ["no JSON", "{"],
    ["an array", "[]"],
    ["more than 4 KiB", { t: "ack", received: 0, padding: "x".repeat(5_000) }],
    ["what only a server says: welcome", { t: "welcome", sid: "a".repeat(22), token: "b".repeat(22) }],
    ["what only a server says: resumed", { t: "resumed", received: 0, token: "b".repeat(22) }],
    ["a skip of nothing", { t: "skip", count: 0 }],
    ["a skip backwards", { t: "skip", count: -3 }],
    ["a skip of half a frame", { t: "skip", count: 1.5 }],
    ["a skip of 2^53", { t: "skip", count: 2 ** 53 }],
    ["a skip that is a string", { t: "skip", count: "1" }],
  ];
  it.each(notNow)("ends with 4500 when its client says %s", async (_what, said) => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    client.socket.say(said);
    expect(await client.socket.ended()).toMatchObject({ code: 4500 });
    await staged.tells("clientDisconnected");
    expect(staged.told("sessionLost")).toMatchObject([{ reason: "violation" }]);
    expect(staged.told("clientDisconnected")).toMatchObject([{ code: 4500, clean: false, lost: "violation" }]);
    expect(stage.errors).toEqual([]);
  });
});

describe("agreeing on the protocol", () => {
  it("a server with resume off selects nothing and speaks plainly", async () => {
    await using stage = await Stage.open({ link: { resume: "off" } });
    await using socket = await HandSocket.open(stage.url, { protocols: [] });
    await until(() => socket.binaries.length === 1, "the assistant being announced, without a hello");
    expect(socket.controls).toEqual([]);
    // The library of the client takes no answer to an offer for a failure.
    await expect(HandSocket.open(stage.url)).rejects.toThrow(/subprotocol/i);
  });

  it("a server that requires it refuses an upgrade without it with 426", async () => {
    await using stage = await Stage.open({ link: { resume: "require" } });
    await expect(HandSocket.open(stage.url, { protocols: [] })).rejects.toThrow("status 426");
    await expect(HandSocket.open(stage.url, { protocols: ["chat"] })).rejects.toThrow("status 426");
    const { client } = await stage.joined();
    expect(client.sid).toBeDefined();
  });

  it("it is selected among others, and others alone are not", async () => {
    await using stage = await Stage.open();
    await using socket = await HandSocket.open(stage.url, { protocols: ["chat", resumeProtocol] });
    expect(socket.websocket.protocol).toBe(resumeProtocol);
    await expect(HandSocket.open(stage.url, { protocols: ["chat"] })).rejects.toThrow(/subprotocol/i);
  });

  it("trap 17: a hello over a plain connection is not obeyed, and the session it names is as it was", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    await using plain = await HandSocket.open(stage.url, { protocols: [] });
    await until(() => plain.binaries.length === 1, "the plain session being served");
    plain.say({ t: "hello", v: 1, sid: client.sid, token: client.token, received: client.received });
    plain.send(bytesOf(textMessage("plain")));
    const plainSession = stage.sessions[1];
    await until(() => plainSession?.texts.length === 1, "what the plain client said after it");
    expect(plain.controls).toEqual([]);
    expect(plainSession?.told("rejected")).toMatchObject([{ cause: "invalid" }]);
    client.say("still here");
    await until(() => staged.texts.length === 1, "the session being served");
    expect(staged.texts).toEqual(["still here"]);
    expect(plainSession?.texts).toEqual(["plain"]);
    expect(staged.told("interrupted")).toEqual([]);
    await client.cut();
    expect(await client.resume()).toMatchObject({ t: "resumed", received: 1 });
  });

  it("a plain connection that breaks is a session lost, and one that is closed is none", async () => {
    await using stage = await Stage.open();
    for (const cleanly of [false, true]) {
      const plain = await HandSocket.open(stage.url, { protocols: [] });
      await until(() => plain.binaries.length === 1, "the plain session being served");
      const staged = stage.sessions.at(-1);
      if (cleanly) plain.close(1000);
      else plain.cut();
      await staged?.tells("clientDisconnected");
      expect(staged?.told("sessionLost")).toMatchObject(cleanly ? [] : [{ reason: "plain" }]);
      expect(staged?.told("interrupted")).toEqual([]);
    }
  });

  it("plain connections carry both ways what they carried before", async () => {
    await using stage = await Stage.open({}, { echo: true });
    await using plain = await HandSocket.open(stage.url, { protocols: [] });
    plain.send(bytesOf(textMessage("binary")));
    plain.say(new TextDecoder().decode(bytesOf(textMessage("text"))));
    await until(() => plain.binaries.length === 3, "both echoes");
    expect(JSON.stringify(plain.binaries.map((frame) => messageOf(frame)))).toMatch(/echo binary.*echo text/);
  });

  it("a client that never connected again is not in the way of a new one", async () => {
    await using stage = await Stage.open();
    const gone = stage.keep(await HandClient.begin(stage.url));
    await gone.cut();
    const { client, staged } = await stage.joined();
    client.say("hello");
    await until(() => staged.texts.length === 1, "the second being served");
  });
});
