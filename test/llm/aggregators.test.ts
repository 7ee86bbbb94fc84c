import {
  EndFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  FunctionCallCancelFrame,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
  type FunctionCallResultFrameInit,
  FunctionCallsStartedFrame,
  InterimTranscriptionFrame,
  InterruptionFrame,
  LLMContextFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMMessagesAppendFrame,
  LLMMessagesUpdateFrame,
  LLMRunFrame,
  LLMSetToolChoiceFrame,
  LLMSetToolsFrame,
  LLMTextFrame,
  TextFrame,
  TranscriptionFrame,
  TTSSpeakFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
} from "trunkline";
import { createContextAggregators, LLMContext, LLMService, tool } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Recorder, rig } from "./harness.ts";
import { ScriptedModel } from "./scripted-model.ts";

const said = (text: string) => new TranscriptionFrame({ text, userId: "u", timestamp: "" });
const perhaps = (text: string) => new InterimTranscriptionFrame({ text, userId: "u", timestamp: "" });

/** Notes how often the model is asked from below. */
class Above extends FrameProcessor {
  asked = 0;
  override process(frame: Frame, direction: FrameDirection) {
    if (frame instanceof LLMContextFrame && direction === "upstream") {
      this.asked += 1;
      return undefined;
    }
    return this.push(frame, direction);
  }
}

async function userRig() {
  const context = new LLMContext();
  return { context, ...(await rig(createContextAggregators(context).user)) };
}

async function assistantRig() {
  const context = new LLMContext();
  const above = new Above();
  const { task, last } = await rig(above, createContextAggregators(context).assistant);
  const play = async (...frames: Frame[]) => {
    for (const frame of frames) await task.queueFrame(frame);
  };
  return { context, above, task, last, play };
}

describe("the user's aggregator", () => {
  it("adds typed text at once and asks for an answer", async () => {
    const { context, task, last } = await userRig();
    await task.queueFrame(said(" hello "));
    await task.queueFrame(said("  "));
    await task.end();
    expect(context.messages).toEqual([{ role: "user", content: "hello" }]);
    expect(last.story).toEqual(["StartFrame", "LLMContextFrame", "EndFrame"]);
    expect(last.all(LLMContextFrame)[0]?.context).toBe(context);
  });

  it("gathers the words of a turn and asks once, when it ends", async () => {
    const { context, task, last } = await userRig();
    await task.queueFrame(new UserStartedSpeakingFrame());
    await last.until(UserStartedSpeakingFrame);
    for (const frame of [perhaps("I"), said("I would"), said("like tea")]) await task.queueFrame(frame);
    // In order behind the words, as a system frame is not.
    await task.queueFrame(new TextFrame({ text: "behind" }));
    await last.until(TextFrame);
    expect(context.messages).toEqual([]);
    await task.queueFrame(new UserStoppedSpeakingFrame());
    await task.end();
    expect(context.messages).toEqual([{ role: "user", content: "I would like tea" }]);
    expect(last.all(LLMContextFrame)).toHaveLength(1);
  });

  it("adds what is recognized only after the turn has ended", async () => {
    const { context, task, last } = await userRig();
    await task.queueFrame(new UserStartedSpeakingFrame());
    await task.queueFrame(new UserStoppedSpeakingFrame());
    await last.until(UserStoppedSpeakingFrame);
    expect(last.all(LLMContextFrame)).toEqual([]);
    await task.queueFrame(said("late"));
    await task.end();
    expect(context.messages).toEqual([{ role: "user", content: "late" }]);
    expect(last.all(LLMContextFrame)).toHaveLength(1);
  });

  it("keeps the words of a turn that the end cuts off", async () => {
    const { context, task, last } = await userRig();
    await task.queueFrame(new UserStartedSpeakingFrame());
    await last.until(UserStartedSpeakingFrame);
    await task.queueFrame(said("but I"));
    await task.end();
    expect(context.messages).toEqual([{ role: "user", content: "but I" }]);
    expect(last.all(LLMContextFrame)).toEqual([]);
  });

  it("obeys the frames that change the conversation, and asks downstream", async () => {
    const { context, task, last } = await userRig();
    const tools = [{ name: "a", description: "", parameters: { type: "object" } }];
    const [one, two] = [
      { role: "user" as const, content: "1" },
      { role: "developer" as const, content: "2" },
    ];
    await task.queueFrame(new LLMSetToolsFrame({ tools }));
    await task.queueFrame(new LLMSetToolChoiceFrame({ toolChoice: "required" }));
    await task.queueFrame(new LLMMessagesAppendFrame({ messages: [one] }));
    await task.queueFrame(new LLMMessagesUpdateFrame({ messages: [two] }));
    await task.queueFrame(new LLMMessagesAppendFrame({ messages: [one], runLlm: true }));
    await task.queueFrame(new LLMRunFrame());
    await task.end();
    expect(context.messages).toEqual([two, one]);
    expect(context.tools).toEqual(tools);
    expect(context.toolChoice).toBe("required");
    expect(last.story).toEqual(["StartFrame", "LLMContextFrame", "LLMContextFrame", "EndFrame"]);
  });
});

