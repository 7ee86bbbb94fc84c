import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  FunctionCallCancelFrame,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
  FunctionCallsStartedFrame,
  InterruptionFrame,
  LLMContextFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMMessagesAppendFrame,
  LLMRunFrame,
  LLMTextFrame,
  TranscriptionFrame,
  TTSSpeakFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
} from "trunkline";
import { type ContextAggregatorsOptions, createContextAggregators, LLMContext } from "trunkline/llm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { developer } from "./conversation.ts";
import { rig } from "./harness.ts";

const said = (text: string, finalized = false) =>
  new TranscriptionFrame({ text, userId: "kim", timestamp: "", finalized });

/** Stands where the model would and notes how long the conversation was at each question. */
class Asked extends FrameProcessor {
  readonly lengths: number[] = [];
  override process(frame: Frame, direction: FrameDirection) {
    if (!(frame instanceof LLMContextFrame)) return this.push(frame, direction);
    this.lengths.push(frame.context.messages.length);
    return undefined;
  }
}

async function conversation(options?: ContextAggregatorsOptions) {
  const context = new LLMContext();
  const { user, assistant } = createContextAggregators(context, options);
  const asked = new Asked();
  const { task, last } = await rig(user, asked, assistant);
  const play = async (...frames: Frame[]) => {
    for (const frame of frames) await task.queueFrame(frame);
  };
  let count = 0;
  /** Resolves once all data that was played has passed. */
  const passed = async () => {
    const mark = new LLMTextFrame({ text: `mark ${++count}`, appendToContext: false });
    await task.queueFrame(mark);
    while (!last.seen.includes(mark)) await last.until(LLMTextFrame, last.all(LLMTextFrame).length + 1);
  };
  const settled = async () => {
    await passed();
    // What was asked upstream is above by now; the second one comes behind it there.
    await passed();
  };
  const start = async () => {
    await play(new UserStartedSpeakingFrame());
    await last.until(UserStartedSpeakingFrame, ++starts);
  };
  let starts = 0;
  let stops = 0;
  const stop = async () => {
    await play(new UserStoppedSpeakingFrame());
    await last.until(UserStoppedSpeakingFrame, ++stops);
  };
  const words = () => context.messages.map((message) => "content" in message && message.content);
  return { context, user, assistant, asked, task, last, play, settled, start, stop, words };
}

describe("a turn that ends", () => {
  it("is told to who listens to the user's aggregator, with its words and who said them", async () => {
    const { user, task, play, start, stop, settled } = await conversation();
    const heard: unknown[] = [];
    user.on("turnStopped", (turn) => heard.push(turn));
    await play(said(" typed "));
    await settled();
    await start();
    await play(said("I would"), said("like tea"));
    await settled();
    await stop();
    await task.end();
    expect(heard).toEqual([
      { content: "typed", userId: "kim" },
      { content: "I would like tea", userId: "kim" },
    ]);
  });

  it("is told to who listens to the assistant's aggregator, with what stands in the conversation", async () => {
    const { assistant, task, play, last, words } = await conversation();
    const heard: unknown[] = [];
    const off = assistant.on("turnStopped", (turn) => heard.push(turn));
    const text = (...texts: string[]) => texts.map((chunk) => new LLMTextFrame({ text: chunk }));
    await play(new LLMFullResponseStartFrame(), ...text("Hel", "lo "), new LLMFullResponseEndFrame());
    await play(new TTSSpeakFrame({ text: "Ahem." }), new LLMFullResponseStartFrame(), ...text("so far"));
    await last.until(LLMTextFrame, 3);
    await play(new InterruptionFrame());
    await last.until(InterruptionFrame);
    await play(new LLMFullResponseEndFrame());
    await task.end();
    expect(heard).toEqual([
      { content: "Hello", interrupted: false },
      { content: "Ahem.", interrupted: false },
      { content: "so far", interrupted: true },
    ]);
    expect(words()).toEqual(["Hello", "Ahem.", "so far"]);
    off();
  });

  it("does not wait for who listens, and reports what that throws", async () => {
    const context = new LLMContext();
    const { user, assistant } = createContextAggregators(context);
    const { task, last, errorCount } = await rig(user, assistant);
    user.on("turnStopped", async () => {
      throw new Error("no");
    });
    user.once("turnStopped", () => new Promise(() => {}));
    await task.queueFrame(said("one"));
    await errorCount(1);
    await task.queueFrame(said("two"));
    await errorCount(2);
    // The error goes up, the question down: either may be the first to arrive.
    await last.until(LLMContextFrame, 2);
    await task.end();
    expect(last.all(LLMContextFrame)).toHaveLength(2);
  });
});

