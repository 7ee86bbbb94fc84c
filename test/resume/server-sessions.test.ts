import { BusTaskCancelMessage, BusTaskRequestMessage, BusTaskResponseMessage } from "trunkline";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { type HandClient, messageOf } from "./hand-client.ts";
import { interrupt, Stage } from "./server-stage.ts";

const toAssistant = { source: "acme", target: "assistant" };

/** The answers the client has heard, by task id. */
function answersIn(client: HandClient): Record<string, unknown[]> {
  const answers: Record<string, unknown[]> = {};
  for (const frame of client.frames) {
    const message = messageOf(frame);
    if (!(message instanceof BusTaskResponseMessage)) continue;
    answers[message.taskId] = [...(answers[message.taskId] ?? []), message.response];
  }
  return answers;
}

describe("a session that was suspended and is resumed", () => {
  it("is the same session with the same runner, agents and state, and its signal has not been aborted", async () => {
    let built = 0;
    await using stage = await Stage.open({
      authenticate: () => {
        built += 1;
        return "ann";
      },
    });
    const { client, staged } = await stage.joined();
    const { session, assistant } = staged;
    const { id, runner, principal, request } = session;
    for (let round = 1; round <= 5; round++) {
      client.say(new BusTaskRequestMessage({ ...toAssistant, taskId: `${round}`, taskName: "count" }));
      if (round % 2 === 0) await client.hears((it) => answersIn(it)[`${round}`] !== undefined, "the answer");
      await interrupt({ client, staged });
      expect(session.signal.aborted).toBe(false);
      expect(assistant.ready).toBe(true);
      expect(stage.server.sessionCount).toBe(1);
      await client.resume();
      await client.hears((it) => answersIn(it)[`${round}`] !== undefined, "the answer");
    }
    expect(answersIn(client)).toEqual(
      Object.fromEntries([1, 2, 3, 4, 5].map((round) => [`${round}`, [{ counted: round }]])),
    );
    expect(stage.sessions).toHaveLength(1);
    expect({ id, runner, principal, request }).toEqual({
      id: session.id,
      runner: session.runner,
      principal: session.principal,
      request: session.request,
    });
    expect(runner.registry.has("acme")).toBe(true);
    // The client was asked who it is at every connection.
    expect(built).toBe(6);
    expect(stage.errors).toEqual([]);
  });

  it("keeps the tasks in flight: the one the assistant does, and the one it has asked, untouched", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    const { assistant } = staged;
    client.say(new BusTaskRequestMessage({ ...toAssistant, taskId: "held", taskName: "hold" }));
    await until(() => assistant.held.length === 1, "the task being held");
    const asked = assistant.task("acme", { name: "think", timeoutMs: 60_000 });
    await client.hears(({ received }) => received === 2, "the request");
    const request = client.frames.map((frame) => messageOf(frame)).find((it) => it instanceof BusTaskRequestMessage);

    for (let round = 0; round < 3; round++) {
      await interrupt({ client, staged });
      expect(assistant.held[0]?.signal.aborted).toBe(false);
      await client.resume();
    }
    await interrupt({ client, staged });
    assistant.release.resolve();
    const taskId = request?.taskId as string;
    const response = { thought: 42 };
    client.say(new BusTaskResponseMessage({ ...toAssistant, taskId, status: "completed", response }));
    await client.resume();

    expect(await asked).toEqual(response);
    await client.hears((it) => answersIn(it).held !== undefined, "the answer");
    expect(answersIn(client).held).toEqual([{ held: true }]);
    expect(assistant.held).toHaveLength(1);
    expect(staged.recording.all(BusTaskCancelMessage)).toEqual([]);
    expect(assistant.activeTasks.size).toBe(0);
  });

  it("waits for its client with a task that was asked while it was away", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    client.say("here I am");
    await until(() => staged.session.runner.registry.has("acme"), "the client's agent being known");
    await interrupt({ client, staged });
    const asked = staged.assistant.task("acme", { name: "think", timeoutMs: 60_000 });
    await client.resume();
    await client.hears(({ frames }) => frames.some((frame) => messageOf(frame) instanceof BusTaskRequestMessage));
    const request = client.frames.map((frame) => messageOf(frame)).find((it) => it instanceof BusTaskRequestMessage);
    const taskId = request?.taskId as string;
    client.say(new BusTaskResponseMessage({ ...toAssistant, taskId, status: "completed", response: "thought" }));
    expect(await asked).toBe("thought");
  });

  it("does not tell its agents that the client's agent has gone", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    const seen: string[] = [];
    staged.assistant.on("agentReady", ({ agentName }) => void seen.push(`ready ${agentName}`));
    staged.assistant.on("agentGone", ({ agentName }) => void seen.push(`gone ${agentName}`));
    await staged.assistant.watchAgent("acme");
    client.say("here I am");
    await until(() => seen.length === 1, "the client's agent being known");
    for (let round = 0; round < 3; round++) {
      await interrupt({ client, staged });
      await client.resume();
    }
    client.say("still");
    await until(() => staged.texts.length === 2, "the session being served");
    expect(seen).toEqual(["ready acme"]);
    client.socket.close(4500);
    await until(() => seen.length === 2, "the client's agent being gone");
    expect(seen).toEqual(["ready acme", "gone acme"]);
  });
});

