import { type Frame, type FrameDirection, TextFrame, UserStartedSpeakingFrame } from "trunkline";
import { tool } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { anything, call, talk } from "./conversation.ts";
import { gate } from "./harness.ts";
import type { Step } from "./scripted-model.ts";

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
