import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BusMessage,
  BusTaskCancelMessage,
  BusTaskResponseMessage,
  BusTaskResponseUrgentMessage,
  BusTaskStreamEndMessage,
} from "../../src/bus/index.ts";
import type { TaskRequest } from "../../src/tasks/index.ts";
import { type Party, Room, settled } from "./party.ts";

const names = ["a", "b", "c"] as const;
const member = fc.constantFrom(...names);

type Step =
  | { readonly does: "respond" | "throw" | "return" | "update" | "stream" | "vanish" | "stop"; readonly who: string }
  | { readonly does: "respondUrgent" | "respondFailed" | "forge"; readonly who: string }
  | { readonly does: "cancel" | "abort" | "turn" | "outsideCancel" | "requesterStops" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constantFrom("respond", "return", "update", "stream", "respondUrgent", "forge"),
      who: member,
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constantFrom("throw", "respondFailed", "vanish", "stop"),
      who: member,
    }) as fc.Arbitrary<Step>,
  },
  { weight: 4, arbitrary: fc.constant({ does: "turn" } as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constantFrom("cancel", "abort", "outsideCancel", "requesterStops"),
    }) as fc.Arbitrary<Step>,
  },
);

interface Work {
  readonly task: TaskRequest;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const isLastWord = (message: BusMessage) =>
  message instanceof BusTaskResponseMessage ||
  message instanceof BusTaskResponseUrgentMessage ||
  message instanceof BusTaskStreamEndMessage;

async function build() {
  const room = new Room();
  const voice = await room.add("voice");
  const works = new Map<string, Work>();
  const workers = new Map<string, Party>();
  for (const name of names) {
    const work = (task: TaskRequest) =>
      new Promise<unknown>((resolve, reject) => works.set(name, { task, resolve, reject }));
    workers.set(name, await room.add(name, { handlers: { default: work } }));
  }
  return { room, voice, works, workers };
}

type World = Awaited<ReturnType<typeof build>>;

function stepOfMember(world: World, does: Step["does"], who: string, taskId: string): void {
  const work = world.works.get(who);
  const about = { source: "stranger", target: "voice", taskId };
  if (does === "forge") void world.voice.say(new BusTaskResponseMessage({ ...about, status: "completed" }));
  if (does === "vanish") world.voice.requester.agentsGone([who], "link lost");
  if (does === "stop") void world.workers.get(who)?.worker.stop("agent ended");
  if (does === "respond") void work?.task.respond(who);
  if (does === "respondUrgent") void work?.task.respond(who, { urgent: true });
  if (does === "respondFailed") void work?.task.respond(who, { status: "failed" });
  if (does === "update") void work?.task.update(who);
  if (does === "stream") void work?.task.stream(who);
  if (does === "return") work?.resolve(who);
  if (does === "throw") work?.reject(new Error(who));
}

describe("any interleaving of what the parties do", () => {
  it("ends in exactly one outcome, at most one last word per member, and nothing left behind", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, cancelOnError) => {
        const world = await build();
        const { voice, works, workers } = world;
        const caller = new AbortController();
        const run = voice.requester.taskGroup<string>(names, { cancelOnError, signal: caller.signal });
        let outcomes = 0;
        const outcome = run.then(
          (responses) => ({ responses, at: ++outcomes }),
          (error: Error) => ({ error, at: ++outcomes }),
        );
        for (const next of steps) {
          if (next.does === "turn") await settled();
          else if (next.does === "cancel") run.cancel();
          else if (next.does === "abort") caller.abort();
          else if (next.does === "requesterStops") voice.requester.stop("agent ended");
          else if (next.does === "outsideCancel") {
            void voice.say(new BusTaskCancelMessage({ source: "screen", target: "voice", taskId: run.id }));
          } else if ("who" in next) stepOfMember(world, next.does, next.who, run.id);
        }
        await settled();
        // Whoever is still at work returns, and then it must have ended.
        for (const { resolve } of works.values()) resolve("in the end");
        const ended = await outcome;
        await settled();

        expect(outcomes).toBe(1);
        if ("responses" in ended) expect(Object.keys(ended.responses)).toEqual(names);
        else expect(ended.error).toMatchObject({ name: "TaskGroupError", taskId: run.id });
        for (const [name, worker] of workers) {
          const lastWords = worker.sent.filter(isLastWord);
          // One that was stopped, or told to cancel, before its request came has answered without beginning.
          expect(lastWords.length, `last words of ${name}`).toBeLessThanOrEqual(1);
          if (works.has(name)) expect(lastWords).toHaveLength(1);
          // A last word is the last.
          if (lastWords.length > 0) expect(worker.sent.at(-1)).toBe(lastWords[0]);
          expect(worker.worker.active.size).toBe(0);
        }
        expect(voice.requester.groups.size).toBe(0);
        expect(world.room.waiting).toBe(0);
        for await (const event of run) expect(names).toContain(event.agentName);
      }),
      { numRuns: 300 },
    );
  });
});
