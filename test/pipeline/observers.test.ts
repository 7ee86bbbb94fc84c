import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  ParallelPipeline,
  Pipeline,
  type PipelineObserver,
  PipelineTask,
  type PushedFrame,
  TextFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";

class Named extends FrameProcessor {
  constructor(name: string) {
    super({ name });
  }
}

const text = (value: string) => new TextFrame({ text: value });

function observed(processors: readonly FrameProcessor[], ...observers: PipelineObserver[]) {
  const task = new PipelineTask(new Pipeline(processors), { observers });
  const errors: string[] = [];
  task.on("error", ({ error }) => void errors.push(error));
  return { task, errors };
}

describe("an observer of a pipeline", () => {
  it("sees every push from one processor to the next, in both directions, with its time", async () => {
    const pushes: PushedFrame[] = [];
    const observer = { onFrame: (pushed: PushedFrame) => void pushes.push(pushed) };
    const { task } = observed([new Named("one"), new Named("two")], observer);
    const [down, up] = [text("down"), text("up")];
    const from = Date.now() - 1_000;
    await task.start();
    await task.queueFrame(down);
    await task.queueFrame(up, "upstream");
    await task.end();
    const way = (frame: Frame) =>
      pushes.filter((p) => p.frame === frame).map((p) => [p.source.name, p.destination.name, p.direction]);
    expect(way(down)).toEqual([
      ["PipelineSource", "one", "downstream"],
      ["one", "two", "downstream"],
      ["two", "PipelineSink", "downstream"],
    ]);
    expect(way(up)).toEqual([
      ["PipelineSink", "two", "upstream"],
      ["two", "one", "upstream"],
      ["one", "PipelineSource", "upstream"],
    ]);
    const times = pushes.map(({ timestampMs }) => timestampMs);
    expect(times).toEqual(times.slice().sort((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(from);
    expect(times.at(-1)).toBeLessThan(from + 60_000);
  });

  it("sees the branches of a parallel pipeline", async () => {
    const seen = new Set<string>();
    const onFrame = ({ frame, source, destination }: PushedFrame) => {
      if (frame instanceof TextFrame) seen.add(`${source.name}>${destination.name}`);
    };
    const { task } = observed([new ParallelPipeline([[new Named("a")], [new Named("b")]])], { onFrame });
    await task.start();
    await task.queueFrame(text("x"));
    await task.end();
    expect(seen).toContain("PipelineSource>a");
    expect(seen).toContain("b>PipelineSink");
    expect(seen).toContain("ParallelPipeline>PipelineSink");
  });

  it("hears of the start and the outcome, once each", async () => {
    const log: unknown[] = [];
    const observer: PipelineObserver = {
      onStarted: () => void log.push("started"),
      onFinished: (outcome) => void log.push(outcome),
    };
    const { task } = observed([new Named("one")], observer);
    await task.start();
    await task.cancel("enough");
    expect(log).toEqual(["started", { cancelled: true, reason: "enough" }]);
  });

  it("holds nothing up when it never returns", async () => {
    const never = () => new Promise<void>(() => {});
    const { task } = observed([new Named("one")], { onFrame: never, onStarted: never, onFinished: never });
    await task.start();
    await task.queueFrame(text("x"));
    expect(await task.end("done")).toEqual({ cancelled: false, reason: "done" });
  });

  it("that fails is reported once and called on; other observers and the pipeline do not notice", async () => {
    let calls = 0;
    const throws: PipelineObserver = {
      onFrame() {
        calls += 1;
        throw new Error("no room on disk");
      },
    };
    const rejects: PipelineObserver = { onFrame: () => Promise.reject(new Error("no network")) };
    const seen: Frame[] = [];
    const last: string[] = [];
    class Last extends FrameProcessor {
      override process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof TextFrame) last.push(frame.text);
        return this.push(frame, direction);
      }
    }
    const fine: PipelineObserver = { onFrame: ({ frame }) => void seen.push(frame) };
    const { task, errors } = observed([new Last()], throws, rejects, fine);
    await task.start();
    for (const word of ["a", "b"]) await task.queueFrame(text(word));
    await task.end();
    expect(errors.toSorted()).toEqual([
      "A pipeline observer failed: no network",
      "A pipeline observer failed: no room on disk",
    ]);
    expect(calls).toBe(seen.length);
    expect([calls > 4, last]).toEqual([true, ["a", "b"]]);
  });
});
