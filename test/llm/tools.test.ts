import { toStandardJsonSchema } from "@valibot/to-json-schema";
import {
  FunctionCallCancelFrame,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
  FunctionCallsStartedFrame,
  InterruptionFrame,
} from "trunkline";
import { LLMService, type Tool, type ToolCall, tool } from "trunkline/llm";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { gate, rig } from "./harness.ts";
import { ScriptedModel, type Step } from "./scripted-model.ts";

const anything = z.object({});
const call = (name: string, args: unknown = {}, id = name): Step => ({ call: name, id, args });

async function rigWith(tools: Record<string, Tool>, ...answers: readonly Step[][]) {
  const service = new LLMService({ model: new ScriptedModel(...answers) });
  service.registerTools(tools);
  return { service, ...(await rig(service)) };
}

describe("a tool", () => {
  it("gets the arguments it asked for, validated, and its result is pushed", async () => {
    const seen: unknown[] = [];
    const add = tool({
      description: "Adds.",
      parameters: z.object({ a: z.number(), b: z.number().default(2) }),
      execute: ({ a, b }, { toolCallId, functionName, signal }) => {
        seen.push([toolCallId, functionName, signal.aborted]);
        return { sum: a + b };
      },
    });
    const { task, last, ask } = await rigWith({ add }, ["Let me see.", call("add", { a: 1 }, "c1")]);
    await ask("1 + 2?");
    await task.end();
    expect(seen).toEqual([["c1", "add", false]]);
    // A system frame keeps no order with the others.
    expect(last.story.slice(1).filter((name) => name !== "FunctionCallsStartedFrame")).toEqual([
      "LLMFullResponseStartFrame",
      "Let me see.",
      "LLMFullResponseEndFrame",
      "FunctionCallInProgressFrame",
      "FunctionCallResultFrame",
      "EndFrame",
    ]);
    const named = { functionName: "add", toolCallId: "c1", arguments: { a: 1 } };
    expect(last.all(FunctionCallsStartedFrame)[0]?.functionCalls).toEqual([named]);
    expect(last.all(FunctionCallInProgressFrame)[0]).toMatchObject({ ...named, cancelOnInterruption: true });
    expect(last.all(FunctionCallResultFrame)[0]).toMatchObject({ ...named, result: { sum: 3 }, runLlm: undefined });
  });

  it("runs beside the other calls of the answer; results come in the order of the calls", async () => {
    const [first, second] = [gate(), gate()];
    const parameters = anything;
    const { task, last, ask } = await rigWith(
      {
        slow: tool({ description: "", parameters, execute: () => first.promise.then(() => "slow") }),
        quick: tool({
          description: "",
          parameters,
          execute: () => {
            second.open();
            return "quick";
          },
        }),
      },
      [call("slow"), call("quick")],
    );
    await ask("both");
    await second.promise;
    expect(last.all(FunctionCallResultFrame)).toEqual([]);
    first.open();
    await task.end();
    expect(last.all(FunctionCallResultFrame).map(({ result }) => result)).toEqual(["slow", "quick"]);
    const groups = last.all(FunctionCallInProgressFrame).map(({ groupId }) => groupId);
    expect(groups[0]).toBeDefined();
    expect(groups[1]).toBe(groups[0]);
  });

  it.each([
    ["arguments that do not fit", { n: "many" }, /n: .*number/],
    ["arguments that are not JSON", "{oops", /not JSON/],
    ["arguments that are not an object", [1], /not a JSON object/],
  ])("is not run with %s; the model is told and the error is reported", async (_, args, expected) => {
    let ran = false;
    const count = tool({
      description: "",
      parameters: z.object({ n: z.number() }),
      execute: () => {
        ran = true;
      },
    });
    const { task, last, ask, errors, errorCount } = await rigWith({ count }, [call("count", args)]);
    await ask("count");
    await errorCount(1);
    await task.end();
    expect(ran).toBe(false);
    expect(last.all(FunctionCallResultFrame)[0]?.result).toEqual({ error: expect.stringMatching(expected) });
    expect(errors.map(({ cause }) => cause)).toMatchObject([{ code: "TL_TOOL_FAILED" }]);
  });

  it("drops a prototype key from its arguments", async () => {
    const seen: unknown[] = [];
    const note = tool({ description: "", parameters: z.looseObject({}), execute: (args) => void seen.push(args) });
    const { task, ask } = await rigWith({ note }, [call("note", '{"a":1,"__proto__":{"b":2}}')]);
    await ask("x");
    await task.end();
    expect(Object.keys(seen[0] as object)).toEqual(["a"]);
  });

  it("that throws gives the model its message and is reported once", async () => {
    const cause = new Error("no such city");
    const fail = tool({
      description: "",
      parameters: anything,
      execute: () => {
        throw cause;
      },
    });
    const { task, last, ask, errors, errorCount, service } = await rigWith({ fail }, [call("fail")]);
    await ask("x");
    await errorCount(1);
    await task.end();
    expect(last.all(FunctionCallResultFrame)[0]?.result).toEqual({ error: "no such city" });
    expect(errors).toHaveLength(1);
    expect(errors[0]?.cause).toMatchObject({ code: "TL_TOOL_FAILED", cause });
    expect(service.toolCallActive).toBe(false);
  });

  it.each(["nobody", "constructor", "__proto__"])(
    "that does not exist (%s) is an error for the model",
    async (name) => {
      const { task, last, ask } = await rigWith({}, [call(name)]);
      await ask("x");
      await task.end();
      expect(last.all(FunctionCallResultFrame)[0]?.result).toEqual({ error: `There is no tool "${name}".` });
    },
  );

  it("that returns no JSON is an error; dates become text and nothing stays nothing", async () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const give = (value: unknown) => tool({ description: "", parameters: anything, execute: () => value });
    const { task, last, ask } = await rigWith(
      { loop: give(loop), date: give({ at: new Date(0) }), nothing: give(undefined) },
      [call("loop"), call("date"), call("nothing")],
    );
    await ask("x");
    await task.end();
    expect(last.all(FunctionCallResultFrame).map(({ result }) => result)).toEqual([
      { error: expect.stringContaining("circular") },
      { at: "1970-01-01T00:00:00.000Z" },
      undefined,
    ]);
  });

  it("that takes too long is told to stop, and the model hears of it", async () => {
    const stopped = gate();
    const slow = tool({
      description: "",
      parameters: anything,
      timeoutMs: 20,
      execute: (_, { signal }: ToolCall) =>
        new Promise(() =>
          signal.addEventListener("abort", () => signal.reason.name === "TimeoutError" && stopped.open()),
        ),
    });
    const { task, last, ask } = await rigWith({ slow }, [call("slow")]);
    await ask("x");
    await task.end();
    await stopped.promise;
    expect(last.all(FunctionCallResultFrame)[0]?.result).toEqual({ error: "The tool gave no result within 20 ms." });
  });

  it("is cancelled by an interruption, unless it says otherwise", async () => {
    const hold = gate();
    const started: string[] = [];
    const both = gate();
    const execute = (_: unknown, { functionName, signal }: ToolCall) => {
      started.push(functionName);
      if (started.length === 2) both.open();
      return Promise.race([
        hold.promise.then(() => "done"),
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      ]);
    };
    const { task, last, ask, errors, service } = await rigWith(
      {
        weak: tool({ description: "", parameters: anything, execute }),
        firm: tool({ description: "", parameters: anything, execute, cancelOnInterruption: false }),
      },
      [call("weak"), call("firm")],
    );
    await ask("x");
    await both.promise;
    await task.queueFrame(new InterruptionFrame());
    expect(await last.until(FunctionCallCancelFrame)).toMatchObject({ functionName: "weak", toolCallId: "weak" });
    expect(service.toolCallActive).toBe(true);
    hold.open();
    await task.end();
    expect(last.all(FunctionCallCancelFrame)).toHaveLength(1);
    expect(last.all(FunctionCallResultFrame)).toMatchObject([{ functionName: "firm", result: "done" }]);
    expect(errors).toEqual([]);
  });

  it("is told to stop when the pipeline is cancelled, also while an end waits for it", async () => {
    const [started, stopped] = [gate(), gate()];
    const hang = tool({
      description: "",
      parameters: anything,
      cancelOnInterruption: false,
      execute: (_, { signal }) => {
        signal.addEventListener("abort", stopped.open);
        started.open();
        return new Promise(() => {});
      },
    });
    const { task, ask, service } = await rigWith({ hang }, [call("hang")]);
    await ask("x");
    await started.promise;
    void task.end();
    await task.cancel();
    await stopped.promise;
    await service.toolsIdle;
    expect(service.toolCallActive).toBe(false);
  });

  it('"No tool is active initially", "The flag is true exactly while a tool runs"', async () => {
    const flags: boolean[] = [];
    const look = tool({
      description: "",
      parameters: anything,
      execute: () => void flags.push(service.toolCallActive),
    });
    const { task, ask, service } = await rigWith({ look }, [call("look")]);
    flags.push(service.toolCallActive);
    await ask("x");
    await task.end();
    expect([...flags, service.toolCallActive]).toEqual([false, true, false]);
  });

  it("takes the schema of any library that gives JSON Schema", () => {
    const parameters = toStandardJsonSchema(v.object({ city: v.string() }));
    const weather = tool({ description: "Weather.", parameters, execute: ({ city }) => city.length });
    expect(weather.parameters).toMatchObject({ type: "object", properties: { city: { type: "string" } } });
    expect(weather.parameters).not.toHaveProperty("$schema");
  });

  it("refuses parameters that cannot be told to a model", () => {
    const make = (parameters: unknown) => () =>
      tool({ description: "", parameters: parameters as typeof anything, execute: () => {} });
    const invalid = expect.objectContaining({ code: "TL_INVALID_OPTION" });
    expect(make(v.object({ city: v.string() }))).toThrow(invalid);
    expect(make(z.string())).toThrow(invalid);
    expect(make(z.object({ at: z.date() }))).toThrow(invalid);
  });

  it("refuses a time that no timer can wait, which would be over at once", () => {
    const make = (timeoutMs: number) => tool({ description: "", parameters: anything, execute: () => {}, timeoutMs });
    for (const timeoutMs of [0, -1, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY]) {
      expect(() => make(timeoutMs)).toThrow(expect.objectContaining({ code: "TL_INVALID_OPTION" }));
    }
    expect(make(2 ** 31 - 1).timeoutMs).toBe(2_147_483_647);
  });
});
