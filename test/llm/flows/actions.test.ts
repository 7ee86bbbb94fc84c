import { LLMFullResponseEndFrame, LLMTextFrame, TTSSpeakFrame } from "trunkline";
import { defineFlow, endConversation, type FlowAction, ttsSay } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { until } from "../../support/settled.ts";
import { developer } from "../conversation.ts";
import { gate } from "../harness.ts";
import { call, leadTo, play } from "./food-order.ts";

const task = (name: string) => [developer(`Be in ${name}.`)];

describe("the actions of a node", () => {
  it("are done in order: before its messages, and after its first answer, each once", async () => {
    const story: string[] = [];
    const note =
      (what: string): FlowAction =>
      async ({ node }) => {
        await Promise.resolve();
        story.push(`${what} ${node}: ${host?.output.all(LLMFullResponseEndFrame).length}`);
      };
    const flow = defineFlow({
      initial: "a",
      state: () => undefined,
      nodes: {
        a: {
          taskMessages: task("a"),
          preActions: [ttsSay("Welcome."), note("pre 1"), note("pre 2")],
          postActions: [note("post 1"), note("post 2")],
          functions: { next: leadTo("b") },
        },
        b: { taskMessages: task("b"), preActions: [note("pre")] },
      },
    });
    let host: Awaited<ReturnType<typeof play>>["host"] | undefined;
    const played = await play(flow, ["Hello."], ["Again."], [call("next")], ["In b."]);
    await using _ = played.running;
    host = played.host;
    await until(() => story.length === 4 && host?.transcript.at(-1) === "assistant: Hello.");
    await host.say("x");
    await host.remembered.until(LLMFullResponseEndFrame, 2);
    await host.say("y");
    await host.remembered.until(LLMFullResponseEndFrame, 4);
    expect(story.map((line) => line.split(":")[0])).toEqual(["pre 1 a", "pre 2 a", "post 1 a", "post 2 a", "pre b"]);
    expect(host.transcript.slice(0, 3)).toEqual(["assistant: Welcome.", "developer: Be in a.", "assistant: Hello."]);
  });

  it("come after the answer, and before the next node when that answer leads on", async () => {
    const story: string[] = [];
    const flow = defineFlow({
      initial: "a",
      state: () => undefined,
      nodes: {
        a: {
          taskMessages: task("a"),
          postActions: [ttsSay("Done with a."), () => void story.push("post a")],
          functions: { next: leadTo("b") },
        },
        b: { taskMessages: task("b"), preActions: [() => void story.push("pre b")] },
      },
    });
    const { running, host } = await play(flow, ["On we go.", call("next")], ["In b."]);
    await using _ = running;
    await until(() => host.transcript.at(-1) === "assistant: In b.");
    expect(story).toEqual(["post a", "pre b"]);
    expect(host.transcript).toEqual([
      "developer: Be in a.",
      "assistant: On we go.",
      "assistant: calls next",
      "tool: COMPLETED",
      "assistant: Done with a.",
      "developer: Be in b.",
      "assistant: In b.",
    ]);
  });

  it("of a node that waits for the user come after its first answer", async () => {
    const done = gate();
    const flow = defineFlow({
      initial: "a",
      state: () => undefined,
      nodes: { a: { taskMessages: task("a"), respondImmediately: false, postActions: [done.open] } },
    });
    const { running, host } = await play(flow, ["Hello."]);
    await using _ = running;
    await until(() => host.transcript.length === 1);
    await host.say("x");
    await done.promise;
    await host.remembered.until(LLMFullResponseEndFrame);
    expect(host.output.said).toBe("Hello.");
  });

  it("that fail are reported, and the conversation goes on", async () => {
    const flow = defineFlow({
      initial: "a",
      state: () => undefined,
      nodes: {
        a: {
          taskMessages: task("a"),
          preActions: [() => Promise.reject(new Error("no log today")), ttsSay("Welcome.")],
        },
      },
    });
    const { running, host } = await play(flow, ["Hello."]);
    await using _ = running;
    await until(() => host.transcript.at(-1) === "assistant: Hello.");
    expect(host.transcript[0]).toBe("assistant: Welcome.");
    expect(running.errors).toEqual([expect.objectContaining({ message: expect.stringContaining("no log today") })]);
  });

  it("can end the conversation, after the answer and the last words", async () => {
    const never: string[] = [];
    const flow = defineFlow({
      initial: "a",
      state: () => undefined,
      nodes: {
        a: { taskMessages: task("a"), postActions: [endConversation("Goodbye."), () => void never.push("never")] },
      },
    });
    const { running, host, model } = await play(flow, ["It is over."]);
    await running.finished;
    expect(host.output.all(LLMTextFrame).map(({ text }) => text)).toEqual(["It is over."]);
    expect(host.output.all(TTSSpeakFrame).map(({ text }) => text)).toEqual(["Goodbye."]);
    expect(host.transcript).toEqual(["developer: Be in a.", "assistant: It is over.", "assistant: Goodbye."]);
    expect([never, model.asked.length, running.errors]).toEqual([[], 1, []]);
  });

  it("can end the conversation before the node says anything", async () => {
    const flow = defineFlow({
      initial: "a",
      state: () => undefined,
      nodes: { a: { taskMessages: task("a"), preActions: [endConversation()] } },
    });
    const { running, host, model } = await play(flow);
    await running.finished;
    expect([host.transcript, model.asked.length, running.errors]).toEqual([[], 0, []]);
  });
});
