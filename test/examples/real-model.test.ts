import { afterEach, describe, expect, it } from "vitest";
import { type FakeAnswer, type FakeRequest, type OpenAIServer, startOpenAIServer } from "../llm/openai-server.ts";
import { endAllPrograms, run } from "./program.ts";

let model: OpenAIServer | undefined;

afterEach(async () => {
  await endAllPrograms();
  await model?.close();
  model = undefined;
});

describe("a model behind OpenAI's API", () => {
  it("answers, and its call of endConversation ends the conversation once, after the last words", async () => {
    const { code, stdout, stderr, program } = await converse(["boots?", "bye", "boots again?"], (request) => {
      const last = lastWords(request);
      if (/^Say goodbye/.test(last)) return { words: ["Farewell", "!"] };
      if (last === "bye")
        return { toolCalls: [{ id: "call-1", name: "endConversation", arguments: ['{"rea', 'son":"bye"}'] }] };
      return { words: last === "boots?" ? ["They cost ", "$299", "."] : ["Good ", "day."] };
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "Good day.\nThey cost $299.\nFarewell!\n" });
    expect(stderr).toMatch(/^Model: gpt-4\.1-mini at 127\.0\.0\.1:\d+$/m);
    expect(model?.requests).toHaveLength(4);
    expect(model?.requests.map(({ model }) => model)).toEqual(Array(4).fill("gpt-4.1-mini"));
    await program.isGone();
  });

  it.each([500, 401])("HTTP %i: one clear message, exit 1, and the script goes no further", async (status) => {
    const { code, stdout, stderr, program } = await converse(["boots?", "paint?"], () => ({ status }));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.match(/^Error: .*$/gm)).toEqual([
      expect.stringMatching(/gpt-4\.1-mini did not answer: The fake refuses/),
    ]);
    expect(stderr).not.toMatch(/^ {4}at /m);
    await program.isGone();
  });

  it("a failure in the middle of a conversation keeps what was said and ends it", async () => {
    const { code, stdout, stderr } = await converse(["boots?", "paint?"], (_, count) =>
      count === 1 ? { words: ["Good day."] } : { status: 500 },
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: "Good day.\n" });
    expect(stderr.match(/^Error: /gm)).toHaveLength(1);
  });

  it("--verbose shows the error in full, of both programs", async () => {
    const { code, stderr } = await converse(["boots?"], () => ({ status: 500 }), ["--verbose"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ {4}at /m);
    expect(stderr).toMatch(/500/);
  });

  it("--model offline uses none, though there is a key", async () => {
    const { code, stdout, stderr } = await converse(["boots"], () => ({ words: ["no"] }), ["--model", "offline"]);
    expect(code).toBe(0);
    expect(stdout).toContain("$299");
    expect(stderr).toMatch(/^Model: offline/m);
    expect(model?.requests).toEqual([]);
  });
});

async function converse(
  say: readonly string[],
  answer: (request: FakeRequest, count: number) => FakeAnswer,
  args: readonly string[] = [],
) {
  model = await startOpenAIServer(answer);
  const env = { OPENAI_API_KEY: "x", OPENAI_BASE_URL: model.url };
  return run("start", ["--port", "0", ...args, ...say.flatMap((text) => ["--say", text])], { env });
}

function lastWords({ messages }: FakeRequest): string {
  const content = messages.findLast(({ role }) => role === "user")?.content;
  return typeof content === "string" ? content : JSON.stringify(content);
}
