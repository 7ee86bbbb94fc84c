import { LLMFullResponseEndFrame, LLMTextFrame } from "trunkline";
import { defineFlow, flowFunction, tool } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { Running } from "../../support/running.ts";
import { until } from "../../support/settled.ts";
import { developer } from "../conversation.ts";
import { gate } from "../harness.ts";
import { ScriptedModel } from "../scripted-model.ts";
import { anything, call, FlowAgent, Listener, leadTo, play } from "./food-order.ts";

const node = (name: string) => ({ taskMessages: [developer(`Be in ${name}.`)] });

const flowOf = <Functions extends Record<string, ReturnType<typeof leadTo<"b" | "c">>>>(functions: Functions) =>
  defineFlow({
    initial: "a",
    state: () => undefined,
    nodes: { a: { ...node("a"), functions }, b: { ...node("b"), functions: { back: leadTo("a") } }, c: node("c") },
    globalFunctions: { leave: leadTo("c") },
  });

const entries = (transcript: readonly string[]) => transcript.filter((line) => line.startsWith("developer: Be in "));

describe("a transition", () => {
  it("is made once for parallel calls, behind all their results, where the last call says", async () => {
    const slow = gate();
    const flow = flowOf({
      first: flowFunction({
        description: "",
        parameters: anything,
        leadsTo: ["b"],
        execute: async () => {
          await slow.promise;
          return { result: 1, next: "b" };
        },
      }),
      second: leadTo("c"),
      third: flowFunction({ description: "", parameters: anything, execute: () => ({ result: 3 }) }) as never,
    });
    const { running, host, agent, model } = await play(
      flow,
      ["Hello."],
      [call("first"), call("second"), call("third")],
      ["I am in c."],
    );
    await using _ = running;
    await host.remembered.until(LLMFullResponseEndFrame, 1);
    await host.say("go");
    await host.remembered.until(LLMFullResponseEndFrame, 2);
    slow.open();
    await until(() => host.context.messages.length === 11);
    expect(host.transcript.slice(3)).toEqual([
      "assistant: calls first",
      "tool: 1",
      "assistant: calls second",
      "tool: COMPLETED",
      "assistant: calls third",
      "tool: 3",
      "developer: Be in c.",
      "assistant: I am in c.",
    ]);
    expect([agent.flowNode, model.asked.length, running.errors]).toEqual(["c", 3, []]);
  });

  it("can be made from every node by a global function", async () => {
    const flow = flowOf({ next: leadTo("b") });
    const { running, host, agent } = await play(
      flow,
      ["Hello."],
      [call("next")],
      ["In b."],
      [call("leave")],
      ["In c."],
    );
    await using _ = running;
    await host.remembered.until(LLMFullResponseEndFrame, 1);
    await host.say("next");
    await host.remembered.until(LLMFullResponseEndFrame, 3);
    await host.say("leave");
    await host.remembered.until(LLMFullResponseEndFrame, 5);
    expect(agent.offered).toEqual(["leave next", "leave next", "leave back", "leave back", "leave"]);
    expect(agent.flowNode).toBe("c");
  });

  it("may lead to a node that is made at that moment, and from there back by name", async () => {
    const flow = flowOf({
      next: flowFunction({
        description: "",
        parameters: anything,
        execute: () => ({ next: { name: "made", ...node("made"), functions: { onward: leadTo("b") } } }),
      }),
    });
    const { running, host, agent } = await play(
      flow,
      ["Hello."],
      [call("next")],
      ["Made."],
      [call("onward")],
      ["In b."],
    );
    await using _ = running;
    await host.remembered.until(LLMFullResponseEndFrame, 1);
    await host.say("x");
    await host.remembered.until(LLMFullResponseEndFrame, 3);
    expect(agent.flowNode).toBe("made");
    await host.say("y");
    await host.remembered.until(LLMFullResponseEndFrame, 5);
    expect(agent.flowNode).toBe("b");
  });

  it("to nowhere is an error for the model, and the flow stays where it is", async () => {
    const { running, host, agent } = await play(
      flowOf({
        next: flowFunction({ description: "", parameters: anything, execute: () => ({ next: "nowhere" }) as never }),
      }),
      ["Hello."],
      [call("next")],
      ["That went wrong."],
    );
    await using _ = running;
    await host.remembered.until(LLMFullResponseEndFrame, 1);
    await host.say("x");
    await host.remembered.until(LLMFullResponseEndFrame, 3);
    expect(host.transcript[4]).toContain('The flow has no node \\"nowhere\\"');
    expect(agent.flowNode).toBe("a");
    expect(running.errors.map(({ message }) => message)).toContainEqual(expect.stringContaining("no node"));
    expect(() => agent.goTo("nowhere")).toThrow(expect.objectContaining({ code: "TL_FLOW_NODE_UNKNOWN" }));
  });

  it("to a node that cannot be made is reported, and the model goes on where it was", async () => {
    const flow = defineFlow({
      initial: "a",
      state: () => undefined,
      nodes: {
        a: { ...node("a"), functions: { next: leadTo("b") } },
        b: () => {
          throw new Error("no node today");
        },
      },
    });
    const { running, host, agent, model } = await play(flow, ["Hello."], [call("next")], ["Still here."]);
    await using _ = running;
    await host.remembered.until(LLMFullResponseEndFrame, 1);
    await host.say("x");
    await host.remembered.until(LLMFullResponseEndFrame, 3);
    expect(agent.flowNode).toBe("a");
    expect(agent.offered.at(-1)).toBe("next");
    expect(model.asked).toHaveLength(3);
    expect(running.errors.map(({ message }) => message)).toEqual([expect.stringContaining("no node today")]);
  });

  it("can come from the program, and wait for the user's first word", async () => {
    const flow = defineFlow({
      initial: "a",
      state: () => undefined,
      nodes: { a: node("a"), b: { ...node("b"), respondImmediately: false } },
    });
    const { running, host, agent, model } = await play(flow, ["Hello."], ["In b."]);
    await using _ = running;
    await host.remembered.until(LLMFullResponseEndFrame, 1);
    agent.goTo("b");
    await until(() => entries(host.transcript).length === 2);
    expect([agent.flowNode, model.asked.length]).toEqual(["b", 1]);
    await host.say("x");
    await host.remembered.until(LLMFullResponseEndFrame, 2);
    expect(host.output.said).toBe("Hello.In b.");
  });

  it("is no business of a function whose node has been left", async () => {
    const answering = gate();
    const flow = flowOf({ next: leadTo("b") });
    const { running, host, agent } = await play(
      flow,
      ["Hello."],
      ["Wait. ", { wait: answering.promise }, call("next")],
      ["In c."],
      ["Still in c."],
    );
    await using _ = running;
    await host.remembered.until(LLMFullResponseEndFrame, 1);
    await host.say("x");
    await host.output.until(LLMTextFrame, 2);
    agent.goTo("c");
    await until(() => agent.flowNode === "c");
    answering.open();
    await host.remembered.until(LLMFullResponseEndFrame, 4);
    expect(agent.flowNode).toBe("c");
    expect(entries(host.transcript)).toEqual(["developer: Be in a.", "developer: Be in c."]);
    expect(running.errors).toEqual([]);
  });

  it("leaves the agent's own tools, and offers them in every node", async () => {
    const model = new ScriptedModel(["Hello."], [call("next")], [call("help")], ["In b."]);
    let host!: Listener;
    let agent!: FlowAgent<undefined>;
    const running = await Running.with(({ bus }) => {
      host = new Listener({ bus });
      agent = new FlowAgent("guide", { bus, model, flow: flowOf({ next: leadTo("b") }), active: true });
      agent.tools = { help: tool({ description: "", parameters: anything, execute: () => "helped" }) };
      return [host, agent];
    });
    await using _ = running;
    await host.remembered.until(LLMFullResponseEndFrame, 1);
    await host.say("x");
    await host.remembered.until(LLMFullResponseEndFrame, 4);
    expect(host.transcript).toContain('tool: "helped"');
    expect([agent.offered.at(0), agent.offered.at(-1)]).toEqual(["help leave next", "help leave back"]);
  });
});
