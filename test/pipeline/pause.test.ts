import fc from "fast-check";
import {
  CancelFrame,
  EndFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  FrameProcessorPauseFrame,
  FrameProcessorPauseUrgentFrame,
  FrameProcessorResumeFrame,
  FrameProcessorResumeUrgentFrame,
  FunctionCallResultFrame,
  InterruptionFrame,
  ParallelPipeline,
  Pipeline,
  PipelineTask,
  type PipelineTaskOptions,
  StartFrame,
  SystemFrame,
  TextFrame,
  UserStartedSpeakingFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";

class Recorder extends FrameProcessor {
  readonly seen: Frame[] = [];
  override process(frame: Frame, direction: FrameDirection): void | Promise<void> {
    this.seen.push(frame);
    return this.push(frame, direction);
  }
  get texts() {
    return this.seen.flatMap((frame) => (frame instanceof TextFrame ? frame.text : []));
  }
  has(kind: abstract new (...init: never[]) => Frame) {
    return this.seen.some((frame) => frame instanceof kind);
  }
}

const text = (value: string) => new TextFrame({ text: value });
const result = () =>
  new FunctionCallResultFrame({ functionName: "f", toolCallId: "c", arguments: {}, result: { ok: true } });

async function started(processors: readonly FrameProcessor[], options: PipelineTaskOptions = {}) {
  const task = new PipelineTask(new Pipeline(processors), options);
  const errors: string[] = [];
  task.on("error", ({ error }) => void errors.push(error));
  await task.start();
  return { task, errors };
}

describe("a paused processor", () => {
  it("holds data and control frames in order, handles system frames, and goes on when it is resumed", async () => {
    const held = new Recorder();
    const { task } = await started([held]);
    held.pause();
    held.pause();
    const waiting = () => task.processorStates.find(({ name }) => name === held.name)?.queued;
    for (const word of ["1", "2"]) await task.queueFrame(text(word));
    // It comes from the other end: which of them is there first is not settled by who was queued first.
    await until(() => waiting() === 2);
    await task.queueFrame(text("up"), "upstream");
    await until(() => waiting() === 3);
    await task.queueFrame(new UserStartedSpeakingFrame());
    await until(() => held.has(UserStartedSpeakingFrame));
    await turns();
    expect(held.texts).toEqual([]);
    held.resume();
    await until(() => held.texts.length === 3);
    expect(held.texts).toEqual(["1", "2", "up"]);
    held.resume();
    await task.queueFrame(text("3"));
    await task.end();
    expect(held.texts).toEqual(["1", "2", "up", "3"]);
  });

  it("that paused itself finishes the frame in hand and waits with the next", async () => {
    class OneByOne extends Recorder {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof TextFrame) this.pause();
        if (frame instanceof UserStartedSpeakingFrame) this.resume();
        await super.process(frame, direction);
      }
    }
    const [one, last] = [new OneByOne(), new Recorder()];
    const { task } = await started([one, last]);
    for (const word of ["1", "2", "3"]) await task.queueFrame(text(word));
    for (const heard of [["1"], ["1", "2"], ["1", "2", "3"]]) {
      await until(() => last.texts.length >= heard.length);
      await turns();
      expect(last.texts).toEqual(heard);
      await task.queueFrame(new UserStartedSpeakingFrame());
    }
    await task.end();
  });

  it("stays paused through an interruption, which drops what it may", async () => {
    const held = new Recorder();
    const { task } = await started([held]);
    held.pause();
    await task.queueFrame(text("dropped"));
    const kept = result();
    await task.queueFrame(kept);
    await task.queueFrame(new InterruptionFrame());
    await until(() => held.has(InterruptionFrame));
    await task.queueFrame(text("after"));
    await turns();
    expect(held.has(FunctionCallResultFrame)).toBe(false);
    held.resume();
    await task.end();
    expect(held.texts).toEqual(["after"]);
    expect(held.seen).toContain(kept);
  });

  it("holds an end; a cancel ends the pipeline all the same", async () => {
    const [held, last] = [new Recorder(), new Recorder()];
    const { task } = await started([held, last]);
    held.pause();
    await task.queueFrame(text("1"));
    const ended = task.end("done");
    await turns();
    expect([task.over, last.has(EndFrame)]).toEqual([false, false]);
    expect(await task.cancel("enough")).toEqual({ cancelled: true, reason: "enough" });
    expect(await ended).toEqual({ cancelled: true, reason: "enough" });
    expect([held.texts, held.has(CancelFrame)]).toEqual([[], true]);
  });

  it("ends in order once it is resumed", async () => {
    const held = new Recorder();
    const { task } = await started([held]);
    held.pause();
    await task.queueFrame(text("1"));
    const ended = task.end("done");
    held.resume();
    expect(await ended).toEqual({ cancelled: false, reason: "done" });
    expect(held.texts).toEqual(["1"]);
  });

  it("makes its producers wait", async () => {
    const held = new Recorder();
    const { task } = await started([held], { maxQueuedFrames: 4 });
    held.pause();
    let queued = 0;
    const producer = (async () => {
      for (; queued < 50; queued++) await task.queueFrame(text(`${queued}`));
    })();
    await turns(10);
    expect(queued).toBeLessThan(20);
    held.resume();
    await producer;
    await task.end();
    expect(held.texts).toHaveLength(50);
  });

  it("that pauses while it handles the start holds what comes after", async () => {
    class Later extends Recorder {
      override process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof StartFrame) this.pause();
        return super.process(frame, direction);
      }
    }
    const later = new Later();
    const task = new PipelineTask(new Pipeline([later]));
    void task.queueFrame(text("early"));
    await task.start();
    await turns();
    expect(later.texts).toEqual([]);
    later.resume();
    await task.end();
    expect(later.texts).toEqual(["early"]);
  });

  it("without a pipeline is not paused", () => {
    const alone = new Recorder();
    alone.pause();
    alone.resume();
    expect(alone.seen).toEqual([]);
  });
});