describe("many sessions", () => {
  it("never mix: each hears its own client, and each client its own session, over random cuts and take-overs", async () => {
    await using stage = await Stage.open({}, { echo: true });
    const joined: Awaited<ReturnType<Stage["joined"]>>[] = [];
    for (let count = 0; count < 12; count++) joined.push(await stage.joined());
    // The same way for every run.
    let state = 7;
    const random = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * below);
    };
    const said = joined.map((): string[] => []);
    for (let step = 0; step < 400; step++) {
      const index = random(joined.length);
      const { client, staged } = joined[index] as (typeof joined)[number];
      const text = `client ${index}, text ${said[index]?.length}`;
      client.say(text);
      said[index]?.push(text);
      const what = random(4);
      if (what === 0) await client.cut();
      if (what <= 1) await client.resume();
      else if (what === 2) staged.offer(`session ${index}`);
    }
    for (const [index, { client, staged }] of joined.entries()) {
      const own = said[index] as string[];
      await client.hears(({ texts }) => texts.filter((it) => it.startsWith("echo")).length === own.length, "echoes");
      expect(staged.texts).toEqual(own);
      expect(client.texts.filter((it) => it.startsWith("echo"))).toEqual(own.map((text) => `echo ${text}`));
      const others = client.texts.filter((it) => !it.startsWith("echo") && it !== `session ${index}`);
      expect(others).toEqual([]);
    }
    expect(stage.sessions).toHaveLength(12);
  });

  it("a token is good for its own session alone", async () => {
    await using stage = await Stage.open();
    const one = await stage.joined();
    const two = await stage.joined();
    await interrupt(one);
    await interrupt(two);
    const crossed = await one.client.connect({ sid: two.client.sid });
    expect(await crossed.ended()).toMatchObject({ code: 4501 });
    await one.client.resume();
    await two.client.resume();
    one.client.say("one");
    two.client.say("two");
    await until(() => one.staged.texts.length + two.staged.texts.length === 2);
    expect([one.staged.texts, two.staged.texts]).toEqual([["one"], ["two"]]);
  });

  it("four hundred resumes leave nothing behind", async () => {
    await using stage = await Stage.open();
    const { client, staged } = await stage.joined();
    for (let round = 0; round < 400; round++) {
      await client.resume();
      client.say(`${round}`);
    }
    await until(() => staged.texts.length === 400, "all texts");
    await client.hears(({ acknowledged }) => acknowledged.at(-1) === 400, "all being acknowledged");
    expect(stage.server.sessionCount).toBe(1);
    await client.leave();
    await until(() => stage.server.sessionCount === 0, "the session being over");
  });
});
