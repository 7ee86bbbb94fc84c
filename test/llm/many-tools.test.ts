import { FunctionCallResultFrame, LLMContextFrame, Pipeline, PipelineTask } from "trunkline";
import { LLMContext, LLMService, tool } from "trunkline/llm";
import { FrameCollector, ScriptedModel } from "trunkline/testing";
import { expect, it } from "vitest";
import { z } from "zod";
import { turns } from "../support/settled.ts";

it("fifty tools at once print no warning of too many listeners", async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on("warning", warned);
  try {
    const calls = Array.from({ length: 50 }, (_, number) => ({ call: "count", args: { number } }));
    const model = new ScriptedModel([calls]);
    const llm = new LLMService({ model });
    const count = tool({
      description: "Counts.",
      parameters: z.object({ number: z.number() }),
      execute: async ({ number }) => {
        await turns(2);
        return number;
      },
    });
    llm.registerTools({ count });
    const results = new FrameCollector();
    const task = new PipelineTask(new Pipeline([llm, results]));
    await task.start();
    await task.queueFrame(
      new LLMContextFrame({ context: new LLMContext({ messages: [{ role: "user", content: "go" }] }) }),
    );
    await task.end();
    const returned = results.passed.flatMap(({ frame }) =>
      frame instanceof FunctionCallResultFrame ? [frame.result] : [],
    );
    expect(returned).toEqual(Array.from({ length: 50 }, (_, number) => number));
    await turns(2);
    expect(warnings.filter(({ name }) => name === "MaxListenersExceededWarning")).toEqual([]);
  } finally {
    process.off("warning", warned);
  }
});
