import { BaseAgent, LLMFullResponseEndFrame, Pipeline, TranscriptionFrame } from "trunkline";
import { createContextAggregators, LLMAgent, LLMContext, LLMService, tool } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";
import { anything, call, developer, Host, ScriptedAgent, talk } from "./conversation.ts";
import { ScriptedModel } from "./scripted-model.ts";

describe("an LLM agent", () => {
  it("is bridged and inactive until it is activated, unless told otherwise", async () => {
    const { running, assistant, activate } = await talk(() => ({}));
    await using _ = running;
    expect([assistant.bridged, assistant.active]).toEqual([true, false]);
    await activate();
    expect(assistant.active).toBe(true);
    const options = { bus: running.runner.bus, model: new ScriptedModel() };
    expect(new ScriptedAgent("other", { ...options, bridged: ["a"] }).bridged).toBe(true);
    expect(new ScriptedAgent("other", { ...options, bridged: false }).bridged).toBe(false);
  });

  it("brings its tools and its messages into the conversation, and greets", async () => {
    const tools = { noop: tool({ description: "Nothing.", parameters: anything, execute: () => {} }) };
    const { running, host, activate } = await talk(() => tools, ["Welcome!"]);
    await using _ = running;
    await activate({ messages: [developer("Greet the user.")] });
    await host.output.until(LLMFullResponseEndFrame);
    await until(() => host.context.messages.length === 2);
    expect(host.transcript).toEqual(["developer: Greet the user.", "assistant: Welcome!"]);
    expect(host.context.tools).toMatchObject([{ name: "noop", description: "Nothing." }]);
  });

  it.each(["runLlm", "run_llm"])("adds its messages silently when told %s: false", async (key) => {
    const { running, host, model, activate } = await talk(() => ({}));
    await using _ = running;
    await activate({ messages: [developer("Wait.")], [key]: false });
    await until(() => host.context.messages.length === 1);
    expect(model.asked).toEqual([]);
  });

  it("reports activation arguments that are not what they should be, and uses the rest", async () => {
    const { running, host, activate } = await talk(() => ({}), ["Hello."]);
    await using _ = running;
    await activate({ messages: "hello", runLlm: "yes" });
    await activate({ messages: [null, 7, {}, developer("Greet.")] });
    await host.output.until(LLMFullResponseEndFrame);
    expect(host.transcript[0]).toBe("developer: Greet.");
    expect(running.errors).toMatchObject([{ code: "TL_INVALID_OPTION" }, { code: "TL_INVALID_OPTION" }]);
  });

  it("answers, calls a tool and answers its result, over the bridge, with exactly one follow-up", async () => {
    const clock = tool({ description: "", parameters: anything, execute: () => "noon" });
    const { running, host, model, activate } = await talk(() => ({ clock }), ["Hm. ", call("clock")], ["It is noon."]);
    await using _ = running;
    await activate();
    await host.say("What time is it?");
    await host.output.until(LLMFullResponseEndFrame, 2);
    await until(() => host.context.messages.length === 5);
    expect(host.transcript).toEqual([
      "user: What time is it?",
      "assistant: Hm.",
      "assistant: calls clock",
      'tool: "noon"',
      "assistant: It is noon.",
    ]);
    expect(model.asked).toHaveLength(2);
    expect(running.errors).toEqual([]);
  });

  it("lets its class be written with this in its tools, typed", async () => {
    class Assistant extends LLMAgent {
      readonly reasons: string[] = [];
      override tools = {
        endConversation: tool({
          description: "End the conversation when the user says goodbye.",
          parameters: z.object({ reason: z.string() }),
          execute: async ({ reason }, { toolCallId, signal }) => {
            this.reasons.push(reason.toUpperCase(), toolCallId, String(signal.aborted));
            await this.end({ reason });
          },
        }),
      };
      override buildLLM() {
        return new LLMService({
          model: new ScriptedModel([{ call: "endConversation", id: "1", args: { reason: "bye" } }]),
        });
      }
    }
    let assistant!: Assistant;
    const running = await Running.with(({ bus }) => {
      assistant = new Assistant("assistant", { bus });
      return [new Host({ bus }), assistant];
    });
    await running.runner.getAgent("host")?.activateAgent("assistant", { args: { messages: [developer("Go.")] } });
    await running.finished;
    expect(assistant.reasons).toEqual(["BYE", "1", "false"]);
  });
});

describe("an LLM agent without a bridge", () => {
  it("runs a whole conversation in a pipeline of its own", async () => {
    const context = new LLMContext();
    class Alone extends ScriptedAgent {
      override buildPipeline() {
        const { user, assistant } = createContextAggregators(context);
        return new Pipeline([user, this.createLLM(), assistant]);
      }
    }
    const running = await Running.with(({ bus }) => [
      new Alone("alone", { bus, bridged: false, active: true, model: new ScriptedModel(["Hello."]) }),
    ]);
    await using _ = running;
    const agent = running.runner.getAgent("alone");
    expect(agent).toBeInstanceOf(BaseAgent);
    await agent?.queueFrame(new TranscriptionFrame({ text: "Hi", userId: "u", timestamp: "" }));
    await until(() => context.messages.length === 2);
  });
});
