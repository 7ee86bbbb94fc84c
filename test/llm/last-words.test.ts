import {
  EndFrame,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
  InterruptionFrame,
  LLMContextFrame,
  LLMFullResponseEndFrame,
  LLMTextFrame,
} from "trunkline";
import { LLMContext, LLMService, tool } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { gate, rig } from "./harness.ts";
import { ScriptedModel } from "./scripted-model.ts";

describe("last words", () => {
  it("are said once, without tools, behind what was said before, and nothing after them", async () => {
    const model = new ScriptedModel(["Hello."], ["Goodbye."]);
    const service = new LLMService({ model });
    service.registerTools({ noop: tool({ description: "", parameters: z.object({}), execute: () => {} }) });
    const { task, last, ask } = await rig(service);
    await ask("hi");
    const words = [{ role: "developer" as const, content: "Say goodbye." }];
    await last.until(LLMFullResponseEndFrame);
    await Promise.all([service.lastWords(words), service.lastWords(words)]);
    expect(last.said).toBe("Hello.Goodbye.");
    await ask("wait");
    await task.end();
    expect(model.asked).toHaveLength(2);
    expect(model.asked[1]?.toolChoice).toEqual({ type: "none" });
    expect(model.lastPrompt).toEqual([
      { role: "user", content: [{ type: "text", text: "hi" }] },
      { role: "assistant", content: [{ type: "text", text: "Hello." }] },
      { role: "user", content: [{ type: "text", text: "Say goodbye." }] },
    ]);
  });

  it("have left the pipeline when the promise resolves, also beside an end that waits for the tool they are said in", async () => {
    const model = new ScriptedModel([{ call: "leave", id: "1", args: {} }], ["Bye."]);
    const service = new LLMService({ model });
    const heard: string[] = [];
    service.registerTools({
      leave: tool({
        description: "",
        parameters: z.object({}),
        execute: async () => {
          ending = task.end();
          await service.lastWords([{ role: "developer", content: "Say goodbye." }]);
          heard.push(last.said);
          return "left";
        },
      }),
    });
    let ending: Promise<unknown> | undefined;
    const { task, last, ask } = await rig(service);
    await ask("bye");
    await last.until(EndFrame);
    await ending;
    expect(heard).toEqual(["Bye."]);
    expect(last.story.slice(-3)).toEqual(["FlushFrame", "FunctionCallResultFrame", "EndFrame"]);
    expect(last.all(FunctionCallResultFrame)[0]?.runLlm).toBe(false);
    // The call that speaks has no result yet; the model sees a placeholder for it.
    expect(model.lastPrompt.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "user"]);
  });

  it("know the result of a tool that has gone on during another answer", async () => {
    const model = new ScriptedModel([{ call: "look", id: "1", args: {} }], ["Soon."], ["Bye."]);
    const service = new LLMService({ model });
    const found = gate();
    const execute = () => found.promise.then(() => "found it");
    service.registerTools({ look: tool({ description: "", parameters: z.object({}), execute }) });
    const { task, last, errors, ask } = await rig(service);
    await ask("look");
    await last.until(FunctionCallInProgressFrame);
    const call = { id: "1", type: "function" as const, function: { name: "look", arguments: "{}" } };
    const messages = [
      { role: "user" as const, content: "look" },
      { role: "assistant" as const, tool_calls: [call] },
      { role: "tool" as const, tool_call_id: "1", content: "IN_PROGRESS" },
      { role: "user" as const, content: "well?" },
    ];
    await task.queueFrame(new LLMContextFrame({ context: new LLMContext({ messages }) }));
    await last.until(LLMFullResponseEndFrame, 2);
    found.open();
    await last.until(FunctionCallResultFrame);
    await service.lastWords([{ role: "developer", content: "Say goodbye." }]);
    await task.end();
    expect(errors).toEqual([]);
    expect(model.lastPrompt[2]?.content).toEqual([
      { type: "tool-result", toolCallId: "1", toolName: "look", output: { type: "json", value: "found it" } },
    ]);
  });

  it("are asked for without the result of a call that the conversation in hand does not have", async () => {
    const model = new ScriptedModel([{ call: "look", id: "1", args: {} }], ["Hello."], ["Bye."]);
    const service = new LLMService({ model });
    const found = gate();
    service.registerTools({
      look: tool({ description: "", parameters: z.object({}), execute: () => found.promise }),
    });
    const { task, last, errors, ask } = await rig(service);
    await ask("look");
    await last.until(FunctionCallInProgressFrame);
    await ask("hi");
    await last.until(LLMFullResponseEndFrame, 2);
    found.open();
    await last.until(FunctionCallResultFrame);
    await service.lastWords([{ role: "developer", content: "Say goodbye." }]);
    await task.end();
    expect(errors).toEqual([]);
    expect(model.lastPrompt.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
  });

  it("are interrupted like any answer, and resolve", async () => {
    const model = new ScriptedModel(["Bye", { wait: new Promise(() => {}) }]);
    const service = new LLMService({ model });
    const { task, last } = await rig(service);
    const said = service.lastWords([{ role: "developer", content: "Say goodbye." }]);
    await last.until(LLMTextFrame);
    await task.queueFrame(new InterruptionFrame());
    await said;
    await task.end();
  });

  it("are not said, and resolve, when the interruption comes while they wait for the answer before them", async () => {
    const model = new ScriptedModel(["Hello", { wait: new Promise(() => {}) }], ["Bye."]);
    const service = new LLMService({ model });
    const { task, last, ask } = await rig(service);
    await ask("hi");
    await last.until(LLMTextFrame);
    const said = service.lastWords([{ role: "developer", content: "Say goodbye." }]);
    await task.queueFrame(new InterruptionFrame());
    await said;
    await task.end();
    expect(last.said).toBe("Hello");
    expect(model.asked).toHaveLength(1);
  });
});
