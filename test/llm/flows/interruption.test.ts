import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  InterruptionFrame,
  LLMFullResponseEndFrame,
  LLMMessagesAppendFrame,
  LLMMessagesUpdateFrame,
  LLMTextFrame,
} from "trunkline";
import { defineFlow, flowFunction } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { turns, until } from "../../support/settled.ts";
import { developer } from "../conversation.ts";
import { gate } from "../harness.ts";
import { anything, call, Listener, leadTo, play, playAt } from "./food-order.ts";

/**
 * A loudspeaker: text holds up what is behind it until it has been said, or the user interrupts. It can lose messages
 * over that, as hosts of Python peers do.
 */
class Loudspeaker extends FrameProcessor {
  busy = false;
  losesMessages = false;
  lost = 0;

  override async process(frame: Frame, direction: FrameDirection) {
    const changes = frame instanceof LLMMessagesAppendFrame || frame instanceof LLMMessagesUpdateFrame;
    if (changes && this.losesMessages) {
      this.lost += 1;
      return;
    }
    await this.push(frame, direction);
    if (!(frame instanceof LLMTextFrame) || !frame.text.startsWith("Long")) return;
    this.busy = true;
    const { signal } = this;
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    this.busy = false;
  }
}

class SpeakingHost extends Listener {
  readonly loudspeaker = new Loudspeaker();

  override get voice(): readonly FrameProcessor[] {
    return [this.loudspeaker];
  }
}

describe("an interruption", () => {
  it.each([
    ["append", true],
    ["reset", true],
    ["append", false],
    ["reset", false],
  ] as const)("does not lose the node's messages: %s; the host drops them: %s", async (strategy, losesMessages) => {
    const flow = defineFlow({
      initial: "a",
      state: () => undefined,
      nodes: {
        a: { taskMessages: [developer("Be in a.")], functions: { next: leadTo("b") } },
        b: { taskMessages: [developer("Be in b.")], contextStrategy: strategy },
      },
    });
    const answers = [["Hello."], ["Long talk. ", call("next")], ["In b."], ["Still in b."]];
    const { running, host, agent, model } = await playAt((options) => new SpeakingHost(options), flow, ...answers);
    await using _ = running;
    await host.remembered.until(LLMFullResponseEndFrame, 1);
    await host.say("x");
    await until(() => host.loudspeaker.busy && agent.flowNode === "b");
    // All of it has been sent; it waits behind the words that are being said.
    await until(() => !agent.toolCallActive && agent.offered.length === 2);
    await turns(20);
    host.loudspeaker.losesMessages = losesMessages;
    await host.queueFrame(new InterruptionFrame());
    await until(() => !host.loudspeaker.busy && host.loudspeaker.lost === (losesMessages ? 1 : 0));
    host.loudspeaker.losesMessages = false;
    // Where the messages have come through, the node answers them.
    if (losesMessages) await host.say("what?");
    await until(() => host.transcript.at(-1) === "assistant: In b.");
    await host.say("aha");
    await until(() => host.transcript.at(-1) === "assistant: Still in b.");
    expect(host.transcript.filter((line) => line === "developer: Be in b.")).toHaveLength(1);
    expect(host.transcript.includes("user: what?")).toBe(losesMessages);
    expect(host.transcript[0]).toBe(strategy === "append" ? "developer: Be in a." : "developer: Be in b.");
    expect(model.asked).toHaveLength(4);
    expect(running.errors).toEqual([]);
  });

  it("while a node is entered lets the user speak first; the node answers what was said, once", async () => {
    const entering = gate();
    const flow = defineFlow({
      initial: "a",
      state: () => undefined,
      nodes: {
        a: { taskMessages: [developer("Be in a.")], functions: { next: leadTo("b") } },
        b: { taskMessages: [developer("Be in b.")], preActions: [() => entering.promise], contextStrategy: "reset" },
      },
    });
    const { running, host, agent, model } = await play(flow, ["Hello."], [call("next")], ["In b."]);
    await using _ = running;
    await host.remembered.until(LLMFullResponseEndFrame, 1);
    await host.say("x");
    await until(() => agent.flowNode === "b");
    await host.queueFrame(new InterruptionFrame());
    await host.remembered.until(InterruptionFrame);
    await host.say("wait");
    await until(() => host.transcript.at(-1) === "user: wait");
    // So that the question, too, has come as far as the agent.
    await turns(20);
    expect(model.asked).toHaveLength(2);
    entering.open();
    await until(() => host.transcript.at(-1) === "assistant: In b.");
    expect(host.transcript).toEqual(["developer: Be in b.", "user: wait", "assistant: In b."]);
    expect(model.asked).toHaveLength(3);
  });

  it("while a node is entered keeps it from speaking when nobody says anything", async () => {
    const entering = gate();
    const flow = defineFlow({
      initial: "a",
      state: () => undefined,
      nodes: {
        a: { taskMessages: [developer("Be in a.")], functions: { next: leadTo("b") } },
        b: { taskMessages: [developer("Be in b.")], preActions: [() => entering.promise] },
      },
    });
    const { running, host, agent, model } = await play(flow, ["Hello."], [call("next")], ["In b."]);
    await using _ = running;
    await host.remembered.until(LLMFullResponseEndFrame, 1);
    await host.say("x");
    await until(() => agent.flowNode === "b");
    await host.queueFrame(new InterruptionFrame());
    await host.remembered.until(InterruptionFrame);
    entering.open();
    await until(() => host.transcript.at(-1) === "developer: Be in b.");
    await host.say("go on");
    await until(() => host.transcript.at(-1) === "assistant: In b.");
    expect(model.asked).toHaveLength(3);
  });

  it.each([
    [true, "a"],
    [false, "b"],
  ])("ends a function, and the way it would have gone, if it says so: %s", async (cancelOnInterruption, expected) => {
    const working = gate();
    const next = flowFunction({
      description: "",
      parameters: anything,
      leadsTo: ["b"],
      cancelOnInterruption,
      execute: async () => {
        await working.promise;
        return { next: "b" };
      },
    });
    const flow = defineFlow({
      initial: "a",
      state: () => undefined,
      nodes: { a: { taskMessages: [developer("Be in a.")], functions: { next } }, b: { taskMessages: [] } },
    });
    const { running, host, agent } = await play(flow, ["Hello."], [call("next")], ["Answer."]);
    await using _ = running;
    await host.remembered.until(LLMFullResponseEndFrame, 1);
    await host.say("x");
    await until(() => agent.toolCallActive);
    await host.queueFrame(new InterruptionFrame());
    await host.remembered.until(InterruptionFrame);
    working.open();
    await until(() => !agent.toolCallActive);
    if (cancelOnInterruption) await host.say("again");
    await until(() => host.transcript.at(-1) === "assistant: Answer.");
    expect(agent.flowNode).toBe(expected);
    expect(running.errors).toEqual([]);
  });
});
