import fc from "fast-check";
import {
  CancelFrame,
  EndFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  InterruptionFrame,
  ParallelPipeline,
  Pipeline,
  PipelineTask,
  StartFrame,
  StopFrame,
  SystemFrame,
  TextFrame,
  UserStartedSpeakingFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";

class Recorder extends FrameProcessor {
  readonly seen: Frame[] = [];
  cleanedUp = 0;
  override process(frame: Frame, direction: FrameDirection): void | Promise<void> {
    this.seen.push(frame);
    return this.push(frame, direction);
  }
  override cleanup() {
    this.cleanedUp += 1;
  }
  get texts() {
    return textsOf(this.seen);
  }
  count(kind: abstract new (...init: never[]) => Frame) {
    return this.seen.filter((frame) => frame instanceof kind).length;
  }
}

/** Lets some turns of the event loop go by over the start and every frame that is handled in order. */
class Slow extends Recorder {
  readonly #turns: number;
  constructor(turns = 1) {
    super();
    this.#turns = turns;
  }
  override async process(frame: Frame, direction: FrameDirection) {
    const turns = frame instanceof SystemFrame && !(frame instanceof StartFrame) ? 0 : this.#turns;
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    await super.process(frame, direction);
  }
}

class Says extends FrameProcessor {
  readonly #prefix: string;
  constructor(prefix: string) {
    super();
    this.#prefix = prefix;
  }
  override process(frame: Frame, direction: FrameDirection) {
    return this.push(frame instanceof TextFrame ? text(this.#prefix + frame.text) : frame, direction);
  }
}

const text = (value: string) => new TextFrame({ text: value });
const textsOf = (frames: readonly Frame[]) => frames.flatMap((frame) => (frame instanceof TextFrame ? frame.text : []));

function running(...processors: FrameProcessor[]) {
  const task = new PipelineTask(new Pipeline(processors));
  const errors: string[] = [];
  task.on("error", ({ error }) => void errors.push(error));
  return { task, errors };
}

describe("a parallel pipeline", () => {
  it("gives each branch what comes in, and what the branches make goes on", async () => {
    const after = new Recorder();
    const branches = new ParallelPipeline([
      new Pipeline([new Slow(2), new Says("a")]),
      [new Says("b")],
      [new Says("c")],
    ]);
    const { task, errors } = running(branches, after);
    await task.start();
    for (const word of ["1", "2"]) await task.queueFrame(text(word));
    await task.end("done");
    for (const branch of "abc") {
      expect(after.texts.filter((word) => word.startsWith(branch))).toEqual([`${branch}1`, `${branch}2`]);
    }
    expect(after.texts).toHaveLength(6);
    expect([after.seen[0]?.constructor, after.seen.at(-1)?.constructor]).toEqual([StartFrame, EndFrame]);
    expect([after.count(StartFrame), after.count(EndFrame), errors]).toEqual([1, 1, []]);
  });

  it("lets a frame that several branches only pass on go on once", async () => {
    const after = new Recorder();
    const { task } = running(new ParallelPipeline([[new Slow()], [], [new Recorder()]]), after);
    await task.start();
    for (const word of ["1", "2", "3"]) await task.queueFrame(text(word));
    await task.end();
    expect(after.texts).toEqual(["1", "2", "3"]);
  });

  it("starts and ends behind the slowest branch; nothing overtakes the start or follows the end", async () => {
    class Greets extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        await this.push(frame, direction);
        if (frame instanceof StartFrame) await this.push(text("hello"));
        if (frame instanceof EndFrame) await this.push(text("too late"));
      }
    }
    const after = new Recorder();
    const { task } = running(new ParallelPipeline([[new Greets()], [new Slow(5), new Says("slow ")]]), after);
    await task.start();
    await task.queueFrame(text("words"));
    await task.end();
    expect(after.seen[0]).toBeInstanceOf(StartFrame);
    const endAt = after.seen.findIndex((frame) => frame instanceof EndFrame);
    expect(textsOf(after.seen.slice(0, endAt)).sort()).toEqual(["hello", "slow words", "words"]);
    expect([after.count(StartFrame), after.count(EndFrame)]).toEqual([1, 1]);
  });

  it("carries frames upstream through each branch, once and in order", async () => {
    const [one, two, before] = [new Slow(), new Recorder(), new Recorder()];
    const { task } = running(before, new ParallelPipeline([[one], [two]]), new Recorder());
    await task.start();
    for (const word of ["1", "2"]) await task.queueFrame(text(word), "upstream");
    const system = new UserStartedSpeakingFrame();
    await task.queueFrame(system, "upstream");
    await task.end();
    expect([one.texts, two.texts, before.texts]).toEqual([
      ["1", "2"],
      ["1", "2"],
      ["1", "2"],
    ]);
    expect(before.seen.filter((frame) => frame === system)).toHaveLength(1);
  });

  it("sends errors of a branch up, and a fatal one ends the pipeline", async () => {
    class Fails extends FrameProcessor {
      override process(frame: Frame, direction: FrameDirection): void | Promise<void> {
        if (!(frame instanceof TextFrame)) return this.push(frame, direction);
        if (frame.text === "bad") throw new Error("bad word");
        return this.pushError(new Error("broken"), { fatal: true });
      }
    }
    const { task, errors } = running(new ParallelPipeline([[new Slow(), new Fails()], []]));
    await task.start();
    await task.queueFrame(text("bad"));
    await task.queueFrame(text("worse"));
    expect(await task.finished).toEqual({ cancelled: true, reason: "Fails: broken" });
    expect(errors).toEqual(["Fails: bad word", "Fails: broken"]);
  });

  it("K41: a branch that cannot start ends the pipeline at once", async () => {
    class Broken extends FrameProcessor {
      override process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof StartFrame) throw new Error("no device");
        return this.push(frame, direction);
      }
    }
    const beside = new Recorder();
    const { task, errors } = running(new ParallelPipeline([[beside], [new Broken()]]));
    const from = performance.now();
    await task.start();
    expect((await task.finished).cancelled).toBe(true);
    expect(performance.now() - from).toBeLessThan(450);
    expect([errors, beside.cleanedUp]).toEqual([["Broken: no device"], 1]);
  });

  it("an interruption reaches all branches, drops what waits there, and goes on once", async () => {
    let started!: () => void;
    const inProgress = new Promise<void>((resolve) => {
      started = resolve;
    });
    class Speaks extends Recorder {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof TextFrame) {
          const { signal } = this;
          started();
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        }
        await super.process(frame, direction);
      }
    }
    const [one, two, after] = [new Speaks(), new Speaks(), new Recorder()];
    const inner = new ParallelPipeline([[two], [new Says("nested ")]]);
    const { task, errors } = running(new ParallelPipeline([[one], [inner]]), after);
    await task.start();
    for (const word of ["1", "2"]) void task.queueFrame(text(word));
    await inProgress;
    await task.queueFrame(new InterruptionFrame());
    await task.end();
    expect([one.texts, two.texts, errors]).toEqual([[], [], []]);
    expect([one.count(InterruptionFrame), two.count(InterruptionFrame), after.count(InterruptionFrame)]).toEqual([
      1, 1, 1,
    ]);
  });

  it("works in a parallel pipeline: a cancel reaches all processors once, and all are cleaned up once", async () => {
    const all = Array.from({ length: 6 }, () => new Recorder()) as [
      Recorder,
      Recorder,
      Recorder,
      Recorder,
      Recorder,
      Recorder,
    ];
    const inner = new ParallelPipeline([new Pipeline([all[2]]), [all[3], new Pipeline([all[4]])]]);
    const { task } = running(all[0], new ParallelPipeline([[all[1], inner], []]), all[5]);
    await task.start();
    await task.cancel("stop");
    for (const processor of all) {
      expect([processor.count(StartFrame), processor.count(CancelFrame), processor.cleanedUp]).toEqual([1, 1, 1]);
    }
  });

  it("makes a producer wait for the slowest branch", async () => {
    let open!: () => void;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    class Gate extends Recorder {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof TextFrame) await gate;
        await super.process(frame, direction);
      }
    }
    const [gated, free] = [new Gate(), new Recorder()];
    const task = new PipelineTask(new Pipeline([new ParallelPipeline([[gated], [free]])]), { maxQueuedFrames: 4 });
    await task.start();
    let queued = 0;
    const producer = (async () => {
      for (; queued < 100; queued++) await task.queueFrame(text(String(queued)));
    })();
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(queued).toBeLessThan(30);
    open();
    await producer;
    await task.end();
    expect([gated.texts.length, free.texts.length]).toEqual([100, 100]);
  });

  it("refuses to be empty, and a processor that is in two branches", () => {
    expect(() => new ParallelPipeline([])).toThrow(/at least one branch/);
    const twice = new Recorder();
    const pipeline = new Pipeline([new ParallelPipeline([[twice], [twice]])]);
    expect(() => new PipelineTask(pipeline)).toThrow(/already part of a pipeline/);
  });

  it("any mix of frames: each branch sees all in order, and each frame goes on once", async () => {
    const kinds = fc.constantFrom("text", "system");
    const branch = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 3 });
    const property = fc.asyncProperty(
      fc.array(kinds, { maxLength: 20 }),
      fc.array(branch, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.constantFrom("end", "stop"),
      async (mix, shapes, nested, ending) => {
        const branches = shapes.map((turns) => [
          new Recorder(),
          ...turns.map((turn) => new Slow(turn)),
          new Recorder(),
        ]);
        const after = new Recorder();
        const outer = new ParallelPipeline(branches);
        const { task, errors } = running(nested ? new ParallelPipeline([[outer], []]) : outer, after);
        const frames = mix.map((kind, index) =>
          kind === "system" ? new UserStartedSpeakingFrame() : text(`${index}`),
        );
        for (const frame of frames) void task.queueFrame(frame);
        await task.start();
        if (ending === "end") await task.end();
        else await task.queueFrame(new StopFrame()).then(() => task.finished);
        const inOrder = textsOf(frames);
        const systems = frames.length - inOrder.length;
        for (const recorder of [...branches.flat(), after]) {
          expect(recorder.texts).toEqual(inOrder);
          expect(recorder.count(UserStartedSpeakingFrame)).toBe(systems);
          expect(recorder.count(StartFrame) + recorder.count(EndFrame) + recorder.count(StopFrame)).toBe(2);
          expect(recorder.seen[0]).toBeInstanceOf(StartFrame);
          expect(recorder.cleanedUp).toBe(1);
        }
        expect(errors).toEqual([]);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
});
