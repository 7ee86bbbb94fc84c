import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { createOpenAI } from "@ai-sdk/openai";
import { LLMFullResponseEndFrame } from "trunkline";
import { LLMService } from "trunkline/llm";
import { afterEach, describe, expect, it } from "vitest";
import { rig } from "./harness.ts";
import { type FakeAnswer, type OpenAIServer, startOpenAIServer } from "./openai-server.ts";
import { TestClock } from "./retry-clock.ts";

let server: OpenAIServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A service that asks this address once, and what became of it. */
async function askedOnce(baseURL: string) {
  const model = createOpenAI({ baseURL, apiKey: "sk-secret-0123456789" }).chat("gpt-test");
  const clock = new TestClock();
  const { task, last, ask, errors } = await rig(new LLMService({ model, retryClock: clock }));
  await ask("Hello?");
  await task.end();
  expect(last.all(LLMFullResponseEndFrame)).toHaveLength(1);
  return { clock, said: last.said, errors: errors.map(({ error }) => error) };
}

async function answeredWith(...answers: readonly FakeAnswer[]) {
  server = await startOpenAIServer((_, count) => answers[count - 1] ?? {});
  return { ...(await askedOnce(server.url)), requests: server.requests };
}

describe("a model over HTTP that fails", () => {
  it("with 429 is asked again after the time it names", async () => {
    const busy = { status: 429, headers: { "retry-after": "2" } };
    expect(await answeredWith(busy, { words: ["Here."] })).toMatchObject({
      clock: { waits: [2_000] },
      said: "Here.",
      errors: [],
    });
  });

  it("with 500 twice is asked a third time", async () => {
    const { clock, said, errors, requests } = await answeredWith(
      { status: 500 },
      { status: 500 },
      { words: ["Here."] },
    );
    expect([said, errors, clock.waits.length]).toEqual(["Here.", [], 2]);
    expect(requests[2]).toEqual(requests[0]);
  });

  it("with 401 is not asked again", async () => {
    const { errors, requests } = await answeredWith({ status: 401 });
    expect(errors).toEqual(["LLMService: The model gpt-test did not answer: The fake refuses. (HTTP 401, 1 attempt)"]);
    expect(requests).toHaveLength(1);
  });

  it("in the middle of its answer is not asked again, and what it said counts", async () => {
    const { said, errors, requests, clock } = await answeredWith({ words: ["Once upon"], cut: true });
    expect([said, clock.waits, requests.length]).toEqual(["Once upon", [], 1]);
    expect(errors).toEqual([expect.stringMatching(/gpt-test broke off its answer: .+1 attempt\)/)]);
  });

  it("because nobody is there is asked again, and given up", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise<void>((resolve) => closed.close(() => resolve()));
    const { clock, errors } = await askedOnce(`http://127.0.0.1:${port}/v1`);
    expect(clock.waits).toHaveLength(2);
    expect(errors).toEqual([expect.stringMatching(/did not answer: .+ \(3 attempts\)/)]);
  });
});
