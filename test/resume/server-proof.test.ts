import { randomBytes } from "node:crypto";
import { MovableClock } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { HandClient, HandSocket, resumeProtocol } from "./hand-client.ts";
import { expectUntouched, interrupt, type Joined, Stage } from "./server-stage.ts";

const secret = (): string => randomBytes(16).toString("base64url");
/** It can be resumed with the token it was given. */
async function expectResumable({ client, staged }: Joined): Promise<void> {
  const before = staged.texts.length;
  await client.cut();
  await client.resume();
  client.say("back again");
  await until(() => staged.texts.length === before + 1, "the session being served");
  expect(staged.told("resumed")).toHaveLength(1);
  expect(staged.told("clientDisconnected")).toEqual([]);
}

describe("a wrong hello", () => {
  const wrong: readonly [string, number, (client: HandClient) => Record<string, unknown>][] = [
    ["another token", 4501, () => ({ token: secret() })],
    [
      "its token with one character changed",
      4501,
      ({ token = "" }) => ({ token: `${token.slice(0, 10)}${token[10] === "A" ? "B" : "A"}${token.slice(11)}` }),
    ],
    ["its sid for a token", 4501, ({ sid }) => ({ token: sid })],
    ["a token that is too short", 4500, () => ({ token: "abc" })],
    ["an empty token", 4500, () => ({ token: "" })],
    ["no token", 4500, () => ({ token: undefined })],
    ["a token that is null", 4500, () => ({ token: null })],
    ["a token that is a list", 4500, ({ token }) => ({ token: [token] })],
    ["another version", 4500, () => ({ v: 2 })],
    ["a negative count", 4500, () => ({ received: -1 })],
    ["a count that is a fraction", 4500, () => ({ received: 0.5 })],
    ["a count of 2^53", 4500, () => ({ received: 2 ** 53 })],
    ["another token and a count beyond what was sent", 4501, () => ({ token: secret(), received: 99 })],
    ["another token and a count below what was acknowledged", 4501, () => ({ token: secret(), received: 0 })],
    ["a count that is a string", 4500, ({ received }) => ({ received: `${received}` })],
    ["no count", 4500, () => ({ received: undefined })],
  ];
  it.each(wrong)("trap 4, trap 5: with %s changes nothing for the session it names", async (_what, code, change) => {
    await using stage = await Stage.open();
    const joined = await stage.joined();
    const { client } = joined;
    await client.hears(({ socket }) => socket.controls.length > 0);
    await expectUntouched(joined);
    await using stranger = await HandSocket.open(stage.url);
    const { sid, token, received } = client;
    stranger.say({ t: "hello", v: 1, sid, token, received, ...change(client) });
    expect(await stranger.ended()).toMatchObject({ code });
    expect(stranger.heard).toEqual([]);
    await expectUntouched(joined);
    expect(stage.sessions).toHaveLength(1);
    await expectResumable(joined);
  });

  it("trap 4: changes nothing for a session that is suspended either", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    await interrupt({ client, staged });
    await staged.say("meanwhile");
    for (const [, code, change] of wrong) {
      await using stranger = await HandSocket.open(stage.url);
      const { sid, token, received } = client;
      stranger.say({ t: "hello", v: 1, sid, token, received, ...change(client) });
      expect(await stranger.ended()).toMatchObject({ code });
    }
    await client.resume();
    await client.hears(({ texts }) => texts.length === 1);
    expect(stage.sessions).toHaveLength(1);
  });

  it("with a wrong token, two hundred times, resumes nothing and breaks nothing", async () => {
    await using stage = await Stage.open();
    const joined = await stage.joined();
    const { client } = joined;
    for (let round = 0; round < 20; round++) {
      const strangers = await Promise.all(Array.from({ length: 10 }, () => HandSocket.open(stage.url)));
      for (const stranger of strangers) {
        stranger.say({ t: "hello", v: 1, sid: client.sid, token: secret(), received: client.received });
      }
      for (const stranger of strangers) {
        expect(await stranger.ended()).toMatchObject({ code: 4501 });
        expect(stranger.heard).toEqual([]);
      }
    }
    await expectUntouched(joined);
    expect(stage.sessions).toHaveLength(1);
    await expectResumable(joined);
  });
});

