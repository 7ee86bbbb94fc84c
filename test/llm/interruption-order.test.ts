import {
  InterruptionFrame,
  LLMContextFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  Pipeline,
  PipelineTask,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
} from "trunkline";
import { LLMContext, LLMService } from "trunkline/llm";
import { FrameCollector, ScriptedModel } from "trunkline/testing";
import { expect, it } from "vitest";

it.for([0, 1, 2, 3])(
  "an interruption does not drop the answer to what came after it (%i frames before)",
  async (count) => {
    using model = new ScriptedModel(["Three products."]);
    const collector = new FrameCollector();
    const task = new PipelineTask(new Pipeline([new LLMService({ model }), collector]));
    await task.start();
    for (let i = 0; i < count; i++) void task.queueFrame(new UserStartedSpeakingFrame());
    void task.queueFrame(new InterruptionFrame());
    if (count > 0) void task.queueFrame(new UserStoppedSpeakingFrame());
    void task.queueFrame(
      new LLMContextFrame({ context: new LLMContext({ messages: [{ role: "user", content: "What do you sell?" }] }) }),
    );
    await collector.waitFor(LLMFullResponseEndFrame);
    const seen = collector.passed.map(({ frame }) => frame.constructor.name);
    await task.end();
    expect(seen).toContain(LLMFullResponseStartFrame.name);
    expect(collector.texts).toEqual(["Three products."]);
  },
);
