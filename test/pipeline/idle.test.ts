import {
  BotSpeakingFrame,
  FrameProcessor,
  HeartbeatFrame,
  Pipeline,
  PipelineTask,
  type PipelineTaskOptions,
  TextFrame,
  TTSSpeakFrame,
  UserSpeakingFrame,
} from "trunkline";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

async function started(options: PipelineTaskOptions) {
  const task = new PipelineTask(new Pipeline([new FrameProcessor()]), options);
  let idle = 0;
  task.on("idle", () => {
    idle += 1;
  });
  await task.start();
  return { task, idles: () => idle };
}

/** Puts a frame in and waits until it has gone through. */
async function through(task: PipelineTask, frame: TextFrame | BotSpeakingFrame | HeartbeatFrame) {
  const left = new Promise<void>((resolve) => {
    const off = task.on("frameReachedDownstream", (other) => {
      if (other !== frame) return;
      off();
      resolve();
    });
  });
  await task.queueFrame(frame);
  await left;
}

describe("a pipeline with an idle timeout", () => {
  it("tells that nobody speaks or writes, and is cancelled for it", async () => {
    const { task, idles } = await started({ idleTimeoutMs: 1_000 });
    await vi.advanceTimersByTimeAsync(999);
    expect([task.running, idles()]).toEqual([true, 0]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await task.finished).toEqual({ cancelled: true, reason: "idle" });
    expect([idles(), vi.getTimerCount()]).toEqual([1, 0]);
  });

  it("is not idle while somebody speaks or writes; other frames do not count", async () => {
    const { task, idles } = await started({ idleTimeoutMs: 1_000 });
    for (const frame of [new TextFrame({ text: "x" }), new BotSpeakingFrame(), new UserSpeakingFrame()]) {
      await vi.advanceTimersByTimeAsync(900);
      await through(task, frame);
    }
    await vi.advanceTimersByTimeAsync(900);
    expect([task.running, idles()]).toEqual([true, 0]);
    await through(task, new HeartbeatFrame({ timestamp: 0 }));
    await vi.advanceTimersByTimeAsync(100);
    expect((await task.finished).reason).toBe("idle");
  });

  it("counts the frames it was told of, and no others", async () => {
    const { task } = await started({ idleTimeoutMs: 1_000, idleFrames: [TTSSpeakFrame] });
    await vi.advanceTimersByTimeAsync(900);
    await through(task, new TTSSpeakFrame({ text: "x" }));
    await vi.advanceTimersByTimeAsync(900);
    expect(task.running).toBe(true);
    await through(task, new TextFrame({ text: "x" }));
    await vi.advanceTimersByTimeAsync(100);
    expect((await task.finished).reason).toBe("idle");
  });

  it("only tells, again and again, where it is not to be cancelled; the end takes the timer away", async () => {
    const { task, idles } = await started({ idleTimeoutMs: 1_000, cancelOnIdle: false });
    await vi.advanceTimersByTimeAsync(3_500);
    expect([task.running, idles()]).toEqual([true, 3]);
    expect(await task.end("done")).toEqual({ cancelled: false, reason: "done" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("has no timer before the start, after a cancel, or without the option", async () => {
    new PipelineTask(new Pipeline([]), { idleTimeoutMs: 1_000 });
    const { task } = await started({ idleTimeoutMs: 1_000 });
    expect(vi.getTimerCount()).toBe(1);
    await task.cancel();
    await started({});
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits longer than a timer can, and refuses what is no time", async () => {
    const { task, idles } = await started({ idleTimeoutMs: Number.POSITIVE_INFINITY });
    await vi.advanceTimersByTimeAsync(2 ** 31);
    expect([task.running, idles()]).toEqual([true, 0]);
    await task.end();
    for (const idleTimeoutMs of [0, -1, Number.NaN]) {
      expect(() => new PipelineTask(new Pipeline([]), { idleTimeoutMs })).toThrow(/idleTimeoutMs/);
    }
  });
});
