import { LLMFullResponseEndFrame } from "trunkline";
import { defineFlow, endConversation, type LanguageModel } from "trunkline/llm";
import { expect, it } from "vitest";
import { offlineModel } from "../../../examples/support/offline-model.ts";
import { Running } from "../../support/running.ts";
import { developer } from "../conversation.ts";
import type { ScriptedModel } from "../scripted-model.ts";
import { FlowAgent, Listener, leadTo } from "./food-order.ts";

it("post-actions do not follow the answer whose call led to the node, however late its frames pass", async () => {
  const flow = defineFlow({
    initial: "a",
    state: () => undefined,
    nodes: {
      a: { taskMessages: [developer("Be in a.")], functions: { next: leadTo("b") } },
      b: { taskMessages: [developer("Be in b.")], postActions: [endConversation()] },
    },
  });
  const model: LanguageModel = offlineModel({
    rules: [
      { when: /in a/, say: ["Hello."] },
      { when: /x/, call: { tool: "next", args: {} } },
      { when: /in b/, say: ["Goodbye."] },
    ],
    otherwise: "?",
  });
  let host!: Listener;
  const running = await Running.with(({ bus }) => {
    host = new Listener({ bus });
    return [host, new FlowAgent("guide", { bus, model: model as unknown as ScriptedModel, flow, active: true })];
  });
  await host.remembered.until(LLMFullResponseEndFrame);
  await host.say("x");
  await running.finished;
  expect(host.output.said).toBe("Hello.Goodbye.");
});
