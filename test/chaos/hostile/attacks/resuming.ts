import { until } from "../../../support/settled.ts";
import { MemoryMeter } from "../../memory-meter.ts";
import { RawClient, request, upgradeLines } from "../raw-client.ts";
import { binary, closeFrame, opcodes, ping, text } from "../raw-frame.ts";
import { type Attack, isSentAway } from "./attack.ts";
import { answer, connected, greeted, replaced, returning, wrongToken } from "./session.ts";

function asksToDouble(taskId: string): Buffer {
  const data = { source: "acme", target: "assistant", task_id: taskId, task_name: "double", payload: { n: 4 } };
  return binary(JSON.stringify({ __type__: "pipecat_subagents.bus.messages.BusTaskRequestMessage", __data__: data }));
}

export const resumingAttacks: readonly Attack[] = [
  {
    name: "tokens that are guessed",
    async run(target) {
      await using first = await connected(target);
      const ticket = await greeted(first);
      const turned = ticket.token.startsWith("A") ? "B" : "A";
      const guesses = [`${turned}${ticket.token.slice(1)}`, ticket.sid, "AAAAAAAAAAAAAAAAAAAAAA"];
      for (let index = 0; index < 30; index += 1) {
        await using client = await connected(target);
        client.say(returning({ sid: ticket.sid, token: guesses[index % guesses.length] ?? "" }), binary("FORBIDDEN"));
        await isSentAway(client, wrongToken);
      }
      if (first.over) throw new Error("Guesses have cut the owner's connection.");
      first.reset();
      await using owner = await connected(target);
      owner.say(returning(ticket));
      if ((await answer(owner, "resumed")) === undefined) throw new Error("The owner lost its session to guesses.");
    },
  },
  {
    name: "the token of another session",
    async run(target) {
      await using one = await connected(target);
      await using other = await connected(target);
      const { sid } = await greeted(one);
      const { token } = await greeted(other);
      await using thief = await connected(target);
      thief.say(returning({ sid, token }));
      await isSentAway(thief, wrongToken);
      if (one.over || other.over) throw new Error("A wrong token has cut somebody else's connection.");
    },
  },
  {
    name: "a session that never was",
    async run(target) {
      await using client = await connected(target);
      client.say(returning({ sid: "BBBBBBBBBBBBBBBBBBBBBB", token: "AAAAAAAAAAAAAAAAAAAAAA" }));
      const welcome = await answer(client, "welcome");
      if (!welcome?.includes('"lost":"unknown"')) throw new Error(`It was answered with ${welcome}.`);
    },
  },
  {
    name: "fifty take-overs with one token, at once",
    async run(target) {
      await using first = await connected(target);
      const ticket = await greeted(first);
      const clients = await Promise.all(Array.from({ length: 50 }, () => connected(target)));
      for (const client of clients) client.say(returning(ticket));
      await until(() => clients.every((client) => client.over || client.texts.length > 0), "an answer to each");
      await first.ended();
      const holding = () => clients.filter(({ over }) => !over).length;
      await until(() => holding() <= 1, "one connection holding the session");
      const codes = new Set(clients.filter(({ over }) => over).map(({ closeCode }) => closeCode));
      for (const code of codes) {
        if (code !== wrongToken && code !== replaced) throw new Error(`One was closed with ${code}.`);
      }
      for (const client of clients) await client[Symbol.asyncDispose]();
    },
  },
  {
    name: "twenty thousand acknowledgements of nothing",
    async run(target) {
      await using client = await connected(target);
      await greeted(client);
      const many = Buffer.concat(Array.from({ length: 1_000 }, () => text('{"t":"ack","received":0}')));
      for (let index = 0; index < 20; index += 1) await client.press(many);
      client.say(ping("after"));
      await until(() => client.frames.some(({ opcode }) => opcode === opcodes.pong), "the answer to a ping");
      const answers = client.texts.filter((said) => said.includes('"ack"')).length;
      if (answers > 200) throw new Error(`It answered ${answers} times.`);
    },
  },
  {
    name: "acknowledgements that are asked for and not read",
    async run(target, share, excuse) {
      await using client = await connected(target);
      await greeted(client);
      client.socket.pause();
      const memory = await excuse(() => MemoryMeter.started());
      const many = Buffer.concat(Array.from({ length: 1_000 }, () => text('{"t":"skip","count":64}')));
      for (let index = 0; index < 300 * share && !client.over; index += 1) {
        if (!(await client.press(many))) break;
      }
      const piledUp = (await excuse(() => memory.stop())) / 2 ** 20;
      if (piledUp > 12) throw new Error(`${piledUp.toFixed(0)} MiB pile up for a client that does not read.`);
    },
  },
  {
    name: "answers that are neither read nor acknowledged",
    async run(target) {
      await using client = await connected(target);
      await greeted(client);
      client.socket.pause();
      for (let index = 0; index < 50; index += 1) {
        const tasks = Array.from({ length: 100 }, (_, task) => asksToDouble(`${index}-${task}`));
        if (!(await client.press(Buffer.concat(tasks)))) break;
      }
      await target.servesOthers();
    },
  },
  {
    name: "messages after bye",
    async run(target) {
      await using client = await connected(target);
      await greeted(client);
      client.say(text('{"t":"bye"}'), binary("FORBIDDEN"), text('{"t":"ack","received":99}'), closeFrame(1000));
      await client.ended();
    },
  },
  {
    name: "a bye, and staying",
    async run(target) {
      await using client = await connected(target);
      await greeted(client);
      client.say(text('{"t":"bye"}'));
      await client.ended();
    },
  },
  {
    name: "subprotocols that look like it",
    async run({ port }) {
      for (const name of ["TRUNKLINE.RESUME.V1", "trunkline.resume.v2", "trunkline.resume.v1x", "trunkline.resume"]) {
        await using client = await RawClient.connected(port);
        client.say(request([...upgradeLines, `Sec-WebSocket-Protocol: ${name}`]));
        await until(() => client.over || client.status !== undefined, "an answer to the handshake");
        if (/sec-websocket-protocol/i.test(client.head)) throw new Error(`The server agreed on ${name}.`);
      }
    },
  },
];
