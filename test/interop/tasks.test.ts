import { TaskError } from "trunkline";
import { beforeAll, describe, expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";
import { ourName, type Pair, theirName } from "./pair.ts";
import { sharedScenarios } from "./scenarios.ts";

interface Outcome {
  readonly events: readonly { readonly type: string; readonly data: unknown }[];
  readonly response?: unknown;
  readonly error?: string;
}

const payload = {
  text: 'naïve 日本語 👩‍🚀 \u0000 "quoted" \\ \n',
  empty: "",
  nothing: null,
  list: [1, 2.5, -3, [], {}, [null]],
  big: 9_007_199_254_740_991,
  nested: { a: { b: { c: { d: "deep" } } } },
};

/** Their client announces nobody; its agent is known here as soon as it says anything. */
async function theirAgentKnown({ peer, runner }: Pair): Promise<void> {
  await peer.event("ready");
  await peer.do("frame", { frame: { type: "TextFrame", fields: { text: "hello" } } });
  await until(() => runner.registry.has(theirName), "their agent being known", 10_000);
}

sharedScenarios("tasks", (pair) => {
  describe("we ask", () => {
    beforeAll(() => theirAgentKnown(pair()), 30_000);

    const ask = (name: string, options: { payload?: unknown; timeoutMs?: number; signal?: AbortSignal } = {}) =>
      pair().agent.task(theirName, { name, ...options });

    it("gives a payload, and gets the same back", async () => {
      expect(await ask("echo", { payload })).toEqual(payload);
    });

    it("gets updates in order, and the response after them", async () => {
      const run = ask("progress", { payload: { updates: 20 } });
      const numbers: unknown[] = [];
      for await (const event of run) numbers.push((event.data as { number: number }).number);
      expect(numbers).toEqual(Array.from({ length: 20 }, (_, number) => number));
      expect(await run).toEqual({ done: true });
    });

    it("gets a stream with its start and its end", async () => {
      const run = ask("stream", { payload: { words: ["how", "much", ""] } });
      const events: unknown[] = [];
      for await (const event of run) events.push([event.type, event.data]);
      expect(events).toEqual([
        ["streamStart", { kind: "words" }],
        ["streamData", { word: "how" }],
        ["streamData", { word: "much" }],
        ["streamData", { word: "" }],
        ["streamEnd", { words: 3 }],
      ]);
      expect(await run).toEqual({ words: 3 });
    });

    it("gets urgent updates and an urgent response", async () => {
      const run = ask("urgent", { payload: {} });
      const events: unknown[] = [];
      for await (const event of run) events.push(event.data);
      expect(events).toEqual([{ urgent: true }]);
      expect(await run).toEqual({ urgent: true });
    });

    it.for([
      ["fail", "failed"],
      ["error", "error"],
    ] as const)("hears of a task that ends %s", async ([name, status]) => {
      const outcome = await ask(name, { payload: {} }).then(undefined, (error: unknown) => error);
      expect(outcome).toBeInstanceOf(TaskError);
      expect(outcome).toMatchObject({ status, agentName: theirName, reason: "told to" });
    });

    it("cancels, and their handler ends", async () => {
      const after = pair().peer.events.length;
      const run = ask("wait", { payload: {} });
      const { task } = await pair().peer.event("waiting", () => true, after);
      run.cancel("enough");
      await expect(run).rejects.toMatchObject({ status: "cancelled", reason: "enough" });
      const cancelled = await pair().peer.event("taskCancelled", (event) => event.task === task, after);
      expect(cancelled.reason).toBe("enough");
    });

    it("times out, and their handler ends", async () => {
      const after = pair().peer.events.length;
      const run = ask("wait", { payload: {}, timeoutMs: 1_000 });
      await expect(run).rejects.toMatchObject({ status: "cancelled", reason: "timeout" });
      await pair().peer.event("taskCancelled", () => true, after);
    });

    it("asks for an update, and gets it", async () => {
      const { peer, agent } = pair();
      const after = peer.events.length;
      const run = ask("report", { payload: {} });
      const { task } = await peer.event("waiting", () => true, after);
      await run.requestUpdate();
      await peer.event("updateRequested", (event) => event.task === task, after);
      await peer.do("answerUpdateRequest", { task, update: { far: 0.5 }, response: { reported: true } });
      const events: unknown[] = [];
      for await (const event of run) events.push(event.data);
      expect([events, await run]).toEqual([[{ far: 0.5 }], { reported: true }]);
      expect(agent.taskGroups.size).toBe(0);
    });

    it("asks a group of one here and one there", async () => {
      const { agent } = pair();
      expect(await agent.taskGroup([theirName, ourName], { name: "echo", payload })).toEqual({
        [theirName]: payload,
        [ourName]: payload,
      });
      const group = agent.taskGroup([theirName, ourName], { name: "progress", payload: { updates: 3 } });
      const seen: string[] = [];
      for await (const { agentName, type } of group) seen.push(`${agentName} ${type}`);
      expect(seen.sort()).toEqual([...Array(3).fill(`${ourName} update`), ...Array(3).fill(`${theirName} update`)]);
      await group;
    });
  });

  describe("they ask", () => {
    const ask = (name: string, fields: Readonly<Record<string, unknown>> = {}): Promise<Outcome> =>
      pair().peer.do<Outcome>("ask", { agent_name: ourName, name, ...fields });

    it("give a payload, and get the same back", async () => {
      await pair().peer.event("ready");
      expect(await ask("echo", { payload })).toEqual({ events: [], response: payload });
    });

    it("get updates in order, and the response after them", async () => {
      const { events, response } = await ask("progress", { payload: { updates: 20 } });
      expect(events).toEqual(Array.from({ length: 20 }, (_, number) => ({ type: "update", data: { number } })));
      expect(response).toEqual({ done: true });
    });

    it("get a stream with its end", async () => {
      const { events, response } = await ask("stream", { payload: { words: ["how", "much", ""] } });
      expect(events.map(({ type }) => type)).toEqual(["stream_start", ...Array(3).fill("stream_data"), "stream_end"]);
      expect(events.slice(1).map(({ data }) => data)).toEqual([
        { word: "how" },
        { word: "much" },
        { word: "" },
        { words: 3 },
      ]);
      expect(response).toEqual({ words: 3 });
    });

    it("get urgent updates and an urgent response", async () => {
      expect(await ask("urgent", { payload: {} })).toEqual({
        events: [{ type: "update", data: { urgent: true } }],
        response: { urgent: true },
      });
    });

    it("hear of a task that fails, and of one whose handler throws", async () => {
      for (const name of ["fail", "error"]) expect((await ask(name)).error).toMatch(/error|fail/);
    });

    it("hear of a task that nobody handles", async () => {
      expect((await ask("no such task")).error).toBeDefined();
    });

    it("cancel, and our signal fires", async () => {
      const { peer, agent } = pair();
      const before = agent.waiting.length;
      const outcome = ask("wait", { label: "to cancel" });
      await until(() => agent.waiting.length > before, "our handler waiting", 10_000);
      await peer.do("giveUp", { label: "to cancel", reason: "enough" });
      expect((await outcome).error).toContain("enough");
      await until(() => agent.cancelled.length > 0, "our signal firing");
      expect(agent.cancelled.at(-1)).toMatchObject({ reason: "enough" });
    });

    it("time out, and our signal fires", async () => {
      const { agent } = pair();
      const before = agent.cancelled.length;
      expect((await ask("wait", { timeout: 0.5 })).error).toContain("timeout");
      await until(() => agent.cancelled.length > before, "our signal firing");
    });

    it("ask for an update, and get it", async () => {
      const { peer, agent } = pair();
      const before = agent.waiting.length;
      const outcome = ask("report", { label: "to report" });
      await until(() => agent.waiting.length > before, "our handler waiting", 10_000);
      await peer.do("askForUpdate", { label: "to report", agent_name: ourName });
      expect(await outcome).toEqual({
        events: [{ type: "update", data: { far: 1 } }],
        response: { reported: true },
      });
    });

    it("ask a group of one here and one there", async () => {
      const { peer } = pair();
      await peer.do("addAgent", { name: "helper" });
      await peer.event("ready", ({ agent }) => agent === "helper");
      const outcome = await peer.do<{ responses: unknown }>("askGroup", {
        agent_names: [ourName, "helper"],
        name: "echo",
        payload: { x: 1 },
        timeout: 10,
      });
      expect(outcome.responses).toEqual({ [ourName]: { x: 1 }, helper: { x: 1 } });
      await turns();
    });
  });
});
