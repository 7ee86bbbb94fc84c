import { BusEndMessage, BusFrameMessage, TextFrame } from "trunkline";
import { MovableClock } from "trunkline/testing";
import { expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";
import { bytes, LinkClient, promptly, textsOf } from "./client-link.ts";
import { ScriptedLink } from "./client-socket.ts";
import { ClientStage, says, wire } from "./client-stage.ts";
import { HandServer } from "./hand-server.ts";
import { HandSession } from "./hand-session.ts";

const forged = wire(
  new BusFrameMessage({ source: "acme", frame: new TextFrame({ text: "forged" }), direction: "downstream" }),
);

it.for([
  ["no message at all", bytes("not json")],
  ["an unknown type", bytes(JSON.stringify({ type: "Nonsense", data: {} }))],
  ["an empty frame", new Uint8Array()],
  ["one in the name of a local agent", forged],
  ["one that may never cross", wire(new BusEndMessage({ source: "assistant" }))],
  ["one above the limit", new Uint8Array(20_000)],
] as const)("trap 1: %s is counted and acknowledged like any other frame, and not asked for again", async ([, bad]) => {
  await using server = await HandServer.listen();
  await using client = await ClientStage.active(server.url, { link: { ...promptly, maxFrameBytes: 10_000 } });
  const session = await HandSession.begin(await server.connection(1));
  await client.event("connected");
  session.send(says("before"), bad, says("after"));
  await session.connection.acknowledged(3);
  session.send(bad);
  await until(() => client.all("rejected").length === 2, "the second refusal");
  session.connection.cut();
  expect(await session.resume(await server.connection(2))).toBe(4);
  session.send(says("last"));
  expect(await client.hears(3)).toEqual(["before", "after", "last"]);
  await session.connection.acknowledged(5);
  expect(client.all("rejected")).toHaveLength(2);
});

it("trap 2: a resume says the number of frames that were handed over, whatever was on its way at the cut", async () => {
  await using server = await HandServer.listen();
  await using client = LinkClient.opened(server.url, promptly);
  const session = await HandSession.begin(await server.connection(1));
  for (let n = 2; n <= 20; n++) {
    const burst = Array.from({ length: 7 * n }, (_, index) => bytes(`${session.said.length + index}`));
    session.send(...burst);
    if (n % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    session.connection.cut();
    const connection = await server.connection(n);
    const { received } = await connection.control("hello");
    // Nothing of the old connection comes after that.
    const handedOver = client.messages.length;
    expect(received).toBe(handedOver);
    await turns();
    expect(client.messages).toHaveLength(handedOver);
    await session.resume(connection);
  }
  await client.received(session.said.length);
  expect(client.texts).toEqual(textsOf(session.said));
});

it("trap 2: an acknowledgement comes after the hand-over of the frames it is for", async () => {
  await using client = new ScriptedLink({ clock: new MovableClock() });
  client.link.open();
  const socket = await client.greeted(1);
  socket.welcome();
  await client.event("open");
  const ahead: number[] = [];
  socket.onSent = (data) => {
    if ("t" in data && data.t === "ack") ahead.push(Number(data.received) - client.messages.length);
  };
  for (let n = 0; n < 300; n++) socket.hear(new Uint8Array(5_000));
  // By number and by bytes, whichever came first.
  expect(ahead.length).toBeGreaterThan(3);
  expect(ahead.filter((frames) => frames > 0)).toEqual([]);
});

it("trap 3: what a replaced socket still says is ignored: frames, control and its end", async () => {
  const clock = new MovableClock();
  await using client = new ScriptedLink({ ...promptly, clock });
  client.link.open();
  const first = await client.greeted(1);
  first.welcome();
  await client.event("open");
  first.hear(bytes("s1"));
  await client.link.send(bytes("c1"));
  const late = first.handlers;
  // The peer falls silent, and the link cuts the socket, which does not tell of its end.
  clock.advance(30_000);
  clock.advance(1);
  const second = await client.greeted(2);
  expect(second.controls[0]).toMatchObject({ t: "hello", received: 1 });
  const lateWords = () => {
    const say = (control: object) => late?.onMessage(bytes(JSON.stringify(control)), "text");
    late?.onMessage(bytes("late"), "binary");
    say({ t: "ack", received: 1 });
    say({ t: "skip", count: 5 });
    say({ t: "nonsense" });
    say({ t: "bye" });
    late?.onFailing(new Error("late"));
    late?.onDrain();
    late?.onClose({ code: 4500, reason: "late" });
  };
  lateWords();
  second.resumed(0);
  lateWords();
  second.hear(bytes("s2"));
  await until(() => second.frames.length === 1 && client.messages.length === 2, "the replay, both ways");
  clock.advance(200);
  expect(client.texts).toEqual(["s1", "s2"]);
  expect(textsOf(second.frames)).toEqual(["c1"]);
  expect(second.controls.at(-1)).toEqual({ t: "ack", received: 2 });
  expect(client.story).toEqual(["open", "interrupted", "resumed"]);
  expect(first.closes).toEqual([]);
  expect(client.dials).toBe(2);
});
