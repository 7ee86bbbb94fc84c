import {
  CancelFrame,
  EndFrame,
  ErrorFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  Pipeline,
  PipelineTask,
  StartFrame,
  TextFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";

class Pass extends FrameProcessor {
  readonly seen: Frame[] = [];
  override process(frame: Frame, direction: FrameDirection): void | Promise<void> {
    this.seen.push(frame);
    return this.push(frame, direction);
  }
}

/** Takes a turn of the event loop for each frame, in either direction. */
class Slow extends Pass {
  override async process(frame: Frame, direction: FrameDirection) {
    await new Promise((resolve) => setImmediate(resolve));
    await super.process(frame, direction);
  }
}

function running(...processors: FrameProcessor[]) {
  const task = new PipelineTask(new Pipeline(processors));
  const errors: string[] = [];
  task.on("error", ({ error }) => void errors.push(error));
  return { task, errors };
}

describe("the end of a pipeline", () => {
  it("K41: an error just before the end is heard, however far it still has to travel", async () => {
    class Fails extends FrameProcessor {
      override process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof EndFrame) {
          void this.push(frame, direction);
          throw new Error("at the very end");
        }
        return this.push(frame, direction);
      }
    }
    const { task, errors } = running(new Slow(), new Slow(), new Slow(), new Fails());
    await task.start();
    await task.end();
    expect(errors).toEqual(["Fails: at the very end"]);
  });

  it("K41: an error that is on its way when a cancel comes is heard", async () => {
    class Reports extends Pass {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof TextFrame) await this.pushError(new Error("before the cancel"));
        await super.process(frame, direction);
      }
    }
    const { task, errors } = running(new Slow(), new Slow(), new Reports());
    await task.start();
    const reports = new Promise<void>((resolve) => task.on("frameReachedDownstream", () => resolve()));
    await task.queueFrame(new TextFrame({ text: "x" }));
    await reports;
    await task.cancel();
    expect(errors).toEqual(["Reports: before the cancel"]);
  });

  it("K36: what the last frames sent upstream arrives before the end", async () => {
    class Answers extends Pass {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof EndFrame) await this.push(new TextFrame({ text: "answer" }), "upstream");
        await super.process(frame, direction);
      }
    }
    const { task } = running(new Slow(), new Slow(), new Answers());
    const up: Frame[] = [];
    task.on("frameReachedUpstream", (frame) => void up.push(frame));
    await task.start();
    await task.end();
    expect(up.map((frame) => (frame as TextFrame).text)).toEqual(["answer"]);
  });

  it("K41: a processor that cannot start ends the pipeline, whatever it throws", async () => {
    for (const name of ["Error", "AbortError"]) {
      class Broken extends Pass {
        override async process(frame: Frame, direction: FrameDirection) {
          if (frame instanceof StartFrame) throw Object.assign(new Error("no device"), { name });
          await super.process(frame, direction);
        }
      }
      const { task, errors } = running(new Pass(), new Broken());
      await task.start();
      expect((await task.finished).cancelled).toBe(true);
      expect(errors).toEqual(["Broken: no device"]);
    }
  });

  it("a handler of its own events may wait for it", async () => {
    const { task } = running(new Pass());
    task.on("started", async () => {
      await task.end("short");
    });
    task.on("finished", async () => {
      await task.end();
    });
    await task.start();
    expect(await task.finished).toEqual({ cancelled: false, reason: "short" });
  });

  it("a cleanup that throws is reported, one that hangs is reported and left, and the others are made", async () => {
    class Hangs extends FrameProcessor {
      override cleanup() {
        return new Promise<void>(() => {});
      }
    }
    class Throws extends FrameProcessor {
      override cleanup() {
        throw new Error("no");
      }
    }
    let cleanedUp = false;
    class Last extends FrameProcessor {
      override cleanup() {
        cleanedUp = true;
      }
    }
    const { task, errors } = running(new Hangs(), new Throws(), new Last());
    await task.start();
    await task.end();
    expect(errors).toEqual(["Hangs: It was not cleaned up within 1000 ms.", "Throws: no"]);
    expect(cleanedUp).toBe(true);
  });

  it("an end races with a cancel to one outcome, and everything is cleaned up once", async () => {
    for (const first of ["end", "cancel"] as const) {
      let cleanups = 0;
      class Counts extends Slow {
        override cleanup() {
          cleanups += 1;
        }
      }
      const { task, errors } = running(new Counts());
      await task.start();
      const second = first === "end" ? "cancel" : "end";
      const outcomes = await Promise.all([task[first]("x"), task[second]("y"), task.cancel(), task.end()]);
      expect(new Set(outcomes.map(({ cancelled }) => cancelled)).size).toBe(1);
      expect([cleanups, errors]).toEqual([1, []]);
    }
  });

  it("a cancel lets processors finish with their CancelFrame before they are cleaned up", async () => {
    const log: string[] = [];
    class Closes extends Slow {
      override async process(frame: Frame, direction: FrameDirection) {
        await super.process(frame, direction);
        if (frame instanceof CancelFrame) log.push("closed");
      }
      override cleanup() {
        log.push("cleaned up");
      }
    }
    const { task } = running(new Closes());
    await task.start();
    await task.cancel();
    expect(log).toEqual(["closed", "cleaned up"]);
  });

  it("a fatal error ends the pipeline beside a handler that never returns", async () => {
    class Fatal extends Pass {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof TextFrame) await this.pushError(new Error("fatal"), { fatal: true });
        await super.process(frame, direction);
      }
    }
    const task = new PipelineTask(new Pipeline([new Fatal()]));
    task.on("error", (frame) => {
      expect(frame).toBeInstanceOf(ErrorFrame);
      return new Promise<void>(() => {});
    });
    await task.start();
    await task.queueFrame(new TextFrame({ text: "x" }));
    expect(await task.finished).toEqual({ cancelled: true, reason: "Fatal: fatal" });
  });
});
