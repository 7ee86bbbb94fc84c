import type { BaseAgent } from "trunkline";
import { type LanguageModel, LLMAgent, LLMContextAgent, LLMService } from "trunkline/llm";
import { describe, expect, it } from "vitest";
import { growthOf } from "../soak/growth.ts";
import { Running } from "../support/running.ts";
import { until } from "../support/settled.ts";

/** Gives the same short answer for ever, and remembers nothing. */
class Endless implements LanguageModel {
  readonly specificationVersion = "v3";
  readonly provider = "endless.chat";
  readonly modelId = "endless";
  readonly supportedUrls = {};
  asked = 0;
  /** True: an answer begins, and has no end. */
  hangs = false;

  async doStream() {
    this.asked += 1;
    const end = [
      { type: "text-end", id: "t" },
      { type: "finish", usage: { inputTokens: {}, outputTokens: {} }, finishReason: { unified: "stop" } },
    ];
    const parts = [
      { type: "stream-start", warnings: [] },
      { type: "text-start", id: "t" },
      { type: "text-delta", id: "t", delta: "Yes." },
      ...(this.hangs ? [] : end),
    ];
    const { hangs } = this;
    return {
      stream: new ReadableStream({
        start(controller) {
          for (const part of parts) controller.enqueue(part);
          if (!hangs) controller.close();
        },
      }),
    };
  }
}

class Talker extends LLMAgent {
  readonly model = new Endless();
  override buildLLM(): LLMService {
    return new LLMService({ model: this.model });
  }
}

class Thinker extends LLMContextAgent {
  readonly model = new Endless();
  override buildLLM(): LLMService {
    return new LLMService({ model: this.model });
  }
}

/** Objects that each round leaves behind. */
async function leftBy(round: () => Promise<void>): Promise<number> {
  const growth = await growthOf({
    warmUp: 200,
    measured: 500,
    samples: 5,
    flat: { bytes: 5_000, objects: 0.05 },
    work: async (from, to) => {
      for (let index = from; index < to; index++) await round();
    },
  });
  return growth.objects;
}

async function running<A extends BaseAgent>(...agents: readonly (new (name: string, options: never) => A)[]) {
  const session = await Running.with(({ bus }) =>
    agents.map((Agent, n) => new Agent(`agent${n}`, { bus, bridged: false, active: true } as never)),
  );
  return { session, agents: agents.map((_, n) => session.runner.getAgent(`agent${n}`) as A) };
}

describe("what an agent that lives long keeps of what is over", () => {
  it("a handoff that comes back leaves nothing", { timeout: 60_000 }, async () => {
    const { session, agents } = await running(Talker, Talker);
    await using _ = session;
    const [one, other] = agents as [Talker, Talker];
    const left = await leftBy(async () => {
      await one.handoffTo("agent1");
      await other.handoffTo("agent0");
    });
    expect(left).toBeLessThanOrEqual(0.05);
    expect(session.errors).toEqual([]);
  });

  it("an answer of an agent with a conversation of its own leaves nothing but that", { timeout: 60_000 }, async () => {
    const { session, agents } = await running(Thinker);
    await using _ = session;
    const [thinker] = agents as [Thinker];
    const left = await leftBy(async () => {
      await thinker.answer("Well?");
      thinker.context.replace([]);
    });
    expect(left).toBeLessThanOrEqual(0.05);
  });

  it("an answer that is called off leaves nothing", { timeout: 60_000 }, async () => {
    const { session, agents } = await running(Thinker);
    await using _ = session;
    const [thinker] = agents as [Thinker];
    thinker.model.hangs = true;
    const left = await leftBy(async () => {
      const { asked } = thinker.model;
      const off = new AbortController();
      const answer = thinker.answer("Well?", { signal: off.signal });
      const failed = answer.catch(() => {});
      await until(() => thinker.model.asked > asked, "it being asked");
      off.abort(new Error("called off"));
      await failed;
      thinker.context.replace([]);
    });
    expect(left).toBeLessThanOrEqual(0.05);
  });
});
