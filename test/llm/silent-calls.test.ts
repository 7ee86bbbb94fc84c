import {
  type Frame,
  type FrameDirection,
  FunctionCallResultFrame,
  LLMFullResponseEndFrame,
  LLMTextFrame,
} from "trunkline";
import { LLMService, tool } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { gate, rig } from "./harness.ts";
import { ScriptedModel, type Step } from "./scripted-model.ts";

function serviceWith(...answers: readonly (readonly Step[])[]) {
  const service = new LLMService({ model: new ScriptedModel(...answers) });
  service.registerTools({ look: tool({ description: "", parameters: z.object({}), execute: () => 1 }) });
  return service;
}

describe("results nobody answers", () => {
  it("are those of an answer that was abandoned between its end and the start of its tools", async () => {
    class Abandoned extends LLMService {
      protected override push(frame: Frame, direction?: FrameDirection): Promise<void> {
        if (frame instanceof LLMFullResponseEndFrame) this.abandon();
        return super.push(frame, direction);
      }
    }
    const service = new Abandoned({ model: new ScriptedModel([{ call: "look", id: "1" }]) });
    service.registerTools({ look: tool({ description: "", parameters: z.object({}), execute: () => 1 }) });
    const { task, last, ask } = await rig(service);
    await ask("?");
    await task.end();
    expect(last.all(FunctionCallResultFrame)).toMatchObject([{ result: 1, runLlm: false }]);
  });

  it("are those of the answer in progress when last words are asked for", async () => {
    const hold = gate();
    const service = serviceWith(["So", { wait: hold.promise }, { call: "look", id: "1" }], ["Bye."]);
    const { task, last, ask } = await rig(service);
    await ask("?");
    await last.until(LLMTextFrame);
    const said = service.lastWords([{ role: "developer", content: "Say goodbye." }]);
    hold.open();
    await said;
    await task.end();
    expect(last.all(FunctionCallResultFrame)).toMatchObject([{ result: 1, runLlm: false }]);
  });

  it("are not those of a later answer", async () => {
    const service = serviceWith(["So"], [{ call: "look", id: "1" }]);
    const { task, last, ask } = await rig(service);
    await ask("?");
    await last.until(LLMFullResponseEndFrame);
    service.abandon();
    await ask("?");
    await task.end();
    expect(last.all(FunctionCallResultFrame)).toMatchObject([{ result: 1, runLlm: undefined }]);
  });
});
