import {
  BaseAgent,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  FunctionCallResultFrame,
  InterruptionFrame,
  LLMContextFrame,
  Pipeline,
  TaskGroupError,
  type TaskRequest,
} from "trunkline";
import { LLMContextAgent, type LLMContextAgentOptions, LLMService, type Tool, tool } from "trunkline/llm";
import { ScriptedModel } from "trunkline/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Running } from "../support/running.ts";
import { turns, until } from "../support/settled.ts";
import { developer } from "./conversation.ts";
import { gate } from "./harness.ts";

interface WorkerOptions extends LLMContextAgentOptions {
  readonly model: ScriptedModel;
  readonly tools?: Readonly<Record<string, Tool>>;
}

class Worker extends LLMContextAgent {
  readonly #model: ScriptedModel;

  constructor(name: string, options: WorkerOptions) {
    super(name, options);
    this.#model = options.model;
    this.tools = options.tools ?? {};
  }

  override buildLLM() {
    return new LLMService({ model: this.#model });
  }

  override tasks = {
    debate: (task: TaskRequest<{ question: string }>) =>
      this.answer(task.payload.question, {
        signal: task.signal,
        onText: (text) => void task.stream({ text }),
      }),
  };

  get transcript(): readonly string[] {
    return this.context.messages.map((message) => {
      if ("__specific__" in message) return "specific";
      const calls = message.tool_calls?.map(({ function: { name } }) => `calls ${name}`).join();
      return `${message.role}: ${calls ?? message.content}`;
    });
  }
}

const noArguments = z.object({});

async function workerWith(model: ScriptedModel, tools: Readonly<Record<string, Tool>> = {}, more = {}) {
  let worker!: Worker;
  let other!: BaseAgent;
  const running = await Running.with(({ bus }) => {
    worker = new Worker("worker", { bus, model, tools, ...more });
    other = new BaseAgent("other", { bus });
    return [worker, other];
  });
  return { running, worker, other };
}

describe("an LLM agent with a conversation of its own", () => {
  it("is not bridged, and active once it is ready", async () => {
    const { running, worker } = await workerWith(new ScriptedModel([]));
    await using _ = running;
    expect([worker.bridged, worker.active]).toEqual([false, true]);
    const bridged = new Worker("b", { bus: running.runner.bus, model: new ScriptedModel([]), bridged: true });
    expect(bridged.bridged).toBe(true);
  });

  it("answers, and remembers what was said before", async () => {
    const model = new ScriptedModel(["Two.", "Three."]);
    const { running, worker } = await workerWith(model);
    await using _ = running;
    expect(await worker.answer("One and one?")).toBe("Two.");
    expect(await worker.answer([developer("Be brief."), { role: "user", content: "And one?" }])).toBe("Three.");
    expect(worker.transcript).toEqual([
      "user: One and one?",
      "assistant: Two.",
      "developer: Be brief.",
      "user: And one?",
      "assistant: Three.",
    ]);
    expect(running.errors).toEqual([]);
  });

  it("resolves with the final answer, after all rounds of tools, and gives all text as it comes", async () => {
    const model = new ScriptedModel([
      ["Let me ", "see. ", { call: "look", args: {} }, { call: "look", args: {} }],
      [{ call: "look", args: {} }],
      ["It is ", "noon."],
    ]);
    const look = tool({ description: "", parameters: noArguments, execute: () => "noon" });
    const { running, worker } = await workerWith(model, { look });
    await using _ = running;
    const texts: string[] = [];
    expect(await worker.answer("What time is it?", { onText: (text) => texts.push(text) })).toBe("It is noon.");
    expect(texts).toEqual(["Let me ", "see. ", "It is ", "noon."]);
    expect(worker.transcript.at(-1)).toBe("assistant: It is noon.");
    model.assertUsed();
  });

  it("answers questions one after the other, in order", async () => {
    const first = gate();
    const model = new ScriptedModel([[{ wait: first.promise }, "One."], "Two.", "Three."]);
    const { running, worker } = await workerWith(model);
    await using _ = running;
    const answers = Promise.all(["1", "2", "3"].map((question) => worker.answer(question)));
    await model.waitForRequest();
    expect(worker.transcript).toEqual(["user: 1"]);
    first.open();
    expect(await answers).toEqual(["One.", "Two.", "Three."]);
    expect(worker.transcript.filter((line) => line.startsWith("user"))).toEqual(["user: 1", "user: 2", "user: 3"]);
  });

  it("waits for the answer to an activation's messages, and does not take it for its own", async () => {
    const greeting = gate();
    const model = new ScriptedModel([[{ wait: greeting.promise }, "Hello."], "Mine."]);
    const { running, worker, other } = await workerWith(model, {}, { active: false });
    await using _ = running;
    await other.activateAgent("worker", { args: { messages: [developer("Greet.")] } });
    await model.waitForRequest();
    const texts: string[] = [];
    const answer = worker.answer("And?", { onText: (text) => texts.push(text) });
    greeting.open();
    expect(await answer).toBe("Mine.");
    expect(texts).toEqual(["Mine."]);
    expect(worker.transcript).toEqual(["developer: Greet.", "assistant: Hello.", "user: And?", "assistant: Mine."]);
  });

  it("rejects with the model's failure, and answers the next question", async () => {
    const model = new ScriptedModel([new Error("overloaded"), ["Half ", { fail: new Error("gone") }], "Fine."]);
    const { running, worker } = await workerWith(model);
    await using _ = running;
    await expect(worker.answer("1")).rejects.toMatchObject({ code: "TL_MODEL_FAILED" });
    await expect(worker.answer("2")).rejects.toMatchObject({ code: "TL_MODEL_FAILED" });
    expect(await worker.answer("3")).toBe("Fine.");
    await until(() => running.errors.length === 2);
  });

  it("is not confused by a tool that fails, which the model is told", async () => {
    const model = new ScriptedModel([[{ call: "look" }], "I cannot look."]);
    const look = tool({
      description: "",
      parameters: noArguments,
      execute: () => {
        throw new Error("dark");
      },
    });
    const { running, worker } = await workerWith(model, { look });
    await using _ = running;
    expect(await worker.answer("Look!")).toBe("I cannot look.");
  });

  it("breaks the answer off when the signal aborts, rejects with its reason, and goes on", async () => {
    const model = new ScriptedModel([["Well, ", { wait: new Promise(() => {}) }], "Fine."]);
    const { running, worker } = await workerWith(model);
    await using _ = running;
    const stop = new AbortController();
    const reason = new Error("enough");
    const answer = worker.answer("1", { signal: stop.signal, onText: () => stop.abort(reason) });
    const next = worker.answer("2");
    await expect(answer).rejects.toBe(reason);
    expect(await next).toBe("Fine.");
    // Whether the first word had come as far as the conversation is another matter.
    const transcript = worker.transcript.filter((line) => line !== "assistant: Well,");
    expect(transcript).toEqual(["user: 1", "user: 2", "assistant: Fine."]);
    expect(model.cancelled).toBe(1);
    expect(running.errors).toEqual([]);
  });

  it("never asks what was aborted while it waited", async () => {
    const model = new ScriptedModel(["One."]);
    const { running, worker } = await workerWith(model);
    await using _ = running;
    const stop = new AbortController();
    const first = worker.answer("1");
    const second = worker.answer("2", { signal: stop.signal });
    stop.abort();
    await expect(second).rejects.toMatchObject({ name: "AbortError" });
    await expect(worker.answer("3", { signal: AbortSignal.abort("no") })).rejects.toBe("no");
    expect(await first).toBe("One.");
    expect(worker.transcript).toEqual(["user: 1", "assistant: One."]);
  });

  it.each([true, false])("completes the tool calls of an aborted answer; cancelOnInterruption: %s", async (cancel) => {
    const model = new ScriptedModel([[{ call: "look" }], "Fine."]);
    const stop = new AbortController();
    const signals: AbortSignal[] = [];
    const look = tool({
      description: "",
      parameters: noArguments,
      cancelOnInterruption: cancel,
      execute: (_, { signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    const { running, worker } = await workerWith(model, { look });
    await using _ = running;
    void until(() => worker.transcript.includes("tool: IN_PROGRESS")).then(() => stop.abort());
    await expect(worker.answer("1", { signal: stop.signal })).rejects.toMatchObject({ name: "AbortError" });
    expect(await worker.answer("2")).toBe("Fine.");
    expect(worker.transcript).toEqual([
      "user: 1",
      "assistant: calls look",
      `tool: ${cancel ? "CANCELLED" : "COMPLETED"}`,
      "user: 2",
      "assistant: Fine.",
    ]);
    expect(signals[0]?.aborted).toBe(cancel);
    model.assertUsed();
  });

  it("forgets a tool call that is aborted as it begins", async () => {
    const model = new ScriptedModel([[{ call: "look" }], "Fine."]);
    const stop = new AbortController();
    const look = tool({ description: "", parameters: noArguments, execute: () => stop.abort() });
    const { running, worker } = await workerWith(model, { look });
    await using _ = running;
    await expect(worker.answer("1", { signal: stop.signal })).rejects.toMatchObject({ name: "AbortError" });
    expect(await worker.answer("2")).toBe("Fine.");
    expect(worker.transcript).not.toContain("tool: IN_PROGRESS");
    model.assertUsed();
  });

  it("rejects with what onText throws", async () => {
    const model = new ScriptedModel([["a", "b"], "Fine."]);
    const { running, worker } = await workerWith(model);
    await using _ = running;
    const wrong = new Error("wrong");
    const answer = worker.answer("1", {
      onText: () => {
        throw wrong;
      },
    });
    await expect(answer).rejects.toBe(wrong);
    expect(await worker.answer("2")).toBe("Fine.");
    expect(running.errors).toEqual([]);
  });

  it("rejects when its pipeline is interrupted", async () => {
    const model = new ScriptedModel([["Well, ", { wait: new Promise(() => {}) }]]);
    const { running, worker } = await workerWith(model);
    await using _ = running;
    const answer = worker.answer("1", { onText: () => void worker.queueFrame(new InterruptionFrame()) });
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
    expect(worker.transcript[0]).toBe("user: 1");
  });

  it("is not broken off by a deactivation: whoever asked hears it", async () => {
    const deactivated = gate();
    const model = new ScriptedModel([["Well, ", { wait: deactivated.promise }, "yes."]]);
    const { running, worker, other } = await workerWith(model);
    await using _ = running;
    worker.once("deactivated", () => void setImmediate(deactivated.open));
    const answer = worker.answer("1", { onText: () => void other.deactivateAgent("worker") });
    expect(await answer).toBe("Well, yes.");
    expect(worker.active).toBe(false);
  });

  it("waits for the answer to a result that is long on its way to the conversation", async () => {
    const model = new ScriptedModel([["Hm. ", { call: "look" }], "It is noon."]);
    const look = tool({ description: "", parameters: noArguments, execute: () => "noon" });
    class Slow extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        // Results on their way down, and the question they lead to on its way up.
        if (frame instanceof FunctionCallResultFrame || frame instanceof LLMContextFrame) await turns(10);
        await this.push(frame, direction);
      }
    }
    class SlowWorker extends Worker {
      override buildPipeline() {
        const { user, assistant } = this.aggregators;
        return new Pipeline([user, this.createLLM(), new Slow(), new Slow(), assistant]);
      }
    }
    let worker!: Worker;
    const running = await Running.with(({ bus }) => {
      worker = new SlowWorker("worker", { bus, model, tools: { look } });
      return [worker];
    });
    await using _ = running;
    expect(await worker.answer("What time is it?")).toBe("It is noon.");
  });

  it("rejects when the agent is cancelled meanwhile, and after the end", async () => {
    const model = new ScriptedModel([["Well, ", { wait: new Promise(() => {}) }]]);
    const { running, worker } = await workerWith(model);
    const answer = worker.answer("1", { onText: () => void running.runner.cancel("enough") });
    const next = worker.answer("2");
    await expect(answer).rejects.toMatchObject({ code: "TL_PIPELINE_ENDED" });
    await expect(next).rejects.toMatchObject({ code: "TL_PIPELINE_ENDED" });
    await running.finished;
    await expect(worker.answer("3")).rejects.toMatchObject({ code: "TL_PIPELINE_ENDED" });
  });

  it("gives an answer that has begun when it ends gracefully", async () => {
    const model = new ScriptedModel([["Well, ", { wait: Promise.resolve() }, "yes."]]);
    const { running, worker } = await workerWith(model);
    const answer = worker.answer("1", { onText: () => void running.runner.end("enough") });
    expect(await answer).toBe("Well, yes.");
    await running.finished;
  });

  it("may be asked before it has started", async () => {
    const model = new ScriptedModel(["Early."]);
    let answer: Promise<string> | undefined;
    const running = await Running.with(({ bus }) => {
      const worker = new Worker("worker", { bus, model });
      answer = worker.answer("1");
      return [worker];
    });
    await using _ = running;
    expect(await answer).toBe("Early.");
  });

  it("asks the model from the conversation it was given, and has it for others to see", async () => {
    const model = new ScriptedModel(["Yes."]);
    const { running, worker } = await workerWith(model);
    await using _ = running;
    const heard: string[] = [];
    worker.aggregators.assistant.on("turnStopped", ({ content }) => heard.push(content));
    await worker.answer("Really?");
    expect(heard).toEqual(["Yes."]);
    const { context } = worker;
    expect(context.messages).toHaveLength(2);
  });
});

describe("a group of three that answers by itself", () => {
  async function council(models: readonly ScriptedModel[]) {
    let moderator!: BaseAgent;
    const workers: Worker[] = [];
    const running = await Running.with(({ bus }) => {
      moderator = new BaseAgent("moderator", { bus });
      for (const [index, model] of models.entries()) workers.push(new Worker(`w${index}`, { bus, model }));
      return [moderator, ...workers];
    });
    return { running, moderator, workers, names: workers.map(({ name }) => name) };
  }

  it("streams what each model says, and answers with the whole", async () => {
    const models = ["For.", "Against.", "Perhaps."].map(
      (text) => new ScriptedModel([[text.slice(0, 2), text.slice(2)]]),
    );
    const { running, moderator, names } = await council(models);
    await using _ = running;
    const group = moderator.taskGroup<string>(names, { name: "debate", payload: { question: "Boots?" } });
    const streamed: Record<string, string> = {};
    for await (const event of group) {
      if (event.type !== "streamData") continue;
      const { text } = event.data as { text: string };
      streamed[event.agentName] = (streamed[event.agentName] ?? "") + text;
    }
    expect(await group).toEqual({ w0: "For.", w1: "Against.", w2: "Perhaps." });
    expect(streamed).toEqual({ w0: "For.", w1: "Against.", w2: "Perhaps." });
  });

  it("is stopped by a cancel of the group, and may be asked again", async () => {
    const models = [1, 2, 3].map(() => new ScriptedModel([["Well, ", { wait: new Promise(() => {}) }], "Fine."]));
    const { running, moderator, workers, names } = await council(models);
    await using _ = running;
    const group = moderator.taskGroup<string>(names, { name: "debate", payload: { question: "Boots?" } });
    await Promise.all(models.map((model) => model.waitForRequest()));
    group.cancel("enough");
    await expect(group.then()).rejects.toBeInstanceOf(TaskGroupError);
    const again = moderator.taskGroup<string>(names, { name: "debate", payload: { question: "Now?" } });
    expect(await again).toEqual({ w0: "Fine.", w1: "Fine.", w2: "Fine." });
    for (const worker of workers) expect(worker.transcript.at(-1)).toBe("assistant: Fine.");
    expect(running.errors).toEqual([]);
  });
});
