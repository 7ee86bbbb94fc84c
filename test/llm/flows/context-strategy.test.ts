import { LLMFullResponseEndFrame } from "trunkline";
import { type ContextStrategy, defineFlow, resetWithSummary, type Summarize, summarizeWithModel } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { until } from "../../support/settled.ts";
import { developer } from "../conversation.ts";
import { ScriptedModel } from "../scripted-model.ts";
import { call, leadTo, play } from "./food-order.ts";

/** Goes from a to b, which is entered like this. */
async function setOut(contextStrategy: ContextStrategy | undefined, flowStrategy?: ContextStrategy) {
  const flow = defineFlow({
    initial: "a",
    state: () => undefined,
    contextStrategy: flowStrategy,
    nodes: {
      a: {
        roleMessages: [developer("You are kind.")],
        taskMessages: [developer("Be in a.")],
        contextStrategy: "append",
        functions: { next: leadTo("b") },
      },
      b: { taskMessages: [developer("Be in b.")], contextStrategy },
    },
  });
  const played = await play(flow, ["Hello."], [call("next")], ["In b."]);
  await played.host.remembered.until(LLMFullResponseEndFrame, 1);
  await played.host.say("x");
  return played;
}

/** The same; resolves once b has answered. */
async function enter(...strategies: Parameters<typeof setOut>) {
  const played = await setOut(...strategies);
  await until(() => played.host.transcript.at(-1) === "assistant: In b.");
  return played;
}

const before = [
  "developer: You are kind.",
  "developer: Be in a.",
  "assistant: Hello.",
  "user: x",
  "assistant: calls next",
  "tool: COMPLETED",
];
const after = ["developer: Be in b.", "assistant: In b."];

describe("a node's context strategy", () => {
  it.each([
    ["append, when nobody says otherwise", undefined, undefined, [...before, ...after]],
    ["append", "append", "reset", [...before, ...after]],
    ["reset, which keeps the role", "reset", undefined, ["developer: You are kind.", ...after]],
    ["that of the flow", undefined, "reset", ["developer: You are kind.", ...after]],
  ] as const)("is %s", async (_, ofNode, ofFlow, expected) => {
    const { running, host, model } = await enter(ofNode, ofFlow);
    await using __ = running;
    expect(host.transcript).toEqual(expected);
    expect(model.asked).toHaveLength(3);
  });

  it("puts a summary in place of the conversation, results of the functions included", async () => {
    const seen: unknown[] = [];
    const summarize: Summarize = (messages) => {
      seen.push(...messages.map((message) => ("role" in message ? message.role : "")));
      return " They said x. ";
    };
    const { running, host } = await enter(resetWithSummary(summarize));
    await using _ = running;
    expect(host.transcript).toEqual([
      "developer: You are kind.",
      "developer: What was said so far, in short: They said x.",
      ...after,
    ]);
    expect(seen).toEqual(["developer", "developer", "assistant", "user", "assistant", "tool"]);
  });

  it.each([
    ["throws", (): Promise<string> => Promise.reject(new Error("no words")), /no words/],
    ["is empty", (): string => " ", /empty/],
    ["takes too long", (): Promise<string> => new Promise(() => {}), /more than 20 ms/],
  ] as const)("loses nothing when the summary %s", async (_, summarize, why) => {
    const { running, host } = await enter(resetWithSummary(summarize, { timeoutMs: 20 }));
    await using __ = running;
    expect(host.transcript).toEqual([...before, ...after]);
    expect(running.errors).toEqual([expect.objectContaining({ message: expect.stringMatching(why) })]);
  });

  it("aborts a summary when the agent ends", async () => {
    let signal: AbortSignal | undefined;
    const summarize: Summarize = (_, aborted) => {
      signal = aborted;
      return new Promise(() => {});
    };
    const { running } = await setOut(resetWithSummary(summarize));
    await until(() => signal !== undefined);
    expect(signal?.aborted).toBe(false);
    await running[Symbol.asyncDispose]();
    expect([signal?.aborted, running.errors]).toEqual([true, []]);
  });

  it("can have a model make the summary", async () => {
    const model = new ScriptedModel(["They ", "said x."]);
    const summarize = summarizeWithModel({ model, instruction: "Sum up.", settings: { temperature: 0 } });
    const messages = [{ role: "user" as const, content: "x" }];
    expect(await summarize(messages, new AbortController().signal)).toBe("They said x.");
    expect(model.lastPrompt).toEqual([
      { role: "user", content: [{ type: "text", text: "x" }] },
      { role: "user", content: [{ type: "text", text: "Sum up." }] },
    ]);
    expect(model.asked[0]?.temperature).toBe(0);
  });
});