describe("while the user speaks", () => {
  const call = { functionName: "f", toolCallId: "1", arguments: {} };
  const progress = () => new FunctionCallInProgressFrame(call);
  const result = () => new FunctionCallResultFrame({ ...call, result: "done" });
  const append = () => new LLMMessagesAppendFrame({ messages: [developer("Go on.")], runLlm: true });

  it("nothing is answered; all of it is asked once when the turn ends, behind the words", async () => {
    const { asked, task, play, start, stop, settled, words } = await conversation();
    await play(progress());
    await settled();
    await start();
    await play(said("and then"), result(), append(), new LLMRunFrame());
    await settled();
    expect(asked.lengths).toEqual([]);
    await stop();
    await task.end();
    expect(words()).toEqual([false, '"done"', "Go on.", "and then"]);
    expect(asked.lengths).toEqual([4]);
  });

  it.each([
    ["the result of a tool", result],
    ["messages that ask for an answer", append],
    ["a run", () => new LLMRunFrame()],
  ])("%s that waits is answered although no word comes, once it is clear that none does", async (_, question) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const { asked, task, play, start, stop, settled } = await conversation({ lateWordsMs: 400 });
      await play(progress());
      await start();
      await play(new InterruptionFrame(), question());
      await settled();
      await stop();
      await settled();
      vi.advanceTimersByTime(399);
      await settled();
      expect(asked.lengths).toEqual([]);
      vi.advanceTimersByTime(1);
      await settled();
      expect(asked.lengths).toHaveLength(1);
      await task.end();
      expect(asked.lengths).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("an interruption does not swallow what waits", async () => {
    const { asked, task, play, start, stop, settled, last } = await conversation();
    await start();
    await play(append());
    await settled();
    await play(new InterruptionFrame());
    await last.until(InterruptionFrame);
    await stop();
    // The end of all does not leave it unasked either.
    await task.end();
    expect(asked.lengths).toEqual([1]);
  });

  it("in one conversation, another one goes on", async () => {
    const [one, two] = [await conversation(), await conversation()];
    await one.start();
    await two.play(new LLMRunFrame());
    await two.settled();
    expect(two.asked.lengths).toEqual([0]);
    await Promise.all([one.task.end(), two.task.end()]);
    expect(one.asked.lengths).toEqual([]);
  });
});

describe("words that come when their turn is over", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("are gathered and answered once", async () => {
    const { asked, task, play, start, stop, settled, words } = await conversation({ lateWordsMs: 400 });
    await start();
    await stop();
    await play(said("I would"));
    await settled();
    vi.advanceTimersByTime(399);
    await play(said("like"));
    await settled();
    vi.advanceTimersByTime(399);
    await play(said("tea"));
    await settled();
    expect(words()).toEqual([]);
    vi.advanceTimersByTime(400);
    await settled();
    expect(words()).toEqual(["I would like tea"]);
    expect(asked.lengths).toEqual([1]);
    expect(vi.getTimerCount()).toBe(0);
    await task.end();
  });

  it("are answered at once when the recognizer says that it is done", async () => {
    const { asked, task, play, start, stop, settled, words } = await conversation();
    await start();
    await stop();
    await play(said("like"), said("tea", true));
    await settled();
    expect(words()).toEqual(["like tea"]);
    expect(asked.lengths).toEqual([1]);
    expect(vi.getTimerCount()).toBe(0);
    await task.end();
  });

  it("belong to the next turn when that begins before they were added", async () => {
    const { asked, task, play, start, stop, settled, words } = await conversation();
    await start();
    await stop();
    await play(said("Well,"));
    await settled();
    await start();
    expect(vi.getTimerCount()).toBe(0);
    await play(said("tea please"));
    await settled();
    await stop();
    await task.end();
    expect(words()).toEqual(["Well, tea please"]);
    expect(asked.lengths).toEqual([1]);
  });

  it("are answered before a graceful end", async () => {
    const { asked, task, play, start, stop, settled, words } = await conversation();
    await start();
    await stop();
    await play(said("bye"));
    await settled();
    await task.end();
    expect(words()).toEqual(["bye"]);
    expect(asked.lengths).toEqual([1]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leave no timer behind when the pipeline is cancelled", async () => {
    const { task, play, start, stop, settled } = await conversation();
    await start();
    await stop();
    await play(said("bye"));
    await settled();
    expect(vi.getTimerCount()).toBe(1);
    await task.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("are never waited for where nobody speaks: typed text is answered at once", async () => {
    const { asked, task, play, settled } = await conversation();
    await play(said("one"), said("two"));
    await settled();
    expect(asked.lengths).toHaveLength(2);
    await task.end();
  });
});

describe("a call that was announced", () => {
  it("and is cancelled before its start arrives leaves nothing in the conversation", async () => {
    const { asked, task, play, settled, words, last } = await conversation();
    const call = (toolCallId: string) => ({ functionName: "f", toolCallId, arguments: {} });
    await play(new FunctionCallsStartedFrame({ functionCalls: [call("1"), call("2")] }));
    await play(new FunctionCallCancelFrame(call("1")));
    await last.until(FunctionCallCancelFrame);
    await play(new FunctionCallInProgressFrame(call("1")), new FunctionCallInProgressFrame(call("2")));
    await play(new FunctionCallResultFrame({ ...call("2"), result: "done" }));
    await settled();
    expect(words()).toEqual([false, '"done"']);
    expect(asked.lengths).toEqual([2]);
    await play(new FunctionCallInProgressFrame(call("1")));
    await settled();
    expect(words()).toEqual([false, '"done"', false, "IN_PROGRESS"]);
    await task.end();
  });

  it("but never ran is forgotten in time", async () => {
    const { task, play, settled, words } = await conversation();
    const call = (toolCallId: string) => ({ functionName: "f", toolCallId, arguments: {} });
    await play(
      new FunctionCallsStartedFrame({ functionCalls: [call("old")] }),
      new FunctionCallCancelFrame(call("old")),
    );
    const many = Array.from({ length: 1_024 }, (_, index) => call(String(index)));
    await play(new FunctionCallsStartedFrame({ functionCalls: many }));
    await settled();
    await play(new FunctionCallInProgressFrame(call("old")));
    await settled();
    // Nobody remembers that it was cancelled.
    expect(words()).toEqual([false, "IN_PROGRESS"]);
    await task.end();
  });

  describe("behind its start", () => {
    const call = (toolCallId: string) => ({ functionName: "f", toolCallId, arguments: {} });
    const announced = () => new FunctionCallsStartedFrame({ functionCalls: [call("1"), call("2")] });
    const result = (toolCallId: string) => new FunctionCallResultFrame({ ...call(toolCallId), result: "done" });

    it.each([["group"], [undefined]])(
      "belongs to its answer all the same: that is followed by one question (%s)",
      async (groupId) => {
        const { asked, task, play, settled } = await conversation();
        const start = (toolCallId: string) => new FunctionCallInProgressFrame({ ...call(toolCallId), groupId });
        await play(start("1"));
        await settled();
        await play(announced());
        await settled();
        await play(start("2"), result("1"));
        await settled();
        expect(asked.lengths).toEqual([]);
        await play(result("2"));
        await settled();
        expect(asked.lengths).toEqual([4]);
        await task.end();
      },
    );

    it("or behind its result is not waited for", async () => {
      const { asked, task, play, settled } = await conversation();
      const start = (toolCallId: string) => new FunctionCallInProgressFrame({ ...call(toolCallId), groupId: "1" });
      await play(start("1"), start("2"), result("1"));
      await settled();
      await play(announced());
      await settled();
      expect(asked.lengths).toEqual([]);
      await play(result("2"));
      await settled();
      expect(asked.lengths).toEqual([4]);
      // Nothing of it is left for calls of the same ids.
      await play(start("1"), start("2"), result("1"), result("2"));
      await settled();
      await play(announced());
      await settled();
      expect(asked.lengths).toEqual([4, 8]);
      await play(start("1"), result("1"));
      await settled();
      expect(asked.lengths).toEqual([4, 8, 10]);
      await task.end();
    });
  });

  it("does not wait for a slow one of an earlier answer, whose ids and group it may have again", async () => {
    const { asked, task, play, settled } = await conversation();
    const call = (toolCallId: string) => ({ functionName: "f", toolCallId, arguments: {} });
    const announced = (...ids: string[]) => new FunctionCallsStartedFrame({ functionCalls: ids.map(call) });
    const start = (toolCallId: string) => new FunctionCallInProgressFrame({ ...call(toolCallId), groupId: "1" });
    const result = (toolCallId: string) => new FunctionCallResultFrame({ ...call(toolCallId), result: "done" });
    await play(announced("1", "slow"));
    await settled();
    await play(start("1"), start("slow"), result("1"));
    await settled();
    expect(asked.lengths).toEqual([]);
    await play(announced("1"));
    await settled();
    await play(start("1"), result("1"));
    await settled();
    expect(asked.lengths).toEqual([6]);
    await play(result("slow"));
    await task.end();
    expect(asked.lengths).toEqual([6, 6]);
  });

  it("and never ran keeps nothing from being asked, and calls of its id may come again", async () => {
    const { asked, task, play, settled } = await conversation();
    const call = (toolCallId: string) => ({ functionName: "f", toolCallId, arguments: {} });
    await play(new FunctionCallsStartedFrame({ functionCalls: [call("1"), call("2")] }));
    await settled();
    await play(new FunctionCallsStartedFrame({ functionCalls: [call("1")] }));
    await settled();
    await play(new FunctionCallInProgressFrame(call("1")));
    await play(new FunctionCallResultFrame({ ...call("1"), result: "done" }));
    await settled();
    expect(asked.lengths).toHaveLength(1);
    // The other one was alone with it.
    await play(new FunctionCallInProgressFrame(call("2")));
    await play(new FunctionCallResultFrame({ ...call("2"), result: "done" }));
    await settled();
    expect(asked.lengths).toHaveLength(2);
    await task.end();
  });
});
