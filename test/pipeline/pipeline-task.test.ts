import { describe, expect, it } from "vitest";
import {
  CancelFrame,
  EndFrame,
  type ErrorFrame,
  type Frame,
  type FrameDirection,
  InterruptionFrame,
  StartFrame,
  TextFrame,
  UserStartedSpeakingFrame,
} from "../../src/frames/index.ts";
import { FrameProcessor, Pipeline, PipelineTask } from "../../src/pipeline/index.ts";

class Recorder extends FrameProcessor {
  readonly seen: Frame[] = [];
  cleanedUp = 0;

  override process(frame: Frame, direction: FrameDirection) {
    this.seen.push(frame);
    return this.push(frame, direction);
  }

  override cleanup() {
    this.cleanedUp += 1;
  }

  get texts(): string[] {
    return this.seen.flatMap((frame) => (frame instanceof TextFrame ? [frame.text] : []));
  }
}

class Shout extends FrameProcessor {
  override async process(frame: Frame, direction: FrameDirection) {
    await this.push(frame instanceof TextFrame ? new TextFrame({ text: frame.text.toUpperCase() }) : frame, direction);
  }
}

const text = (value: string) => new TextFrame({ text: value });

describe("a pipeline task", () => {
  it("carries frames through every processor, in order, start first and end last", async () => {
    const last = new Recorder();
    const task = new PipelineTask(new Pipeline([new Shout(), last]));
    await task.start();
    for (const word of ["a", "b", "c"]) await task.queueFrame(text(word));
    await task.end("done");
    expect(last.seen[0]).toBeInstanceOf(StartFrame);
    expect(last.texts).toEqual(["A", "B", "C"]);
    expect(last.seen.at(-1)).toBeInstanceOf(EndFrame);
    expect(await task.finished).toEqual({ cancelled: false, reason: "done" });
  });

  it("K36: everything queued before the end is processed, however slow the processors are", async () => {
    class Slow extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        await new Promise((resolve) => setImmediate(resolve));
        await this.push(frame, direction);
      }
    }
    const last = new Recorder();
    const task = new PipelineTask(new Pipeline([new Slow(), new Slow(), last]));
    const words = Array.from({ length: 50 }, (_, index) => String(index));
    for (const word of words) void task.queueFrame(text(word));
    void task.start();
    await task.end();
    expect(last.texts).toEqual(words);
  });

  it("K49: keeps frames that come before the start, in both directions, in order", async () => {
    const recorder = new Recorder();
    const task = new PipelineTask(new Pipeline([recorder]));
    void task.queueFrame(text("down 1"));
    void task.queueFrame(text("up 1"), "upstream");
    void task.queueFrame(text("down 2"));
    await task.start();
    await task.end();
    expect(recorder.texts.filter((word) => word.startsWith("down"))).toEqual(["down 1", "down 2"]);
    expect(recorder.texts).toContain("up 1");
    expect(recorder.seen[0]).toBeInstanceOf(StartFrame);
  });

  it("lets a system frame pass frames that wait behind a slow one", async () => {
    const release = deferredByHand();
    const order: string[] = [];
    class Gate extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof TextFrame && frame.text === "slow") await release.promise;
        order.push(frame.constructor.name);
        await this.push(frame, direction);
      }
    }
    const task = new PipelineTask(new Pipeline([new Gate()]));
    const passed = new Promise<void>((resolve) => {
      task.on("frameReachedDownstream", (frame) => {
        if (frame instanceof UserStartedSpeakingFrame) resolve();
      });
    });
    await task.start();
    void task.queueFrame(text("slow"));
    void task.queueFrame(new UserStartedSpeakingFrame());
    await passed;
    release.resolve();
    await task.end();
    expect(order).toEqual(["StartFrame", "UserStartedSpeakingFrame", "TextFrame", "EndFrame"]);
  });

  it("drops what may be dropped at an interruption, aborts the work in progress and keeps the end", async () => {
    const started = deferredByHand();
    let aborted = false;
    class Speaker extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof TextFrame) {
          const { signal } = this;
          started.resolve();
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        }
        await this.push(frame, direction);
      }
    }
    class Watch extends Speaker {
      override async process(frame: Frame, direction: FrameDirection) {
        await super.process(frame, direction).catch((error: unknown) => {
          aborted = true;
          throw error;
        });
      }
    }
    const last = new Recorder();
    const errors: ErrorFrame[] = [];
    const task = new PipelineTask(new Pipeline([new Watch(), last]));
    task.on("error", (frame) => void errors.push(frame));
    await task.start();
    void task.queueFrame(text("one"));
    void task.queueFrame(text("two"));
    await started.promise;
    const ended = task.end();
    void task.queueFrame(new InterruptionFrame());
    await ended;
    expect(aborted).toBe(true);
    expect(last.texts).toEqual([]);
    expect(errors).toEqual([]);
    expect(last.seen.at(-1)).toBeInstanceOf(EndFrame);
  });

  it("turns what a processor throws into an error that travels upstream, and goes on", async () => {
    class Picky extends FrameProcessor {
      override process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof TextFrame && frame.text === "bad") throw new Error("no such word");
        return this.push(frame, direction);
      }
    }
    const errors: ErrorFrame[] = [];
    const last = new Recorder();
    const task = new PipelineTask(new Pipeline([new Picky(), last]));
    task.on("error", (frame) => void errors.push(frame));
    await task.start();
    await task.queueFrame(text("bad"));
    await task.queueFrame(text("good"));
    await task.end();
    expect(last.texts).toEqual(["good"]);
    expect(errors.map((frame) => [frame.error, frame.processor])).toEqual([["Picky: no such word", "Picky"]]);
  });

  it("ends when a processor reports a fatal error", async () => {
    class Doomed extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof TextFrame) await this.pushError(new Error("the card is gone"), { fatal: true });
        else await this.push(frame, direction);
      }
    }
    const task = new PipelineTask(new Pipeline([new Doomed()]));
    task.on("error", () => {});
    await task.start();
    await task.queueFrame(text("x"));
    expect(await task.finished).toEqual({ cancelled: true, reason: "Doomed: the card is gone" });
  });

  it("cancels at once, also while a processor hangs, and cleans every processor up exactly once", async () => {
    class Hang extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof TextFrame) await new Promise(() => {});
        await this.push(frame, direction);
      }
    }
    const recorder = new Recorder();
    const task = new PipelineTask(new Pipeline([recorder, new Hang()]));
    await task.start();
    await task.queueFrame(text("x"));
    const [first, second] = await Promise.all([task.cancel("stop"), task.cancel("again")]);
    expect(first).toEqual({ cancelled: true, reason: "stop" });
    expect(second).toBe(first);
    expect(recorder.cleanedUp).toBe(1);
    expect(recorder.seen.filter((frame) => frame instanceof CancelFrame)).toHaveLength(1);
    await expect(task.queueFrame(text("late"))).rejects.toMatchObject({ code: "TL_PIPELINE_ENDED" });
  });

  it("cancels while it starts, before it starts, and after a start that never ends", async () => {
    class Stuck extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof StartFrame) await new Promise(() => {});
        await this.push(frame, direction);
      }
    }
    const stuck = new PipelineTask(new Pipeline([new Stuck()]));
    const starting = stuck.start();
    await stuck.cancel();
    await starting;
    const untouched = new PipelineTask(new Pipeline([]));
    expect(await untouched.cancel("never")).toEqual({ cancelled: true, reason: "never" });
  });

  it("makes a producer wait when a consumer is slow, and lets it go on afterwards", async () => {
    const gate = deferredByHand();
    class Slow extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof TextFrame) await gate.promise;
        await this.push(frame, direction);
      }
    }
    let sent = 0;
    class Producer extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        await this.push(frame, direction);
        if (!(frame instanceof TextFrame)) return;
        for (; sent < 100; sent++) await this.push(text("x"));
      }
    }
    const last = new Recorder();
    const task = new PipelineTask(new Pipeline([new Producer(), new Slow(), last]), { maxQueuedFrames: 8 });
    await task.start();
    await task.queueFrame(text("go"));
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toBeLessThan(20);
    gate.resolve();
    await task.end();
    expect(last.texts).toHaveLength(101);
  });

  it("refuses a processor that is already part of a pipeline", () => {
    const processor = new Recorder();
    new PipelineTask(new Pipeline([processor]));
    expect(() => new PipelineTask(new Pipeline([processor]))).toThrow(/already part of a pipeline/);
  });

  it("takes a pipeline inside a pipeline apart", () => {
    const [a, b, c] = [new Recorder(), new Recorder(), new Recorder()];
    expect(new Pipeline([a, new Pipeline([b, c])]).processors).toEqual([a, b, c]);
  });
});

function deferredByHand() {
  let resolve!: (value?: unknown) => void;
  const promise = new Promise((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