describe("the assistant's aggregator", () => {
  const words = (...texts: string[]) => texts.map((text) => new LLMTextFrame({ text }));
  const call = (toolCallId: string, groupId?: string) => ({
    functionName: "f",
    toolCallId,
    arguments: { a: 1 },
    groupId,
  });
  const progress = (id: string, group?: string) => new FunctionCallInProgressFrame(call(id, group));
  const result = (id: string, more: Partial<FunctionCallResultFrameInit> = {}) =>
    new FunctionCallResultFrame({ ...call(id), result: { ok: id }, ...more });
  const calls = (id: string) => ({
    role: "assistant",
    tool_calls: [{ id, type: "function", function: { name: "f", arguments: '{"a":1}' } }],
  });

  it("makes one message of an answer and passes its frames on", async () => {
    const { context, task, last, play } = await assistantRig();
    const silent = new LLMTextFrame({ text: "(aside)", appendToContext: false });
    await play(new LLMFullResponseStartFrame(), ...words("Hel", "lo"), silent, new LLMFullResponseEndFrame());
    await play(new LLMFullResponseStartFrame(), new TextFrame({ text: "one" }), new TextFrame({ text: "two" }));
    await play(new LLMFullResponseEndFrame(), new TextFrame({ text: "no answer" }));
    await task.end();
    expect(context.messages).toEqual([
      { role: "assistant", content: "Hello" },
      { role: "assistant", content: "one two" },
    ]);
    expect(last.said).toBe("Hello(aside)");
  });

  it("remembers an interrupted answer as far as it came", async () => {
    const { context, task, last, play } = await assistantRig();
    await play(new LLMFullResponseStartFrame(), ...words("so far"));
    await last.until(LLMTextFrame);
    await play(new InterruptionFrame());
    await last.until(InterruptionFrame);
    await play(...words(" never"), new LLMFullResponseEndFrame());
    await task.end();
    expect(context.messages).toEqual([{ role: "assistant", content: "so far" }]);
  });

  it("keeps an answer whose end is lost apart from the next, and what the end of all cuts off", async () => {
    const { context, task, play } = await assistantRig();
    await play(new LLMFullResponseStartFrame(), ...words("one"), new LLMFullResponseStartFrame(), ...words("two"));
    await task.end();
    expect(context.messages.map((message) => "content" in message && message.content)).toEqual(["one", "two"]);
  });

  it("hears the next agent's answer, though the end of an interrupted one of another comes in its middle", async () => {
    const { context, task, last, play } = await assistantRig();
    await play(new LLMFullResponseStartFrame(), ...words("One"));
    await last.until(LLMTextFrame);
    await play(new InterruptionFrame());
    await last.until(InterruptionFrame);
    await play(...words("too late"), new LLMFullResponseStartFrame(), ...words("Two"));
    await play(new LLMFullResponseEndFrame(), ...words("and", " three"), new LLMFullResponseEndFrame());
    await task.end();
    expect(context.messages.map((message) => "content" in message && message.content)).toEqual([
      "One",
      "Two",
      "and three",
    ]);
  });

  it("remembers words that were spoken without a model, if they are to be", async () => {
    const { context, task, play } = await assistantRig();
    await play(new TTSSpeakFrame({ text: "Welcome." }), new TTSSpeakFrame({ text: "Ahem.", appendToContext: false }));
    await task.end();
    expect(context.messages).toEqual([{ role: "assistant", content: "Welcome." }]);
  });

  it("writes a call and its result, and asks the model once, upstream, after the last result", async () => {
    const { context, above, task, last, play } = await assistantRig();
    await play(new FunctionCallsStartedFrame({ functionCalls: [call("1"), call("2")] }));
    await play(progress("1", "g"), progress("2", "g"), result("1"));
    await last.until(FunctionCallResultFrame);
    expect(context.messages).toEqual([
      calls("1"),
      { role: "tool", tool_call_id: "1", content: '{"ok":"1"}' },
      calls("2"),
      { role: "tool", tool_call_id: "2", content: "IN_PROGRESS" },
    ]);
    expect(above.asked).toBe(0);
    await play(result("2", { result: undefined }), result("2"), result("unknown"));
    await task.end();
    expect(context.messages.at(-1)).toEqual({ role: "tool", tool_call_id: "2", content: "COMPLETED" });
    expect(above.asked).toBe(1);
  });

  it("knows a group by its id where the calls were not announced", async () => {
    const { above, task, play } = await assistantRig();
    await play(progress("1", "g"), progress("2", "g"), result("1"), result("2"));
    await play(progress("3"), result("3"));
    await task.end();
    expect(above.asked).toBe(2);
  });

  it("does not ask when the result says so, and at once when it says so", async () => {
    const { above, task, play } = await assistantRig();
    await play(progress("1", "g"), progress("2", "g"), result("1", { runLlm: true }), result("2", { runLlm: false }));
    await task.end();
    expect(above.asked).toBe(1);
  });

  it("writes down a cancelled call and asks nobody", async () => {
    const { context, above, task, last, play } = await assistantRig();
    await play(progress("1"));
    await last.until(FunctionCallInProgressFrame);
    await play(new FunctionCallCancelFrame({ functionName: "f", toolCallId: "1" }), result("1"));
    await task.end();
    expect(context.messages.at(-1)).toEqual({ role: "tool", tool_call_id: "1", content: "CANCELLED" });
    expect(above.asked).toBe(0);
  });

  it("obeys the frames that change the conversation, and asks upstream", async () => {
    const { context, above, task, last, play } = await assistantRig();
    await play(new LLMMessagesAppendFrame({ messages: [{ role: "developer", content: "Greet." }], runLlm: true }));
    await task.end();
    expect(context.messages).toHaveLength(1);
    expect(above.asked).toBe(1);
    expect(last.story).toEqual(["StartFrame", "EndFrame"]);
  });
});

describe("a conversation in one pipeline", () => {
  it("goes from the user's words over a tool to the answer, with exactly one follow-up", async () => {
    const context = new LLMContext();
    const model = new ScriptedModel([{ call: "clock", id: "1", args: {} }], ["It is noon."]);
    const service = new LLMService({ model });
    service.registerTools({
      clock: tool({ description: "The time.", parameters: z.object({}), execute: () => "12:00" }),
    });
    const { user, assistant } = createContextAggregators(context);
    const output = new Recorder();
    const { task } = await rig(user, service, output, assistant);
    await task.queueFrame(said("What time is it?"));
    await output.until(LLMFullResponseEndFrame, 2);
    await task.end();
    expect(output.all(EndFrame)).toHaveLength(1);
    expect(model.asked).toHaveLength(2);
    expect(context.messages).toEqual([
      { role: "user", content: "What time is it?" },
      { role: "assistant", tool_calls: [{ id: "1", type: "function", function: { name: "clock", arguments: "{}" } }] },
      { role: "tool", tool_call_id: "1", content: '"12:00"' },
      { role: "assistant", content: "It is noon." },
    ]);
  });
});
