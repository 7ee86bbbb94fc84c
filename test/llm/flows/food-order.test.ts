import { LLMFullResponseEndFrame } from "trunkline";
import { describe, expect, it } from "vitest";
import { until } from "../../support/settled.ts";
import { call, foodOrder, play } from "./food-order.ts";

describe("a flow of four nodes", () => {
  it("leads through all of them, with the node's own messages and functions and one answer each", async () => {
    const { running, host, agent, model } = await play(
      foodOrder,
      ["What would you like?"],
      [call("chooseDish", { dish: "soup" })],
      ["Anything to drink?"],
      [call("addDrink", { drink: "tea" })],
      ["Tea, good. More?"],
      ["One moment. ", call("noMore")],
      ["Pay, please."],
      [call("pay")],
      ["Goodbye."],
    );
    await using _ = running;
    await host.remembered.until(LLMFullResponseEndFrame, 1);
    expect(agent.flowNode).toBe("dish");
    await host.say("soup");
    await host.remembered.until(LLMFullResponseEndFrame, 3);
    expect(agent.flowNode).toBe("drink");
    await host.say("tea");
    await host.remembered.until(LLMFullResponseEndFrame, 5);
    await host.say("no");
    await host.remembered.until(LLMFullResponseEndFrame, 7);
    await host.say("here");
    await host.remembered.until(LLMFullResponseEndFrame, 9);
    await until(() => host.context.messages.length === 23);
    expect(host.transcript).toEqual([
      "developer: You take orders.",
      "developer: Ask for the dish.",
      "assistant: What would you like?",
      "user: soup",
      "assistant: calls chooseDish",
      'tool: {"ordered":"soup"}',
      "developer: Ask for drinks.",
      "assistant: Anything to drink?",
      "user: tea",
      "assistant: calls addDrink",
      'tool: {"count":2}',
      "assistant: Tea, good. More?",
      "user: no",
      "assistant: One moment.",
      "assistant: calls noMore",
      "tool: COMPLETED",
      "developer: Ask for payment of soup and tea.",
      "assistant: Pay, please.",
      "user: here",
      "assistant: calls pay",
      "tool: COMPLETED",
      "developer: Say goodbye.",
      "assistant: Goodbye.",
    ]);
    expect(agent.offered).toEqual([
      "chooseDish",
      "chooseDish",
      "addDrink noMore",
      "addDrink noMore",
      "addDrink noMore",
      "addDrink noMore",
      "pay changeOrder",
      "pay changeOrder",
      "",
    ]);
    expect(agent.flowState).toEqual({ items: ["soup", "tea"], paid: true });
    expect(agent.flowNode).toBe("goodbye");
    expect(model.asked).toHaveLength(9);
    expect(running.errors).toEqual([]);
  });

  it("gives each agent a state of its own, typed as the flow says", async () => {
    const [first, second] = [await play(foodOrder, ["Hello."]), await play(foodOrder, ["Hello."])];
    await using _ = first.running;
    await using __ = second.running;
    const { items, paid }: { readonly items: readonly string[]; readonly paid: boolean } = first.agent.flowState;
    expect([items, paid]).toEqual([[], false]);
    expect(first.agent.flowState).toBe(first.agent.flowState);
    expect(first.agent.flowState).not.toBe(second.agent.flowState);
  });
});
