import { FunctionCallResultFrame, LLMContextFrame, MetricsFrame } from "trunkline";
import { type LanguageModel, LLMContext, LLMService, type ModelCallOptions, tool } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { rig } from "./harness.ts";
import { measured } from "./measured.ts";

type Part = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A model that streams these parts, one answer after the other, and follows this version of the specification. */
class PartsModel implements LanguageModel {
  readonly provider = "parts.chat";
  readonly modelId = "parts";
  readonly specificationVersion: string | undefined;
  readonly asked: ModelCallOptions[] = [];
  readonly #answers: readonly (readonly unknown[])[];

  constructor(specificationVersion: string | undefined, ...answers: readonly (readonly unknown[])[]) {
    this.specificationVersion = specificationVersion;
    this.#answers = answers;
  }

  async doStream(options: ModelCallOptions) {
    const parts = this.#answers[this.asked.length] ?? [];
    this.asked.push(options);
    const stream = new ReadableStream<Part>({
      start(controller) {
        for (const part of parts) controller.enqueue(part as Part);
        controller.close();
      },
    });
    return { stream };
  }
}

const nested = {
  inputTokens: { total: 20, noCache: 8, cacheRead: 10, cacheWrite: 2 },
  outputTokens: { total: 7, text: 4, reasoning: 3 },
};

