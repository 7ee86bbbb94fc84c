import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  InterruptionFrame,
  LLMContextFrame,
  LLMFullResponseEndFrame,
  LLMMessagesAppendFrame,
  LLMTextFrame,
  Pipeline,
} from "trunkline";
import { tool } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";
import { anything, call, developer, Host, ScriptedAgent, talk } from "./conversation.ts";
import { gate } from "./harness.ts";
import { ScriptedModel, type Step } from "./scripted-model.ts";

describe("a handoff inside a tool", () => {
  async function pair(...supportAnswers: readonly Step[][]) {
    const support = new ScriptedModel(...supportAnswers);
    const model = new ScriptedModel([call("transfer")], ["One moment."], ["I am back."]);
    let host!: Host;
    let first!: ScriptedAgent;
    let second!: ScriptedAgent;
    const running = await Running.with(({ bus }) => {
      host = new Host({ bus });
      first = new ScriptedAgent("first", {
        bus,
        model,
        active: true,
        tools: (agent) => ({
          transfer: tool({
            description: "",
            parameters: anything,
            execute: () =>
              agent.handoffTo("second", {
                messages: [developer("Say that you transfer.")],
                activationArgs: { messages: [developer("Introduce yourself.")] },
              }),
          }),
        }),
      });
      second = new ScriptedAgent("second", { bus, model: support });
      return [host, first, second];
    });
    return { running, host, first, second, model, support };
  }

  it("K48: says the last words, completes the call, and only the next agent goes on", async () => {
    const { running, host, first, second, model, support } = await pair(["I am support."], ["Sure."]);
    await using _ = running;
    await host.say("support, please");
    // What is heard is remembered a little later.
    await until(() => host.context.messages.length === 6);
    await host.say("help me");
    await host.output.until(LLMFullResponseEndFrame, 4);
    await until(() => host.context.messages.length === 8);
    expect(host.transcript).toEqual([
      "user: support, please",
      "assistant: calls transfer",
      "tool: COMPLETED",
      "assistant: One moment.",
      "developer: Introduce yourself.",
      "assistant: I am support.",
      "user: help me",
      "assistant: Sure.",
    ]);
    expect([model.asked.length, support.asked.length]).toEqual([2, 2]);
    expect([first.active, second.active]).toEqual([false, true]);
    expect(running.errors).toEqual([]);
  });

  it("K48: completes the call at once, however long the tool goes on, and sends what the tool queued", async () => {
    const stopped = gate();
    const { running, host, activate } = await talk(
      (agent) => ({
        transfer: tool({
          description: "",
          parameters: anything,
          execute: async (_, { signal }) => {
            signal.addEventListener("abort", stopped.open);
            await agent.queueFrame(new LLMMessagesAppendFrame({ messages: [developer("A note.")] }));
            await agent.handoffTo("host");
            await stopped.promise;
          },
        }),
      }),
      [call("transfer")],
    );
    await activate();
    await host.say("x");
    await until(() => host.context.messages.length === 4);
    expect(host.transcript).toEqual(["user: x", "assistant: calls transfer", "tool: COMPLETED", "developer: A note."]);
    await running[Symbol.asyncDispose]();
    await stopped.promise;
    expect(running.errors).toEqual([]);
  });

  it("answers again when the conversation comes back", async () => {
    const { running, host, second } = await pair(["I am support."]);
    await using _ = running;
    await host.say("support, please");
    await host.output.until(LLMFullResponseEndFrame, 3);
    await second.handoffTo("first", { activationArgs: { messages: [developer("Welcome back.")] } });
    await host.output.until(LLMFullResponseEndFrame, 4);
    expect(host.output.said).toBe("One moment.I am support.I am back.");
  });

  it("K43: to nobody is an error for the model; nothing is said and the agent stays", async () => {
    const { running, host, assistant, activate } = await talk(
      (agent) => ({
        transfer: tool({
          description: "",
          parameters: anything,
          execute: () => agent.handoffTo("nobody", { messages: [developer("Say that you transfer.")] }),
        }),
      }),
      [call("transfer")],
      ["There is nobody."],
    );
    await using _ = running;
    await activate();
    await host.say("x");
    await host.output.until(LLMTextFrame);
    expect(host.transcript[2]).toContain('{"error":');
    expect(host.output.said).toBe("There is nobody.");
    expect(assistant.active).toBe(true);
  });

  it("K48: an answer in progress is cancelled when the agent is deactivated", async () => {
    const { running, host, assistant, model, activate } = await talk(
      () => ({}),
      ["word", { wait: new Promise(() => {}) }, "never"],
    );
    await using _ = running;
    await activate();
    await host.say("x");
    await host.output.until(LLMTextFrame);
    await host.deactivateAgent("assistant");
    // The end of the cancelled answer comes by; nothing of it is heard any more.
    await until(() => !assistant.active && model.cancelled === 1);
    expect(host.output.said).toBe("word");
  });
});

