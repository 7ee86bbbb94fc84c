import { type Frame, type FrameDirection, TextFrame, UserStartedSpeakingFrame } from "trunkline";
import { type HeldFrame, tool } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { Running } from "../support/running.ts";
import { turns, until } from "../support/settled.ts";
import { anything, call, Host, ScriptedAgent, talk } from "./conversation.ts";
import { gate } from "./harness.ts";
import { ScriptedModel, type Step } from "./scripted-model.ts";

describe("frames queued while tools run", () => {
  class Note extends TextFrame {}

  async function withTool(...calls: readonly Step[]) {
    const release = [gate(), gate()];
    const started: string[] = [];
    const rig = await talk(
      () => ({
        wait: tool({
          description: "",
          parameters: anything,
          execute: async (_, { toolCallId }) => {
            started.push(toolCallId);
            await release[Number(toolCallId) - 1]?.promise;
          },
        }),
        fail: tool({
          description: "",
          parameters: anything,
          execute: async () => {
            started.push("fail");
            await release[0]?.promise;
            throw new Error("no");
          },
        }),
      }),
      calls,
      ["Done."],
    );
    await rig.activate();
    await rig.host.say("go");
    await until(() => started.length === calls.length);
    const notes = () =>
      rig.assistant.entered.flatMap(([frame, direction]): [string, FrameDirection][] =>
        frame instanceof Note ? [[frame.text, direction]] : [],
      );
    return { ...rig, release, notes };
  }
  const note = (text: string): Frame => new Note({ text });

  it('"With no tool running a queued frame is delivered at once"', async () => {
    const { running, assistant } = await talk(() => ({}));
    await using _ = running;
    expect(assistant.toolCallActive).toBe(false);
    await assistant.queueFrame(note("now"));
    await until(() => assistant.entered.some(([frame]) => frame instanceof Note));
  });

  it("the 16,385th that is held is refused", { timeout: 30_000 }, async () => {
    const { running, assistant, release, notes } = await withTool(call("wait", "1"));
    await using _ = running;
    for (let index = 0; index < 16_384; index++) await assistant.queueFrame(note(`${index}`));
    await expect(assistant.queueFrame(note("one too many"))).rejects.toMatchObject({ code: "TL_QUEUE_FULL" });
    await assistant.queueFrame(new UserStartedSpeakingFrame());
    release[0]?.open();
    await until(() => notes().length === 16_384, "all that were held", 20_000);
  });

  it('"While a tool runs queued frames are held with their direction", "Held frames keep FIFO order", and follow the result', async () => {
    const { running, assistant, release, notes } = await withTool(call("wait", "1"));
    await using _ = running;
    expect(assistant.toolCallActive).toBe(true);
    const marked = note("marked");
    marked.metadata = { mark: 1 };
    await assistant.queueFrame(note("down"));
    await assistant.queueFrame(note("up"), "upstream");
    await assistant.queueFrame(marked);
    await assistant.queueFrame(new UserStartedSpeakingFrame());
    await until(() => assistant.entered.some(([frame]) => frame instanceof UserStartedSpeakingFrame));
    expect(notes()).toEqual([]);
    release[0]?.open();
    await until(() => notes().length === 3);
    expect(assistant.toolCallActive).toBe(false);
    expect(
      notes()
        .filter(([, direction]) => direction === "downstream")
        .map(([text]) => text),
    ).toEqual(["down", "marked"]);
    expect(notes()).toContainEqual(["up", "upstream"]);
    // "Frame attributes survive deferral"
    expect(assistant.entered.find(([frame]) => frame === marked)?.[0].metadata).toEqual({ mark: 1 });
  });

  it('"With parallel tools they are delivered only after the last one"', async () => {
    const { running, assistant, release, notes, host } = await withTool(call("wait", "1"), call("wait", "2"));
    await using _ = running;
    await assistant.queueFrame(note("held"));
    release[0]?.open();
    await until(() => host.transcript.includes("tool: COMPLETED"));
    expect([assistant.toolCallActive, notes()]).toEqual([true, []]);
    release[1]?.open();
    await until(() => notes().length === 1);
  });

  it('"A throwing tool still decrements the count and releases frames"', async () => {
    const { running, assistant, release, notes } = await withTool(call("fail"));
    await using _ = running;
    await assistant.queueFrame(note("held"));
    release[0]?.open();
    await until(() => notes().length === 1);
    expect(assistant.toolCallActive).toBe(false);
  });
});

describe("what becomes of held frames", () => {
  class Note extends TextFrame {}
  const note = (text: string) => ({ frame: new Note({ text }), direction: "downstream" as const });

  /** An agent whose tool is waiting, with two frames held; `release` is its hook. */
  async function holding(
    release: (held: readonly HeldFrame[]) => readonly HeldFrame[] | Promise<readonly HeldFrame[]>,
  ) {
    const finish = gate();
    const model = new ScriptedModel([call("wait")], ["Done."]);
    class Agent extends ScriptedAgent {
      protected override releaseHeldFrames(held: readonly HeldFrame[]) {
        return release(held);
      }
    }
    let host!: Host;
    let agent!: Agent;
    const running = await Running.with(({ bus }) => {
      host = new Host({ bus });
      const wait = tool({ description: "", parameters: anything, execute: () => finish.promise });
      agent = new Agent("assistant", { bus, model, active: true, tools: () => ({ wait }) });
      return [host, agent];
    });
    await host.say("go");
    await until(() => agent.toolCallActive);
    await agent.queueFrame(note("one").frame);
    await agent.queueFrame(note("two").frame);
    const texts = () => agent.entered.flatMap(([frame]) => (frame instanceof Note ? [frame.text] : []));
    return { running, agent, finish, texts };
  }

  it("is for the agent to say: it may change, reorder and drop them", async () => {
    const seen: string[] = [];
    const { running, finish, texts } = await holding((held) => {
      seen.push(...held.map(({ frame }) => (frame instanceof Note ? frame.text : frame.name)));
      return [note("three"), ...held.slice(1)];
    });
    await using _ = running;
    finish.open();
    await until(() => texts().length === 2);
    expect(seen).toEqual(["one", "two"]);
    expect(texts()).toEqual(["three", "two"]);
  });

  it("may take its time to decide: what is queued meanwhile comes behind them", async () => {
    const decided = gate();
    const { running, agent, finish, texts } = await holding((held) => decided.promise.then(() => held));
    await using _ = running;
    finish.open();
    await until(() => !agent.toolCallActive);
    await agent.queueFrame(note("later").frame);
    await turns();
    expect(texts()).toEqual([]);
    decided.open();
    await until(() => texts().length === 3);
    expect(texts()).toEqual(["one", "two", "later"]);
    await agent.queueFrame(note("at once").frame);
    await until(() => texts().length === 4);
  });

  it("stays as it was when the hook throws, which is reported", async () => {
    const { running, finish, texts } = await holding(() => {
      throw new Error("no idea");
    });
    await using _ = running;
    finish.open();
    await until(() => texts().length === 2);
    expect(texts()).toEqual(["one", "two"]);
    expect(running.errors.map(({ message }) => message)).toEqual([expect.stringContaining("no idea")]);
  });
});