describe("tokens", () => {
  it("trap 8: the previous one is good until the first acknowledgement after a resume, then not", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    const first = client.token;
    client.acknowledges = false;
    await client.cut();
    await client.resume();
    const second = client.token;
    expect(second).not.toBe(first);
    // The answer might have been lost on its way.
    await client.cut();
    await client.resume({ token: first });
    const third = client.token;
    client.acknowledge();
    client.say("acknowledged");
    await until(() => staged.texts.length === 1, "the text behind the acknowledgement");
    await client.cut();
    for (const token of [first, second]) {
      const refused = await client.connect({ token });
      expect(await refused.ended()).toMatchObject({ code: 4501 });
    }
    expect(await client.resume({ token: third })).toMatchObject({ t: "resumed" });
  });

  it("trap 8: however many answers are lost one after the other, the one the client knows is good", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    const known = client.token;
    client.acknowledges = false;
    for (let lost = 0; lost < 5; lost++) {
      await client.cut();
      await client.resume({ token: known });
    }
    client.acknowledges = true;
    await client.cut();
    await client.resume({ token: known });
    client.say("through");
    await until(() => staged.texts.length === 1, "the text");
  });

  it("trap 8: an answer that came, and whose acknowledgement was lost, counts as well as one that did not come", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    client.acknowledges = false;
    for (let round = 0; round < 3; round++) {
      // This answer comes, and nothing is acknowledged; the next two do not come.
      await client.cut();
      await client.resume();
      const known = client.token;
      await client.cut();
      await client.resume({ token: known });
      await client.cut();
      await client.resume({ token: known });
      client.token = known;
    }
    client.acknowledges = true;
    await client.cut();
    await client.resume();
    client.say("through");
    await until(() => staged.texts.length === 1, "the text");
  });

  it("trap 8: an acknowledgement makes the previous one useless also while its connection lives", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    const first = client.token;
    await client.cut();
    await client.resume();
    client.say("acknowledged");
    await until(() => staged.texts.length === 1, "the text behind the acknowledgement");
    await using stranger = await HandSocket.open(stage.url);
    stranger.say({ t: "hello", v: 1, sid: client.sid, token: first, received: client.received });
    expect(await stranger.ended()).toMatchObject({ code: 4501 });
    client.say("still here");
    await until(() => staged.texts.length === 2, "the session being served");
  });

  it("trap 8: without a resume the token stays, whatever is acknowledged", async () => {
    await using stage = await Stage.open();
    const { client } = await stage.joined();
    const first = client.token;
    client.acknowledge();
    await client.cut();
    await client.resume({ token: first });
  });
});

describe("a session that was never acknowledged", () => {
  it("trap 9: lives for 10 s after its connection was cut, not for its window", async () => {
    for (const [waitMs, lives] of [
      [9_999, true],
      [10_000, false],
    ] as const) {
      const clock = new MovableClock();
      await using stage = await Stage.open({ link: { clock } });
      const client = stage.keep(new HandClient(stage.url));
      client.acknowledges = false;
      const socket = await client.connect();
      await socket.control("welcome");
      await until(() => stage.sessions[0]?.told("clientConnected").length === 1, "the session being set up");
      await client.cut();
      await stage.sessions[0]?.tells("interrupted");
      clock.advance(waitMs);
      const again = await client.connect({ received: 0 });
      if (lives) await again.control("resumed");
      else expect(await again.control("welcome")).toMatchObject({ lost: expect.stringMatching(/^(expired|unknown)$/) });
      if (!lives) await until(() => stage.sessions[0]?.session.signal.aborted === true, "the session being over");
      expect(stage.sessions[0]?.session.signal.aborted).toBe(!lives);
    }
  });

  it("trap 9: that was acknowledged, if only nothing, lives for its window", async () => {
    const clock = new MovableClock();
    await using stage = await Stage.open({ link: { clock } });
    const joined = await stage.joined();
    await interrupt(joined);
    clock.advance(119_999);
    await joined.client.resume();
    await interrupt(joined);
    clock.advance(119_999);
    await joined.client.resume();
  });
});

describe("another instance of the server", () => {
  it("trap 13: says that it does not know the session, and begins one of its own", async () => {
    await using here = await Stage.open();
    await using there = await Stage.open();
    const { client, staged } = await here.joined();
    await interrupt({ client, staged });
    const { sid, token } = client;
    await using socket = await HandSocket.open(there.url);
    socket.say({ t: "hello", v: 1, sid, token, received: 1 });
    const welcome = await socket.control("welcome");
    expect(welcome).toMatchObject({ lost: "unknown" });
    expect(welcome.sid).not.toBe(sid);
    await until(() => socket.binaries.length === 1, "the assistant there being announced");
    await client.resume();
    expect(staged.told("sessionLost")).toEqual([]);
    expect(there.sessions[0]?.told("sessionLost")).toEqual([]);
    expect(resumeProtocol).toBe(socket.websocket.protocol);
  });
});
