import { binary, opcodes, rawFrame, text } from "../raw-frame.ts";
import type { Target } from "../target.ts";
import { type Attack, isSentAway } from "./attack.ts";
import { connected, greeted, newcomer, violation } from "./session.ts";

/** Said in place of hello, it ends the connection. */
async function isNoHello(target: Target, ...parts: readonly Uint8Array[]): Promise<void> {
  await using client = await connected(target);
  client.say(...parts, binary("FORBIDDEN"));
  await isSentAway(client, violation);
}

/** Said in a session, it ends the session. */
async function isNoWordOfASession(target: Target, ...said: readonly (string | Uint8Array)[]): Promise<void> {
  for (const word of said) {
    await using client = await connected(target);
    await greeted(client);
    client.say(typeof word === "string" ? text(word) : word, binary("FORBIDDEN"));
    await isSentAway(client, violation);
  }
}

export const sessionWordAttacks: readonly Attack[] = [
  { name: "a message before hello", run: (target) => isNoHello(target, binary("x")) },
  {
    name: "a hello of 5 KiB",
    run: (target) => isNoHello(target, text(`{"t":"hello","v":1,"x":"${"y".repeat(5_000)}"}`)),
  },
  {
    name: "hellos that are none",
    async run(target) {
      const wrong = ["", "hello", "null", "[]", "{}", '{"t":"hello"}', '{"t":"hello","v":2,"sid":null,"received":0}'];
      wrong.push('{"t":"hello","v":1,"sid":"x","received":0}', '{"t":"hello","v":1,"sid":null,"received":-1}');
      wrong.push('{"t":"__proto__","v":1,"sid":null,"received":0}', '{"__proto__":{"t":"hello","v":1,"received":0}}');
      for (const said of wrong) await isNoHello(target, text(said));
    },
  },
  {
    name: "silence in place of hello, and a hello that drips",
    isSlow: true,
    async run(target) {
      await using silent = await connected(target);
      await using dripping = await connected(target);
      for (const byte of newcomer.subarray(0, 14)) {
        dripping.say(Buffer.from([byte]));
        await new Promise((resolve) => setTimeout(resolve, 400));
      }
      await Promise.all([silent.ended(7_000), dripping.ended(7_000)]);
    },
  },
  {
    name: "a thousand hellos in a session",
    async run(target) {
      await using client = await connected(target);
      client.say(...Array.from({ length: 1_000 }, () => newcomer));
      await isSentAway(client, violation);
      const welcomes = client.texts.filter((said) => said.includes('"welcome"')).length;
      if (welcomes > 1) throw new Error(`${welcomes} sessions were begun on one connection.`);
    },
  },
  {
    name: "fifty sessions that are begun and dropped",
    async run(target) {
      for (let index = 0; index < 50; index += 1) {
        await using client = await connected(target);
        if (index % 2 === 0) await greeted(client);
        else client.say(newcomer);
        client.reset();
      }
    },
  },
  {
    name: "acknowledging what was never sent",
    run: (target) =>
      isNoWordOfASession(
        target,
        ...["1000", "9007199254740991", "9007199254740992", "-1", "0.5", '"0"', "null", "1e400"].map(
          (number) => `{"t":"ack","received":${number}}`,
        ),
      ),
  },
  {
    name: "leaving out more than there can be",
    async run(target) {
      const counts = ["9007199254740992", "0", "-1", "0.5", "1e400", "null"];
      await isNoWordOfASession(target, ...counts.map((count) => `{"t":"skip","count":${count}}`));
      const most = text('{"t":"skip","count":9007199254740991}');
      await isNoWordOfASession(target, Buffer.concat([most, most]));
    },
  },
  {
    name: "the server's own words",
    run: (target) =>
      isNoWordOfASession(
        target,
        '{"t":"resumed","received":0,"token":"AAAAAAAAAAAAAAAAAAAAAA"}',
        '{"t":"welcome","sid":"AAAAAAAAAAAAAAAAAAAAAA","token":"AAAAAAAAAAAAAAAAAAAAAA","windowMs":1,"max":{"frame":1,"messages":1,"bytes":1},"heartbeatMs":1}',
      ),
  },
  {
    name: "text that is no control frame, in a session",
    run: (target) =>
      isNoWordOfASession(
        target,
        "x",
        '{"t":"ack"',
        '{"t":"toString"}',
        "[".repeat(2_000),
        `{"t":"bye","x":"${"y".repeat(5_000)}"}`,
        rawFrame({ opcode: opcodes.text, payload: Buffer.alloc(1_048_577, 0x20) }),
      ),
  },
];
