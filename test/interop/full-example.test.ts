import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../support/settled.ts";
import { type Answer, type Example, type Heard, type Stage, welcome } from "./example.ts";
import { inShort, textOf } from "./heard-and-said.ts";
import { OurMainStage } from "./our-main.ts";
import { scenarios } from "./scenarios.ts";
import { TheirMainStage } from "./their-main.ts";

/** Frames that only inform their own processors. We do not take them; `relayTypes` lets them through. */
const notices = [
  "LLMContextUserTurnFrame",
  "LLMContextAssistantTurnFrame",
  "LLMContextAssistantTimestampFrame",
  "LLMServiceMetadataFrame",
  "UserTurnInferenceCompletedFrame",
  "PipelineFlushFrame",
].map((name) => `pipecat.frames.frames.${name}`);

const greeting: Answer = { words: ["Welcome ", "to ", "Acme!"] };
const priceCall = { id: "c1", name: "look_up_price", args: { product: "rocket boots" } };
const endCall = { id: "c2", name: "end_conversation", args: { reason: "the user said goodbye" } };
const patienceMs = 15_000;

/** Waits, and says what both sides know when it was in vain. */
async function reached(example: Example, condition: () => boolean, what: string): Promise<void> {
  await until(condition, what, patienceMs).catch((cause: Error) => {
    const { heard, rejected, errors, said } = example;
    throw new Error(`${cause.message}: ${JSON.stringify({ heard: inOrder(heard), rejected, errors })}\n${said}`, {
      cause,
    });
  });
}

const inOrder = (heard: readonly Heard[]) => heard.map(({ type, text }) => (text === undefined ? type : [type, text]));

const isInterruption = ({ type }: Heard) => type === "InterruptionFrame";

/** The user has been told that, and there is no more to come of it: all that began has ended. */
function told(example: Example, text: string): Promise<void> {
  const whole = () => count(example, "LLMFullResponseStartFrame") === count(example, "LLMFullResponseEndFrame");
  return reached(example, () => textOf(example.heard).endsWith(text) && whole(), `the user being told "${text}"`);
}

const count = (example: Example, name: string) => example.heard.filter(({ type }) => type === name).length;

function expectNothingWrong(example: Example): void {
  expect(example.errors).toEqual([]);
  expect(example.rejected.filter(({ message }) => !notices.some((notice) => message.includes(notice)))).toEqual([]);
  expect(example.said).not.toContain("failed to deserialize");
}

scenarios("the full example", ({ dialect, role }) => {
  const oursServes = role === "ours serves";
  let stage: Stage;
  beforeAll(() => {
    stage = oursServes ? new TheirMainStage(dialect) : new OurMainStage(dialect);
  });
  afterAll(() => stage?.[Symbol.asyncDispose](), patienceMs);

  // Ours is given something to answer before it ends, theirs the tool's result; that of the older package neither.
  const saysAtOnce = !oursServes && dialect === "subagents";
  const farewell: readonly Answer[] = saysAtOnce
    ? [{ words: ["Good", "bye!"], call: endCall }]
    : [{ call: endCall }, { words: ["Good", "bye!"] }];
  const end = ["call", "c2", "end_conversation", endCall.args];
  const result = ["result", "c2", oursServes || saysAtOnce ? "COMPLETED" : { say: "goodbye" }];
  const goodbye = ["assistant", "Goodbye!"];

  it("greets, calls a tool, answers, and ends after its last words", async () => {
    const answers = [greeting, { call: priceCall }, { words: ["They cost ", "$299."] }, ...farewell];
    await using example = await stage.begin(answers);
    await told(example, "Acme!");
    expect(example.activations).toEqual([
      oursServes ? welcome : { messages: welcome.messages, run_llm: welcome.runLlm },
    ]);
    await example.say("How much are the rocket boots?");
    await told(example, "$299.");
    await example.say("Goodbye");
    await told(example, "Goodbye!");
    await reached(example, () => count(example, "FunctionCallResultFrame") === 2, "the result of the last tool call");
    await reached(example, () => example.ends > 0, "the end of the link");
    // Their client hears of a clean end only when it has something to send.
    if (oursServes) await example.say("Are you still there?");
    await reached(example, () => example.theirEnds > 0, "their side hearing of the end");
    expect([example.ends, example.theirEnds, example.asked]).toEqual([1, 1, answers.length]);
    expect(textOf(example.heard)).toBe("Welcome to Acme!They cost $299.Goodbye!");
    expect(inShort(await example.conversation())).toEqual([
      ["developer", welcome.messages[0].content],
      ["assistant", "Welcome to Acme!"],
      ["user", "How much are the rocket boots?"],
      ["call", "c1", "look_up_price", priceCall.args],
      ["result", "c1", { product: "rocket boots", price: 299 }],
      ["assistant", "They cost $299."],
      ["user", "Goodbye"],
      ...(saysAtOnce ? [goodbye, end, result] : [end, result, goodbye]),
      ...(oursServes ? [["user", "Are you still there?"]] : []),
    ]);
    expect(example.toolRuns).toEqual([priceCall, endCall].map(({ name, args }) => ({ name, arguments: args })));
    const calls = ["FunctionCallsStartedFrame", "FunctionCallInProgressFrame", "FunctionCallResultFrame"];
    expect(calls.map((name) => count(example, name))).toEqual([2, 2, 2]);
    expect(count(example, "LLMFullResponseStartFrame")).toBe(answers.length);
    expectNothingWrong(example);
  });

  it("an interruption breaks the answer off, and the conversation goes on", async () => {
    let letGo = () => {};
    const hold = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const story: Answer = { words: ["Once ", "upon "], hold, call: priceCall };
    await using example = await stage.begin([greeting, story, { words: ["Three ", "products."] }]);
    await told(example, "Acme!");
    await example.say("Tell me a story");
    await reached(example, () => textOf(example.heard).endsWith("upon "), "the beginning of a story");
    const before = example.heard.length;
    await example.interrupt();
    await reached(example, () => example.brokenOff > 0, "the model's answer being broken off");
    // The bridge of the main program took it, and it is back only now.
    await reached(example, () => example.heard.slice(before).some(isInterruption), "the interruption being back");
    letGo();
    await example.say("What do you sell?");
    await told(example, "products.");
    expect(textOf(example.heard)).toBe("Welcome to Acme!Once upon Three products.");
    expect(inShort(await example.conversation())).toEqual([
      ["developer", welcome.messages[0].content],
      ["assistant", "Welcome to Acme!"],
      ["user", "Tell me a story"],
      ["assistant", "Once upon"],
      ["user", "What do you sell?"],
      ["assistant", "Three products."],
    ]);
    expect([example.asked, example.brokenOff, example.toolRuns, example.ends]).toEqual([3, 1, [], 0]);
    expectNothingWrong(example);
  });

  it("nothing is refused where the notices of their processors are relayed", async () => {
    await using example = await stage.begin([greeting, { words: ["Three ", "products."] }], { relayTypes: notices });
    await told(example, "Acme!");
    await example.say("What do you sell?");
    await told(example, "products.");
    // As between two of theirs, what the bridge took comes back to it.
    const came = oursServes ? "LLMContextUserTurnFrame" : "OpaqueFrame";
    await reached(example, () => example.heard.some(({ type }) => type === came), "a notice");
    expect(textOf(example.heard)).toBe("Welcome to Acme!Three products.");
    expect(example.rejected).toEqual([]);
    expectNothingWrong(example);
  });
});