/** The same answer as each version streams it, and what only that version has. */
const versions: readonly (readonly [string, readonly Part[]])[] = [
  [
    "v2",
    [
      { type: "stream-start", warnings: [{ type: "unsupported-setting", setting: "topK" }] },
      { type: "response-metadata", id: "r" },
      { type: "text-start", id: "1" },
      { type: "text-delta", id: "1", delta: "Hel" },
      { type: "text-delta", id: "1", delta: "" },
      { type: "raw", rawValue: { a: 1 } },
      { type: "source", sourceType: "url", id: "s", url: "https://example.com" },
      { type: "file", mediaType: "image/png", data: "AAAA" },
      { type: "text-delta", id: "1", delta: "lo." },
      { type: "text-end", id: "1" },
      { type: "tool-input-start", id: "c", toolName: "add" },
      { type: "tool-input-delta", id: "c", delta: '{"a":' },
      { type: "tool-input-delta", id: "c", delta: "1}" },
      { type: "tool-input-end", id: "c" },
      { type: "tool-call", toolCallId: "c", toolName: "add", input: '{"a":1}' },
      { type: "tool-call", toolCallId: "p", toolName: "search", input: "{}", providerExecuted: true },
      { type: "tool-result", toolCallId: "p", toolName: "search", result: {}, providerExecuted: true },
      {
        type: "finish",
        finishReason: "tool-calls",
        usage: { inputTokens: 20, outputTokens: 7, totalTokens: 30, reasoningTokens: 3, cachedInputTokens: 10 },
      },
    ],
  ],
  [
    "v3",
    [
      { type: "stream-start", warnings: [{ type: "unsupported", feature: "topK" }] },
      { type: "text-start", id: "1" },
      { type: "text-delta", id: "1", delta: "Hello." },
      { type: "text-end", id: "1" },
      { type: "tool-approval-request", approvalId: "a", toolCallId: "p" },
      { type: "tool-call", toolCallId: "c", toolName: "add", input: '{"a":1}' },
      { type: "finish", finishReason: { unified: "tool-calls", raw: "tool_calls" }, usage: nested },
    ],
  ],
  [
    "v4",
    [
      { type: "stream-start", warnings: [{ type: "unsupported", feature: "topK" }] },
      { type: "ping" },
      { type: "text-start", id: "1" },
      { type: "text-delta", id: "1", delta: "Hello." },
      { type: "text-end", id: "1", citations: [] },
      { type: "custom", kind: "parts.thing" },
      { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
      { type: "reasoning-file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
      { type: "tool-input-start", id: "c", toolName: "add", inputEncoding: "text" },
      { type: "tool-input-delta", id: "c", delta: "1" },
      { type: "tool-input-end", id: "c" },
      { type: "tool-call", toolCallId: "c", toolName: "add", input: '{"a":1}' },
      { type: "finish", finishReason: { unified: "tool-calls", raw: undefined }, usage: nested },
    ],
  ],
];

const question = (content: unknown = "?") =>
  new LLMContextFrame({ context: new LLMContext({ messages: [{ role: "user", content: content as string }] }) });

describe("a model of the specification's version", () => {
  it.each(versions)(
    "%s: its text and its calls of tools arrive, the rest of its stream does no harm",
    async (version, parts) => {
      const service = new LLMService({ model: new PartsModel(version, parts) });
      const parameters = z.object({ a: z.number() });
      service.registerTools({ add: tool({ description: "", parameters, execute: ({ a }) => a + 1 }) });
      const { task, last, ask, errors } = await rig(service);
      await ask("?");
      await task.end();
      expect(last.said).toBe("Hello.");
      expect(last.all(FunctionCallResultFrame).map(({ result }) => result)).toEqual([2]);
      expect(errors.map(({ cause }) => cause)).toMatchObject([
        { code: "TL_MODEL_WARNING", message: expect.stringContaining("topK") },
      ]);
    },
  );

  it.each(versions)("%s: what it used is told once", async (version, parts) => {
    const { last } = await measured(new LLMService({ model: new PartsModel(version, parts), name: "llm" }), [
      question(),
    ]);
    const data = last.all(MetricsFrame).flatMap((frame) => frame.data.filter(({ type }) => type === "llmUsage"));
    expect(data).toEqual([
      {
        type: "llmUsage",
        processor: "llm",
        model: "parts",
        usage: {
          promptTokens: 20,
          completionTokens: 7,
          totalTokens: version === "v2" ? 30 : 27,
          cacheReadInputTokens: 10,
          reasoningTokens: 3,
          ...(version !== "v2" && { cacheCreationInputTokens: 2 }),
        },
      },
    ]);
  });

  it.each([
    ["v2", "AAAA", new URL("https://example.com/a.png")],
    ["v3", "AAAA", new URL("https://example.com/a.png")],
    [undefined, "AAAA", new URL("https://example.com/a.png")],
    ["v4", { type: "data", data: "AAAA" }, { type: "url", url: new URL("https://example.com/a.png") }],
    ["v10", { type: "data", data: "AAAA" }, { type: "url", url: new URL("https://example.com/a.png") }],
  ])("%s: a picture is given in its form", async (version, data, linked) => {
    const model = new PartsModel(version, [{ type: "text-delta", id: "1", delta: "Nice." }]);
    const { task } = await rig(new LLMService({ model }));
    const image = (url: string) => ({ type: "image_url", image_url: { url } });
    await task.queueFrame(question([image("data:image/png;base64,AAAA"), image("https://example.com/a.png")]));
    await task.end();
    expect(model.asked[0]?.prompt).toEqual([
      {
        role: "user",
        content: [
          { type: "file", mediaType: "image/png", data },
          { type: "file", mediaType: "image/*", data: linked },
        ],
      },
    ]);
  });

  it("that warns of the same with every answer is reported once", async () => {
    const warned = [{ type: "stream-start", warnings: [{ type: "other", message: "No seed." }] }];
    const other = [
      {
        type: "stream-start",
        warnings: [
          { type: "other", message: "No seed." },
          { type: "unsupported-tool", tool: { name: "look" }, details: "too new" },
        ],
      },
    ];
    const { task, ask, errors } = await rig(new LLMService({ model: new PartsModel("v2", warned, warned, other) }));
    for (const text of ["a", "b", "c"]) await ask(text);
    await task.end();
    expect(errors.map(({ cause }) => (cause as Error).message)).toEqual([
      "No seed.",
      "unsupported-tool: tool look (too new)",
    ]);
  });

  it("that streams what is no part at all is understood as far as it goes", async () => {
    const odd = [null, 7, "text", {}, { type: "text-delta", delta: "Hi." }, { type: "finish" }];
    const { task, last, ask, errors } = await rig(new LLMService({ model: new PartsModel(undefined, odd) }));
    await ask("?");
    await task.end();
    expect(last.said).toBe("Hi.");
    expect(errors).toEqual([]);
  });

  it.each([
    ["no stream", {}],
    ["nothing", undefined],
  ])("that gives %s has failed as any other", async (_, result) => {
    const model = { provider: "x", modelId: "hollow", doStream: async () => result as never };
    const { task, ask, errors } = await rig(new LLMService({ model }));
    await ask("?");
    await task.end();
    expect(errors.map(({ cause }) => cause)).toMatchObject([
      { code: "TL_MODEL_FAILED", message: expect.stringMatching(/^The model hollow did not answer/) },
    ]);
  });

  it("that ends with an error and says no more is reported", async () => {
    const parts = [
      { type: "text-delta", id: "1", delta: "So" },
      { type: "finish", finishReason: { unified: "error", raw: undefined }, usage: nested },
    ];
    const { task, ask, errors } = await rig(new LLMService({ model: new PartsModel("v3", parts) }));
    await ask("?");
    await task.end();
    expect(errors.map(({ cause }) => cause)).toMatchObject([{ code: "TL_MODEL_FAILED" }]);
  });

  it("whose error is no Error is reported with its words", async () => {
    const error = { message: "The server had an error.", type: "server_error" };
    const { task, ask, errors } = await rig(
      new LLMService({ model: new PartsModel("v3", [{ type: "error", error }]) }),
    );
    await ask("?");
    await task.end();
    expect(errors[0]?.error).toContain("The server had an error.");
  });
});
