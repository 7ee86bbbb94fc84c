import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LLMContextMessage } from "../../src/frames/index.ts";
import { type PromptMessage, type PromptOptions, toPrompt } from "../../src/llm/index.ts";

const convert = (messages: unknown, options: Partial<PromptOptions> = {}) =>
  toPrompt(messages as LLMContextMessage[], { provider: "openai.chat", ...options });
const text = (value: string) => [{ type: "text", text: value }];
const toolCall = (id: unknown, name: unknown = "f", args: unknown = "{}") => ({
  id,
  type: "function",
  function: { name, arguments: args },
});

describe("a prompt", () => {
  it("puts the instruction first and keeps system messages at the beginning", () => {
    const { prompt, problems } = convert(
      [
        { role: "system", content: "s" },
        { role: "user", content: "u" },
        { role: "assistant", content: "a" },
        { role: "system", content: "late" },
        { role: "developer", content: "d" },
      ],
      { systemInstruction: "first" },
    );
    expect(prompt).toEqual([
      { role: "system", content: "first" },
      { role: "system", content: "s" },
      { role: "user", content: text("u") },
      { role: "assistant", content: text("a") },
      { role: "user", content: text("late") },
      { role: "user", content: text("d") },
    ]);
    expect(problems).toEqual([]);
  });

  it("keeps developers' messages for the system where the model takes them", () => {
    const messages = [
      { role: "user", content: "u" },
      { role: "developer", content: "d" },
    ];
    expect(convert(messages, { developerMessages: "system" }).prompt[1]).toEqual({ role: "system", content: "d" });
  });

  it("brings calls and results together, in the order of the calls, with a placeholder where there is none", () => {
    const { prompt, problems } = convert([
      {
        role: "assistant",
        content: "Wait.",
        tool_calls: [toolCall("1", "f", '{"a":1}'), toolCall("2"), toolCall("3")],
      },
      { role: "user", content: "…" },
      { role: "tool", tool_call_id: "2", content: "plain words" },
      { role: "tool", tool_call_id: "1", content: '{"b":[2]}' },
      { role: "tool", tool_call_id: "9", content: "orphan" },
    ]);
    const call = (toolCallId: string, input: unknown) => ({ type: "tool-call", toolCallId, toolName: "f", input });
    const result = (toolCallId: string, output: unknown) => ({
      type: "tool-result",
      toolCallId,
      toolName: "f",
      output,
    });
    expect(prompt).toEqual([
      { role: "assistant", content: [...text("Wait."), call("1", { a: 1 }), call("2", {}), call("3", {})] },
      {
        role: "tool",
        content: [
          result("1", { type: "json", value: { b: [2] } }),
          result("2", { type: "text", value: "plain words" }),
          result("3", { type: "text", value: "IN_PROGRESS" }),
        ],
      },
      { role: "user", content: text("…") },
    ]);
    expect(problems).toEqual(["Message 4 is the result of a tool that was not called before it."]);
  });

  it("tells calls apart that carry the same id", () => {
    const messages = ["first", "second"].flatMap((content) => [
      { role: "assistant", tool_calls: [toolCall("call_0")] },
      { role: "tool", tool_call_id: "call_0", content },
    ]);
    const results = convert(messages).prompt.flatMap(({ role, content }) => (role === "tool" ? content : []));
    expect(results).toMatchObject([
      { toolCallId: "call_0", output: { value: "first" } },
      { toolCallId: "call_0-2", output: { value: "second" } },
    ]);
  });

  it("takes pictures from data and from https, and from nowhere else", () => {
    const image = (url: string) => ({ type: "image_url", image_url: { url } });
    const urls = [
      "data:image/png;base64,AAAA",
      "https://example.com/a.png",
      "http://10.0.0.1/",
      "file:///etc/passwd",
      "data:text/html;base64,AAAA",
      "data:image/png",
    ];
    const { prompt, problems } = convert([{ role: "user", content: [...text("Look"), ...urls.map(image)] }]);
    expect(prompt).toEqual([
      {
        role: "user",
        content: [
          ...text("Look"),
          { type: "file", data: "AAAA", mediaType: "image/png" },
          { type: "file", data: new URL("https://example.com/a.png"), mediaType: "image/*" },
        ],
      },
    ]);
    expect(problems).toHaveLength(4);
  });

  it("takes pictures, sounds and files in the forms of OpenAI's API and of the Python peers", () => {
    const url = "https://example.com/a.pdf";
    const parts = [
      { type: "input_audio", input_audio: { data: "UklG", format: "wav" } },
      { type: "input_audio", input_audio: { data: "SUQz", format: "mp3" } },
      { type: "file", file: { file_data: "data:application/pdf;base64,JVBE", filename: "a.pdf" } },
      {
        type: "file_base64",
        file: { file_data: "data:text/plain;charset=utf-8;base64,QQ==", filename: "", mime_type: "x" },
      },
      { type: "file_base64", file: { file_data: "iVBO", filename: "a.png", mime_type: "image/png" } },
      { type: "file_url", file: { url, filename: "a.pdf", mime_type: "application/pdf" } },
    ];
    const { prompt, problems } = convert([{ role: "user", content: parts }]);
    expect(problems).toEqual([]);
    expect(prompt[0]?.content).toEqual([
      { type: "file", data: "UklG", mediaType: "audio/wav" },
      { type: "file", data: "SUQz", mediaType: "audio/mpeg" },
      { type: "file", data: "JVBE", mediaType: "application/pdf", filename: "a.pdf" },
      { type: "file", data: "QQ==", mediaType: "text/plain" },
      { type: "file", data: "iVBO", mediaType: "image/png", filename: "a.png" },
      { type: "file", data: new URL(url), mediaType: "application/pdf", filename: "a.pdf" },
    ]);
  });

  it.each([
    [
      "a sound without a format that is known",
      { type: "input_audio", input_audio: { data: "A", format: "constructor" } },
    ],
    ["a sound without data", { type: "input_audio", input_audio: { format: "wav" } }],
    ["a file without a media type", { type: "file_base64", file: { file_data: "AAAA" } }],
    ["a file with an id of the provider's", { type: "file", file: { file_id: "file-1" } }],
    ["a file from inside the network", { type: "file_url", file: { url: "http://10.0.0.1/a", mime_type: "a/b" } }],
    ["a file without data", { type: "file", file: { file_data: "data:a/b;base64," } }],
    ["a media type that is none", { type: "file", file: { file_data: "data:a b/c;base64,AAAA" } }],
    ["no record of a file", { type: "file", file: "a" }],
    ["a kind nobody knows", { type: "video", video: "a" }],
    ["text that is none", { type: "text", text: 7 }],
    ["nothing", null],
  ])("leaves out what cannot be sent and names the message: %s", (_, part) => {
    const { prompt, problems } = convert([
      { role: "user", content: "a" },
      { role: "user", content: [...text("b"), part] },
    ]);
    expect(prompt[1]?.content).toEqual(text("b"));
    expect(problems).toEqual(["Message 1 has a part that cannot be shown to a model."]);
  });

  it.each(["system", "developer", "assistant"])(
    "takes the words of a %s message, and names what else is in it",
    (role) => {
      const content = [
        ...text("a"),
        { type: "image_url", image_url: { url: "https://example.com/a.png" } },
        ...text("b"),
      ];
      const { prompt, problems } = convert([
        { role: "user", content: "?" },
        { role, content },
      ]);
      expect(prompt[1]?.content).toEqual(text("a\nb"));
      expect(problems).toEqual(["Message 1 has a part that cannot be shown to a model."]);
    },
  );

  it("takes an assistant's refusal for its words", () => {
    const { prompt, problems } = convert([{ role: "assistant", content: [{ type: "refusal", refusal: "No." }] }]);
    expect(prompt).toEqual([{ role: "assistant", content: text("No.") }]);
    expect(problems).toEqual([]);
  });

  it.each([
    ["the seal of the Python peers", "seal", { anthropic: { signature: "seal" } }],
    ["what the AI SDK gave with it", { anthropic: { a: 1 }, odd: 7 }, { anthropic: { a: 1 } }],
    ["no seal", null, undefined],
  ])("gives a provider its thoughts back, with %s", (_, signature, providerOptions) => {
    const message = { type: "thought", text: "Hm", signature };
    const thought = (llm: string) => ({ __specific__: true, llm, message });
    const { prompt, problems } = convert([thought("anthropic"), thought("google")], { provider: "anthropic.messages" });
    expect(prompt).toEqual([
      { role: "assistant", content: [{ type: "reasoning", text: "Hm", ...(providerOptions && { providerOptions }) }] },
    ]);
    expect(problems).toEqual([]);
  });

  it.each([
    ["no object", "hi"],
    ["no role", { content: "hi" }],
  ])("leaves out what is meant for this provider and is no message: %s", (_, message) => {
    const { prompt, problems } = convert([{ __specific__: true, llm: "openai", message }]);
    expect(prompt).toEqual([]);
    expect(problems).toEqual(["Message 0 is for this provider, but has no role."]);
  });

  it("passes on what is meant for this provider as it is, and leaves out what is meant for others", () => {
    const message = { role: "user", content: text("hi"), providerOptions: { openai: { a: 1 } } };
    const { prompt, problems } = convert([
      { __specific__: true, llm: "openai", message },
      { __specific__: true, llm: "anthropic", message },
    ]);
    expect(prompt).toEqual([message]);
    expect(problems).toEqual([]);
  });

  it("is valid for any conversation of any JSON: nothing throws, and every call has exactly one result behind it", () => {
    const id = fc.constantFrom("1", "2", "3", "1-2");
    const part = fc.oneof(
      fc.json().map((json) => JSON.parse(json)),
      fc.record({ type: fc.constant("text"), text: fc.string() }),
    );
    const content = fc.oneof(fc.string(), fc.array(part), fc.constant(null), fc.jsonValue());
    const calls = fc.array(
      fc.oneof(
        fc.jsonValue(),
        id.map((value) => toolCall(value)),
      ),
      { maxLength: 3 },
    );
    const message = fc.oneof(
      fc.jsonValue(),
      fc.record(
        { role: fc.constantFrom("system", "developer", "user", "assistant", "tool", "x", "__proto__"), content },
        { requiredKeys: ["role"] },
      ),
      fc.record({ role: fc.constant("assistant"), content, tool_calls: fc.oneof(calls, fc.jsonValue()) }),
      fc.record({ role: fc.constant("tool"), tool_call_id: fc.oneof(id, fc.jsonValue()), content }),
      fc.record({ __specific__: fc.jsonValue(), llm: fc.jsonValue(), message: fc.jsonValue() }),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
        assertValid(convert(messages).prompt);
      }),
      { numRuns: 500 },
    );
  });

  it("stays quick for a conversation made to be slow", () => {
    const messages = Array.from({ length: 30_000 }, (_, index) =>
      index % 2 === 0
        ? { role: "assistant", tool_calls: [toolCall("same")] }
        : { role: "tool", tool_call_id: "same", content: "x" },
    );
    const began = performance.now();
    assertValid(convert(messages).prompt);
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

function assertValid(prompt: readonly PromptMessage[]): void {
  const called = new Set<string>();
  for (const [index, { role, content }] of prompt.entries()) {
    if (content.length === 0) throw new Error(`Message ${index} is empty.`);
    if (role !== "assistant") continue;
    const ids = content.flatMap((part) => (part.type === "tool-call" ? [part.toolCallId] : []));
    for (const id of ids) {
      if (called.has(id)) throw new Error(`The id ${id} is used twice.`);
      called.add(id);
    }
    const next = prompt[index + 1];
    const results = next?.role === "tool" ? next.content.map(({ toolCallId }) => toolCallId) : [];
    if (ids.length > 0 && JSON.stringify(results) !== JSON.stringify(ids)) throw new Error(`${ids} have no results.`);
  }
  const results = prompt.flatMap(({ role, content }) => (role === "tool" ? content : []));
  if (results.length !== called.size) throw new Error("There are results that nobody asked for.");
}
