import { until } from "../../../support/settled.ts";
import { RawClient } from "../raw-client.ts";
import { binary, closeFrame, opcodes, ping, rawFrame, text } from "../raw-frame.ts";
import type { Target } from "../target.ts";
import { type Attack, isSentAway } from "./attack.ts";

const notUtf8 = Buffer.from([0xff, 0xfe, 0xfd]);
const maxFrameBytes = 1_048_576;

/** What breaks the protocol of WebSockets ends this connection, and what is said after it is not heard. */
async function violates({ port }: Target, bytes: Uint8Array, ...codes: readonly number[]): Promise<void> {
  await using client = await RawClient.upgraded(port);
  client.say(bytes, text("FORBIDDEN"));
  await isSentAway(client, ...codes);
}

/** What is merely unusual leaves the connection as it is. */
async function endures({ port }: Target, ...parts: readonly Uint8Array[]): Promise<void> {
  await using client = await RawClient.upgraded(port);
  client.say(...parts, ping("still here"));
  const answered = () => client.frames.some(({ opcode, payload }) => opcode === opcodes.pong && payload.length === 10);
  await until(answered, "the answer to a ping", 10_000);
}

export const frameAttacks: readonly Attack[] = [
  {
    name: "a frame without a mask",
    run: (target) => violates(target, rawFrame({ opcode: 1, payload: "x", masked: false }), 1002),
  },
  {
    name: "each of the reserved bits",
    async run(target) {
      for (const reserved of [1, 2, 4, 7])
        await violates(target, rawFrame({ opcode: 2, reserved, payload: "x" }), 1002);
    },
  },
  {
    name: "each of the reserved opcodes",
    async run(target) {
      for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) await violates(target, rawFrame({ opcode }), 1002);
    },
  },
  {
    name: "control frames in fragments",
    async run(target) {
      for (const opcode of [8, 9, 10]) await violates(target, rawFrame({ opcode, fin: false }), 1002);
    },
  },
  { name: "a ping of 126 bytes", run: (target) => violates(target, ping(Buffer.alloc(126)), 1002) },
  {
    name: "a control frame that says it is 64 KiB long",
    run: (target) => violates(target, rawFrame({ opcode: 9, length: 65_536n, lengthBits: 64 }), 1002),
  },
  { name: "a continuation of nothing", run: (target) => violates(target, rawFrame({ opcode: 0, payload: "x" }), 1002) },
  {
    name: "a message begun within another",
    run: (target) =>
      violates(target, Buffer.concat([rawFrame({ opcode: 1, fin: false, payload: "a" }), text("b")]), 1002),
  },
  {
    name: "a length of 2^63 - 1, of 2^63 and of 2^64 - 1",
    async run(target) {
      for (const length of [2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 53n]) {
        await violates(target, rawFrame({ opcode: 2, length }), 1009, 1002);
      }
    },
  },
  {
    name: "lengths written longer than they need be",
    async run(target) {
      for (const lengthBits of [16, 64] as const) {
        await using client = await RawClient.upgraded(target.port);
        client.say(rawFrame({ opcode: 2, payload: "x", lengthBits }), closeFrame(1000));
        await isSentAway(client, 1000, 1002);
      }
    },
  },
  { name: "text that is no UTF-8", run: (target) => violates(target, rawFrame({ opcode: 1, payload: notUtf8 }), 1007) },
  {
    name: "text that is cut within a letter, in fragments",
    run: (target) =>
      violates(
        target,
        Buffer.concat([
          rawFrame({ opcode: 1, fin: false, payload: Buffer.from([0xe2, 0x82]) }),
          rawFrame({ opcode: 0, payload: Buffer.from([0x28]) }),
        ]),
        1007,
      ),
  },
  { name: "a goodbye that is no UTF-8", run: (target) => violates(target, closeFrame(1000, notUtf8), 1007, 1002) },
  {
    name: "close codes that nobody may send",
    async run(target) {
      for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]) {
        await violates(target, closeFrame(code), 1002);
      }
    },
  },
  { name: "a close of one byte", run: (target) => violates(target, rawFrame({ opcode: 8, payload: "x" }), 1002) },
  {
    name: "data after a goodbye",
    async run({ port }) {
      await using client = await RawClient.upgraded(port);
      client.say(closeFrame(1000), text("FORBIDDEN"), closeFrame(1000), ping("x"));
      await isSentAway(client, 1000);
      if (client.frames.some(({ opcode }) => opcode === opcodes.pong)) throw new Error("It goes on after its goodbye.");
    },
  },
  {
    name: "never answering a goodbye",
    async run({ port }) {
      await using client = await RawClient.upgraded(port);
      client.answersGoodbye = false;
      client.say(rawFrame({ opcode: 3 }));
      // It is cut all the same, and not after the half a minute that a library would wait.
      await client.ended(5_000);
    },
  },
  {
    name: "a message of 4 MiB and one byte",
    run: (target) => violates(target, rawFrame({ opcode: 2, length: BigInt(maxFrameBytes * 4 + 1) }), 1009),
  },
  { name: "a message just above the limit", run: (target) => endures(target, binary(Buffer.alloc(maxFrameBytes + 1))) },
];
