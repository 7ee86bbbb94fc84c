import {
  BusBridgeProcessor,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  InterruptionFrame,
  LLMTextFrame,
  Pipeline,
  TextFrame,
  TranscriptionFrame,
  TTSSpeakFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
} from "trunkline";
import { createContextAggregators, tool } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";
import { anything, developer, Host, ScriptedAgent, talk } from "./conversation.ts";
import { Recorder } from "./harness.ts";
import { ScriptedModel } from "./scripted-model.ts";

describe("an LLM agent that is deactivated in the middle of an answer", () => {
  it("leaves in the conversation what was said, before what comes next", async () => {
    const hangs = new Promise(() => {});
    const { running, host, model, activate } = await talk(() => ({}), ["word", { wait: hangs }], ["Again."]);
    await using _ = running;
    await activate();
    await host.say("x");
    await host.output.until(LLMTextFrame);
    await host.deactivateAgent("assistant");
    await until(() => host.transcript.at(-1) === "assistant: word");
    expect(model.cancelled).toBe(1);
    await activate();
    await host.say("y");
    await until(() => host.transcript.at(-1) === "assistant: Again.");
    expect(host.transcript).toEqual(["user: x", "assistant: word", "user: y", "assistant: Again."]);
    expect(model.asked[1]?.prompt.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
  });
});

/** A loudspeaker: text holds up what is behind it until the user interrupts. */
class Loudspeaker extends FrameProcessor {
  busy = false;

  override async process(frame: Frame, direction: FrameDirection) {
    await this.push(frame, direction);
    if (!(frame instanceof TTSSpeakFrame)) return;
    this.busy = true;
    const { signal } = this;
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    this.busy = false;
  }
}

class SpeakingHost extends Host {
  readonly loudspeaker = new Loudspeaker();
  readonly beforeLoudspeaker = new Recorder();

  override buildPipeline() {
    const { user, assistant } = createContextAggregators(this.context, { lateWordsMs: 1 });
    const bridge = new BusBridgeProcessor({ bus: this.bus, agentName: this.name });
    return new Pipeline([user, bridge, this.beforeLoudspeaker, this.loudspeaker, this.output, assistant]);
  }
}

describe("activation messages", () => {
  async function speaking() {
    const model = new ScriptedModel(["Hello."]);
    let host!: SpeakingHost;
    const assistants: ScriptedAgent[] = [];
    const tools = () => ({ noop: tool({ description: "Nothing.", parameters: anything, execute: () => {} }) });
    const running = await Running.with(({ bus }) => {
      host = new SpeakingHost({ bus });
      assistants.push(new ScriptedAgent("assistant", { bus, model, tools }));
      return [host, ...assistants];
    });
    // From below: what comes from above goes over the bridge.
    await host.queueFrame(new TTSSpeakFrame({ text: "A long story." }), "upstream");
    await until(() => host.loudspeaker.busy);
    await host.activateAgent("assistant", { args: { messages: [developer("Greet.")] } });
    // Behind the messages on the way to the conversation, which they cannot reach yet.
    await until(() => assistants[0]?.active === true);
    await assistants[0]?.queueFrame(new TextFrame({ text: "behind" }));
    await until(() => host.beforeLoudspeaker.all(TextFrame).some(({ text }) => text === "behind"));
    expect([host.transcript, host.context.tools]).toEqual([[], undefined]);
    return { running, host, model };
  }

  it("survive an interruption, and so do the tools; they are answered", async () => {
    const { running, host, model } = await speaking();
    await using _ = running;
    await host.queueFrame(new InterruptionFrame());
    await until(() => host.transcript.length === 2);
    expect(host.transcript).toEqual(["developer: Greet.", "assistant: Hello."]);
    expect(host.context.tools).toHaveLength(1);
    model.assertUsed();
  });

  it("survive one by a user who speaks, and are answered once, with the user's words", async () => {
    const { running, host, model } = await speaking();
    await using _ = running;
    await host.queueFrame(new UserStartedSpeakingFrame());
    await host.queueFrame(new InterruptionFrame());
    await until(() => host.transcript.length === 1);
    await host.queueFrame(new TranscriptionFrame({ text: "Wait!", userId: "u", timestamp: "" }));
    await host.queueFrame(new UserStoppedSpeakingFrame());
    await until(() => host.transcript.length === 3);
    expect(host.transcript).toEqual(["developer: Greet.", "user: Wait!", "assistant: Hello."]);
    model.assertUsed();
  });

  it("are answered also when the user who interrupted says nothing", async () => {
    const { running, host, model } = await speaking();
    await using _ = running;
    await host.queueFrame(new UserStartedSpeakingFrame());
    await host.queueFrame(new InterruptionFrame());
    await until(() => host.transcript.length === 1);
    await host.queueFrame(new UserStoppedSpeakingFrame());
    await until(() => host.transcript.length === 2);
    expect(host.transcript).toEqual(["developer: Greet.", "assistant: Hello."]);
    model.assertUsed();
  });
});
