import { EndFrame, LLMFullResponseEndFrame } from "trunkline";
import { tool } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { anything, call, developer, talk } from "./conversation.ts";

describe("an end inside a tool", () => {
  it("K36: says the last words, once, and then ends", async () => {
    const { running, host, model, activate } = await talk(
      (agent) => ({
        leave: tool({
          description: "",
          parameters: anything,
          execute: () => agent.end({ reason: "done", messages: [developer("Say goodbye.")] }),
        }),
      }),
      [call("leave")],
      ["Good", "bye."],
    );
    await activate();
    await host.say("bye");
    await running.finished;
    expect(host.output.said).toBe("Goodbye.");
    expect(host.output.all(LLMFullResponseEndFrame)).toHaveLength(2);
    expect(host.output.seen.at(-1)).toBeInstanceOf(EndFrame);
    expect(host.output.all(EndFrame)[0]?.reason).toBe("done");
    expect(model.asked).toHaveLength(2);
    expect(running.errors).toEqual([]);
  });

  it("K48: speaks once also when two calls of one answer end the conversation", async () => {
    const { running, host, activate } = await talk(
      (agent) => ({
        leave: tool({
          description: "",
          parameters: anything,
          execute: () => agent.end({ messages: [developer("Say goodbye.")] }),
        }),
      }),
      [call("leave", "1"), call("leave", "2")],
      ["Goodbye."],
    );
    await activate();
    await host.say("bye");
    await running.finished;
    expect(host.output.said).toBe("Goodbye.");
  });

  it("does not have the tool's result answered, and says nothing when it is given nothing to say", async () => {
    const { running, host, model, activate } = await talk(
      (agent) => ({ leave: tool({ description: "", parameters: anything, execute: () => agent.end() }) }),
      ["Bye.", call("leave")],
    );
    await activate();
    await host.say("bye");
    await running.finished;
    expect(host.output.said).toBe("Bye.");
    expect(model.asked).toHaveLength(1);
  });

  it("ends although the model fails at the last words", async () => {
    const { running, host, activate } = await talk(
      (agent) => ({
        leave: tool({
          description: "",
          parameters: anything,
          execute: () => agent.end({ messages: [developer("Say goodbye.")] }),
        }),
      }),
      [call("leave")],
      [{ fail: new Error("overloaded") }],
    );
    await activate();
    await host.say("bye");
    await running.finished;
    expect(host.output.all(EndFrame)).toHaveLength(1);
  });
});
