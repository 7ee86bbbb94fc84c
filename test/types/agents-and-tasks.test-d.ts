// Checked by `npm run typecheck`; nothing here runs. Each @ts-expect-error fails the check when the error is gone.

import {
  type AgentEvents,
  type AgentReadyData,
  AgentRunner,
  BaseAgent,
  LocalBus,
  sequential,
  TaskError,
  type TaskEvent,
  type TaskHandlers,
  type TaskRequest,
  type TaskStatus,
  TextFrame,
  taskHandler,
} from "trunkline";
import * as v from "valibot";
import { expectTypeOf } from "vitest";
import { z } from "zod";

const bus = new LocalBus();

// Handlers say what payload they expect, and keep that type in a subclass.
class Researcher extends BaseAgent {
  override tasks = {
    research: async (task: TaskRequest<{ readonly topic: string }>) => {
      expectTypeOf(task.payload.topic).toBeString();
      expectTypeOf(task.signal).toEqualTypeOf<AbortSignal>();
      await task.update({ progress: 0.5 });
      await task.stream({ text: "…" });
      return { summary: task.payload.topic };
    },
    default: (task: TaskRequest) => task.taskName,
  };
  override onAgentReady(data: AgentReadyData): void {
    expectTypeOf(data.agentName).toBeString();
  }
}
const agent = new Researcher("researcher", { bus, active: false, bridged: ["main"], excludeFrames: [TextFrame] });
// @ts-expect-error: an agent lives on a bus
new BaseAgent("lost", {});
// @ts-expect-error: false would say the same as leaving it out
new BaseAgent("a", { bus, bridged: false });
// @ts-expect-error: whether it is active is for activation to say
agent.active = true;

// Events carry the argument of the hook of the same name.
const off = agent.on("agentReady", (data) => {
  expectTypeOf(data).toEqualTypeOf<AgentReadyData>();
});
expectTypeOf(off).toEqualTypeOf<() => void>();
agent.on("activated", async (args) => {
  expectTypeOf(args).toEqualTypeOf<AgentEvents["activated"]>();
});
// @ts-expect-error: events have no "on" in their names
agent.on("onReady", () => {});

// A subclass may have events of its own, beside those of every agent.
interface TickEvents extends AgentEvents {
  tick: { readonly price: number };
}
declare const ticker: BaseAgent<TickEvents>;
ticker.on("tick", (data) => {
  expectTypeOf(data.price).toBeNumber();
});
ticker.on("ready", () => {});

// A run is awaited, iterated, or both.
async function ask(): Promise<void> {
  const options = { name: "research", payload: { topic: "boots" }, timeoutMs: 30_000 };
  await using run = agent.task<{ readonly summary: string }>("researcher", options);
  for await (const event of run) expectTypeOf(event).toEqualTypeOf<TaskEvent>();
  expectTypeOf(await run).toEqualTypeOf<{ readonly summary: string }>();
  expectTypeOf(await agent.task("researcher")).toBeUnknown();
  expectTypeOf(await agent.taskGroup(["a", "b"], { cancelOnError: true })).toExtend<
    Readonly<Record<string, unknown>>
  >();
}
void ask;
declare const failure: unknown;
if (failure instanceof TaskError) expectTypeOf(failure.status).toExtend<TaskStatus>();

// Schemas say what a handler takes and answers: the payload's output, the response's input.
const question = z.object({ topic: z.string(), pages: z.number().default(1) });
const answer = v.object({
  summary: v.pipe(
    v.string(),
    v.transform((text) => text.length),
  ),
});
const checked = taskHandler({ payload: question, response: answer }, async (task) => {
  expectTypeOf(task.payload).toEqualTypeOf<{ topic: string; pages: number }>();
  return { summary: task.payload.topic };
});
// @ts-expect-error: what it returns is what the response's schema takes
taskHandler({ payload: question, response: answer }, () => ({ summary: 7 }));
taskHandler({}, (task) => expectTypeOf(task.payload).toBeUnknown());
class Checking extends BaseAgent {
  override tasks = {
    checked,
    oneAtATime: sequential(checked),
    inside: taskHandler(
      { payload: question },
      sequential(() => 1),
    ),
  };
}
expectTypeOf(new Checking("checking", { bus }).tasks).toExtend<TaskHandlers>();
async function askTyped(): Promise<void> {
  const one = await agent.task("researcher", { name: "checked", responseSchema: answer });
  expectTypeOf(one).toEqualTypeOf<{ summary: number }>();
  const all = await agent.taskGroup(["a", "b"], { responseSchema: question, cancelOnError: false });
  expectTypeOf(all).toEqualTypeOf<Readonly<Record<string, { topic: string; pages: number }>>>();
  // @ts-expect-error: a schema is more than an object
  await agent.task("researcher", { responseSchema: {} });
}
void askTyped;

// Everything about a runner is optional.
const runner = new AgentRunner();
expectTypeOf(runner.addAgent(agent)).toExtend<Promise<void>>();
expectTypeOf(runner.run()).toEqualTypeOf<Promise<void>>();
expectTypeOf(runner.end("done")).toEqualTypeOf<Promise<void>>();
runner.on("error", () => {});
new AgentRunner({ name: "main", bus, handleSigint: true, handleSigterm: false });
// @ts-expect-error: a runner has two events
runner.on("finished", () => {});
