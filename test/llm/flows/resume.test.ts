import { LLMFullResponseEndFrame } from "trunkline";
import { defineFlow, type FlowCall, flowFunction } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { Running } from "../../support/running.ts";
import { until } from "../../support/settled.ts";
import { developer } from "../conversation.ts";
import { ScriptedModel, type Step } from "../scripted-model.ts";
import { anything, call, FlowAgent, Listener, leadTo } from "./food-order.ts";

interface Visits {
  count: number;
}

const visit = flowFunction({
  description: "",
  parameters: anything,
  leadsTo: ["b"],
  execute: (_, { flow }: FlowCall<Visits>) => {
    flow.state.count += 1;
    return { next: "b" };
  },
});

const leave = (next?: "c") =>
  flowFunction({
    description: "",
    parameters: anything,
    leadsTo: ["c"],
    execute: async (_, { flow }: FlowCall<Visits>) => {
      await flow.handoffTo("host", {});
      return { next };
    },
  });

const flowOf = (rest: object, next?: "c") =>
  defineFlow({
    initial: "a",
    state: (): Visits => ({ count: 0 }),
    nodes: {
      a: { taskMessages: [developer("Be in a.")], functions: { visit } },
      b: { taskMessages: [developer("Be in b.")], functions: { leave: leave(next) } },
      c: {
        taskMessages: ({ count }: Visits) => [developer(`Be in c after ${count}.`)],
        functions: { on: leadTo("a") },
      },
    },
    ...rest,
  });

/** Goes to b, hands over from there, and comes back with this briefing. */
async function comeBack(flow: ReturnType<typeof flowOf>, args: Record<string, unknown>, ...last: readonly Step[][]) {
  const model = new ScriptedModel(["Hello."], [call("visit")], ["In b."], [call("leave")], ...last);
  let host!: Listener;
  let agent!: FlowAgent<Visits>;
  const running = await Running.with(({ bus }) => {
    host = new Listener({ bus });
    agent = new FlowAgent("guide", { bus, model, flow });
    return [host, agent];
  });
  expect([agent.flowNode, agent.flowState.count]).toEqual([undefined, 0]);
  await host.activateAgent("guide", { args: { messages: [developer("They come from sales.")] } });
  await host.remembered.until(LLMFullResponseEndFrame, 1);
  await host.say("x");
  await host.remembered.until(LLMFullResponseEndFrame, 3);
  await host.say("y");
  await until(() => !agent.active && host.transcript.slice(10).join() === "tool: COMPLETED");
  expect(host.transcript.slice(0, 3)).toEqual([
    "developer: They come from sales.",
    "developer: Be in a.",
    "assistant: Hello.",
  ]);
  await host.activateAgent("guide", { args });
  return { running, host, agent, model };
}

describe("a flow that is resumed", () => {
  it("goes on in the node it was in, with its state, behind what the activation brings", async () => {
    const { running, host, agent, model } = await comeBack(flowOf({}), { messages: [developer("They are back.")] }, [
      "In b again.",
    ]);
    await using _ = running;
    await until(() => host.transcript.at(-1) === "assistant: In b again.");
    expect(host.transcript.slice(11)).toEqual([
      "developer: They are back.",
      "developer: Be in b.",
      "assistant: In b again.",
    ]);
    expect([agent.flowNode, agent.flowState.count, model.asked.length]).toEqual(["b", 1, 5]);
    expect(running.errors).toEqual([]);
  });

  it.each([
    ["by name", { resume: "c" }],
    ["by what it knows", { resume: ({ state }: { state: Visits }) => (state.count === 1 ? "c" : "a") }],
    ["with a node made for it", { resume: () => ({ name: "c", taskMessages: [developer("Be in c after 1.")] }) }],
  ])("goes on where the definition says: %s", async (_, rest) => {
    const { running, host, agent } = await comeBack(flowOf(rest), {}, ["In c."]);
    await using __ = running;
    await until(() => host.transcript.at(-1) === "assistant: In c.");
    expect(host.transcript.at(-2)).toBe("developer: Be in c after 1.");
    expect(agent.flowNode).toBe("c");
  });

  it("goes on where the function that handed over wanted to go", async () => {
    const { running, host, agent } = await comeBack(flowOf({ resume: "a" }, "c"), {}, ["In c."]);
    await using _ = running;
    await until(() => host.transcript.at(-1) === "assistant: In c.");
    expect(agent.flowNode).toBe("c");
  });

  it("goes on where the program wanted it to while it was inactive", async () => {
    const model = new ScriptedModel(["In b."]);
    let host!: Listener;
    let agent!: FlowAgent<Visits>;
    const running = await Running.with(({ bus }) => {
      host = new Listener({ bus });
      agent = new FlowAgent("guide", { bus, model, flow: flowOf({ resume: "c" }) });
      return [host, agent];
    });
    await using _ = running;
    agent.goTo("b");
    await host.activateAgent("guide");
    await until(() => host.transcript.at(-1) === "assistant: In b.");
    expect(host.transcript).toEqual(["developer: Be in b.", "assistant: In b."]);
  });

  it("says nothing until the user does when the activation says so", async () => {
    const { running, host, model } = await comeBack(flowOf({}), { runLlm: false }, ["In b again."]);
    await using _ = running;
    await until(() => host.transcript.at(-1) === "developer: Be in b.");
    expect(model.asked).toHaveLength(4);
    await host.say("z");
    await until(() => host.transcript.at(-1) === "assistant: In b again.");
    expect(model.asked).toHaveLength(5);
  });
});
