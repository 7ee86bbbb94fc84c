import { until } from "../../../support/settled.ts";
import { RawClient } from "../raw-client.ts";
import { binary, opcodes, ping, rawFrame, text } from "../raw-frame.ts";
import type { Attack } from "./attack.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Sends the same bytes again and again, as long as the server reads, and lets others be served in between. */
async function flood(client: RawClient, bytes: Uint8Array, times: number): Promise<void> {
  for (let index = 0; index < times && !client.over; index += 1) {
    if (!(await client.press(bytes))) return;
    await turn();
  }
}

const repeated = (bytes: Uint8Array, times: number): Buffer =>
  Buffer.concat(Array.from({ length: times }, () => bytes));

export const floodAttacks: readonly Attack[] = [
  {
    name: "a hundred thousand pings",
    async run({ port }) {
      await using client = await RawClient.upgraded(port);
      await flood(client, repeated(ping("x".repeat(100)), 500), 200);
    },
  },
  {
    name: "pings whose answers are not read",
    async run({ port }) {
      await using client = await RawClient.upgraded(port);
      client.socket.pause();
      await flood(client, repeated(ping("x".repeat(125)), 1_000), 300);
    },
  },
  {
    name: "empty frames without end",
    async run({ port }) {
      await using client = await RawClient.upgraded(port);
      await flood(client, repeated(binary(""), 1_000), 20);
    },
  },
  {
    name: "a message in fragments without end",
    async run({ port }, share) {
      await using client = await RawClient.upgraded(port);
      client.say(rawFrame({ opcode: opcodes.binary, fin: false, payload: "x" }));
      await flood(
        client,
        repeated(rawFrame({ opcode: opcodes.continuation, fin: false, payload: "y" }), 1_000),
        100 * share,
      );
    },
  },
  {
    name: "empty fragments without end",
    async run({ port }, share) {
      await using client = await RawClient.upgraded(port);
      client.say(rawFrame({ opcode: opcodes.binary, fin: false }));
      await flood(client, repeated(rawFrame({ opcode: opcodes.continuation, fin: false }), 1_000), 100 * share);
    },
  },
  {
    name: "twenty thousand tiny messages",
    async run({ port }) {
      await using client = await RawClient.upgraded(port);
      await flood(client, repeated(text("{}"), 1_000), 20);
    },
  },
  {
    name: "frames of which every byte comes alone",
    async run(target) {
      await using client = await RawClient.upgraded(target.port);
      for (const byte of Buffer.concat([text("FORBIDDEN"), ping("alone"), binary("x".repeat(200))])) {
        client.say(Buffer.from([byte]));
        await turn();
      }
      await target.servesOthers();
      await until(() => client.frames.some(({ opcode }) => opcode === opcodes.pong), "the answer to a ping");
    },
  },
  {
    name: "forty connections that each stop in the middle of a large frame",
    async run(target) {
      const clients = await Promise.all(Array.from({ length: 40 }, () => RawClient.upgraded(target.port)));
      const begun = rawFrame({ opcode: opcodes.binary, length: 4_000_000n });
      for (const client of clients) {
        client.say(begun, Buffer.alloc(100_000));
        await turn();
      }
      await target.servesOthers();
      for (const client of clients) await client[Symbol.asyncDispose]();
    },
  },
  {
    name: "resets in the middle of a frame",
    async run({ port }) {
      for (let index = 0; index < 20; index += 1) {
        await using client = await RawClient.upgraded(port);
        client.say(rawFrame({ opcode: opcodes.binary, length: 1_000_000n }), Buffer.alloc(10_000 * index));
        await turn();
        client.reset();
      }
    },
  },
  {
    name: "control objects of another protocol, in plain mode",
    async run(target) {
      await using client = await RawClient.upgraded(target.port);
      for (const t of ["hello", "welcome", "resumed", "ack", "skip", "bye", "away"]) {
        client.say(text(JSON.stringify({ t, v: 1, sid: null, received: 0, count: 5, retryMs: [0, 1] })));
      }
      client.say(ping("after"));
      await until(() => client.frames.some(({ opcode }) => opcode === opcodes.pong), "the answer to a ping");
      const answers = client.texts.filter((said) => /"t":/.test(said));
      if (client.over || answers.length > 0) throw new Error(`In plain mode it was taken for control: ${answers}.`);
    },
  },
];