describe("frames that pause a processor", () => {
  it("work in order: what was queued before a pause is handled, what came after it waits for the resume", async () => {
    const [before, held, last] = [new Recorder(), new Recorder(), new Recorder()];
    const { task } = await started([before, held, last]);
    await task.queueFrame(text("1"));
    await task.queueFrame(new FrameProcessorPauseFrame({ processor: held }));
    await task.queueFrame(text("2"));
    await until(() => last.has(FrameProcessorPauseFrame) && before.texts.length === 2);
    await turns();
    expect([before.texts, held.texts]).toEqual([["1", "2"], ["1"]]);
    await task.queueFrame(new FrameProcessorResumeFrame({ processor: held }));
    await task.queueFrame(text("3"));
    await until(() => last.texts.length === 3);
    const order = held.seen.map((frame) => (frame instanceof TextFrame ? frame.text : frame.constructor.name));
    expect(order).toEqual(["StartFrame", "1", "FrameProcessorPauseFrame", "2", "FrameProcessorResumeFrame", "3"]);
    await task.end();
  });

  it("work at once in their urgent form, from below too", async () => {
    const [before, held, last] = [new Recorder(), new Recorder(), new Recorder()];
    const { task } = await started([before, held, last]);
    await task.queueFrame(new FrameProcessorPauseUrgentFrame({ processor: held }), "upstream");
    await until(() => before.has(FrameProcessorPauseUrgentFrame));
    await task.queueFrame(text("1"));
    await turns();
    expect(held.texts).toEqual([]);
    await task.queueFrame(new FrameProcessorResumeUrgentFrame({ processor: held }));
    await until(() => last.texts.length === 1);
    await task.end();
  });

  it("survive an interruption, and find a processor inside a branch", async () => {
    const [held, beside] = [new Recorder(), new Recorder()];
    const { task } = await started([new ParallelPipeline([[held], [beside]])]);
    held.pause();
    void task.queueFrame(new FrameProcessorResumeFrame({ processor: held }));
    await task.queueFrame(new InterruptionFrame());
    await task.queueFrame(text("1"));
    await until(() => held.texts.length === 1 && beside.texts.length === 1);
    await task.end();
  });

  it("any mix with texts and interruptions: order is kept, what may not be dropped arrives, and the end comes", async () => {
    const step = fc.constantFrom("text", "result", "pause", "resume", "pause!", "resume!", "interruption", "turn");
    const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const [held, last] = [new Recorder(), new Recorder()];
      const { task, errors } = await started([new Recorder(), held, last]);
      const results: Frame[] = [];
      const frames: Record<string, () => Frame> = {
        text: () => text(`${results.length}`),
        result,
        pause: () => new FrameProcessorPauseFrame({ processor: held }),
        resume: () => new FrameProcessorResumeFrame({ processor: held }),
        "pause!": () => new FrameProcessorPauseUrgentFrame({ processor: held }),
        "resume!": () => new FrameProcessorResumeUrgentFrame({ processor: held }),
        interruption: () => new InterruptionFrame(),
      };
      for (const name of steps) {
        const frame = frames[name]?.();
        if (frame === undefined) await turns(1);
        else void task.queueFrame(frame);
        if (name === "result" && frame !== undefined) results.push(frame);
      }
      void task.queueFrame(new FrameProcessorResumeFrame({ processor: held }));
      const ended = task.end("done");
      // An urgent pause may have overtaken the last resume.
      const urgent = steps.filter((name) => name.endsWith("!") || name === "interruption").length;
      await until(() => last.seen.filter((frame) => frame instanceof SystemFrame).length === urgent + 1);
      held.resume();
      expect(await ended).toEqual({ cancelled: false, reason: "done" });
      expect(last.seen.filter((frame) => frame instanceof FunctionCallResultFrame)).toEqual(results);
      const ids = last.seen.flatMap((frame) => (frame instanceof TextFrame ? frame.id : []));
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
      expect(errors).toEqual([]);
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