it("a call that an interruption cancels is completed in the conversation, also when its agent is inactive by then", async () => {
  const slow = tool({ description: "", parameters: anything, execute: () => new Promise(() => {}) });
  const { running, host, assistant, activate } = await talk(() => ({ slow }), [call("slow")]);
  await using _ = running;
  await activate();
  await host.say("x");
  await until(() => host.context.messages.length === 3);
  await host.deactivateAgent("assistant");
  await until(() => !assistant.active);
  // As one would that came in just before.
  await assistant.queueFrame(new InterruptionFrame());
  await until(() => host.transcript[2] === "tool: CANCELLED", "its cancellation");
  expect(host.transcript).toEqual(["user: x", "assistant: calls slow", "tool: CANCELLED"]);
});

describe("a question that has not come to the model when its agent becomes inactive", () => {
  /** Keeps questions until the gate is open, and lets all else pass. */
  class Slow extends FrameProcessor {
    readonly gate = gate();
    readonly came = gate();
    readonly kept: Promise<void>[] = [];
    override process(frame: Frame, direction: FrameDirection) {
      if (!(frame instanceof LLMContextFrame)) return this.push(frame, direction);
      this.came.open();
      this.kept.push(this.gate.promise.then(() => this.push(frame, direction)));
      return undefined;
    }
  }

  class SlowAgent extends ScriptedAgent {
    readonly slow = new Slow();
    override buildPipeline() {
      return new Pipeline([this.slow, this.createLLM()]);
    }
    /** Resolves once the model has, or would have, been asked what was kept. */
    async letGo() {
      this.slow.gate.open();
      await Promise.all(this.slow.kept);
      await this.flush();
    }
  }

  async function asked(model: ScriptedModel) {
    let host!: Host;
    let first!: SlowAgent;
    const running = await Running.with(({ bus }) => {
      host = new Host({ bus });
      first = new SlowAgent("first", { bus, model, active: true });
      return [host, first, new ScriptedAgent("second", { bus, model: new ScriptedModel() })];
    });
    await host.say("x");
    await first.slow.came.promise;
    return { running, host, first };
  }

  it.each([
    ["hands over", (_: Host, first: SlowAgent) => first.handoffTo("second")],
    ["is deactivated", (host: Host) => host.deactivateAgent("first")],
  ])("is not answered by it: one that %s", async (_, leave) => {
    const model = new ScriptedModel(["Nobody hears that."], ["I am back."]);
    const { running, host, first } = await asked(model);
    await using __ = running;
    await leave(host, first);
    await until(() => !first.active);
    await first.letGo();
    expect(model.asked).toEqual([]);
  });

  it("is answered if the conversation is its own again by then", async () => {
    const model = new ScriptedModel(["I am back."]);
    const { running, host, first } = await asked(model);
    await using _ = running;
    await first.handoffTo("second");
    await host.activateAgent("first");
    await until(() => first.active);
    await first.letGo();
    await host.output.until(LLMFullResponseEndFrame);
    expect(host.output.said).toBe("I am back.");
  });
});
