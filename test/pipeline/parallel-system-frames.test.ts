import {
  type Frame,
  type FrameClass,
  type FrameDirection,
  FrameProcessor,
  InputAudioRawFrame,
  InterruptionFrame,
  ParallelPipeline,
  Pipeline,
  PipelineTask,
  TextFrame,
  UserStartedSpeakingFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { turns, until } from "../support/settled.ts";

class Recorder extends FrameProcessor {
  readonly story: string[] = [];
  override process(frame: Frame, direction: FrameDirection) {
    this.story.push(frame instanceof TextFrame ? frame.text : frame.constructor.name);
    return this.push(frame, direction);
  }
  count(name: string) {
    return this.story.filter((entry) => entry === name).length;
  }
}

class Keeps extends FrameProcessor {
  readonly #kinds: readonly FrameClass[];
  constructor(...kinds: FrameClass[]) {
    super();
    this.#kinds = kinds;
  }
  override process(frame: Frame, direction: FrameDirection): void | Promise<void> {
    if (!this.#kinds.some((kind) => frame instanceof kind)) return this.push(frame, direction);
  }
}

/** Says a last word while it handles an interruption, and takes its time. */
class StopsSlowly extends FrameProcessor {
  override async process(frame: Frame, direction: FrameDirection) {
    if (frame instanceof InterruptionFrame) {
      await turns(5);
      await this.push(new TextFrame({ text: "old" }));
    }
    await this.push(frame, direction);
  }
}

const audio = () => new InputAudioRawFrame({ audio: new Uint8Array(2), sampleRate: 16_000 });

async function running(...branches: readonly (readonly FrameProcessor[])[]) {
  const [before, after] = [new Recorder(), new Recorder()];
  const task = new PipelineTask(new Pipeline([before, new ParallelPipeline(branches), after]));
  const errors: string[] = [];
  task.on("error", ({ error }) => void errors.push(error));
  await task.start();
  return { task, before, after, errors };
}

describe("a system frame in a parallel pipeline", () => {
  it("that one branch keeps goes on through another, once, in both directions", async () => {
    const { task, before, after, errors } = await running([new Keeps(InputAudioRawFrame)], [], [new Recorder()]);
    await task.queueFrame(audio());
    await task.queueFrame(audio(), "upstream");
    const seen = () => [before.count("InputAudioRawFrame"), after.count("InputAudioRawFrame")];
    await until(() => seen().every((count) => count >= 2));
    await task.end();
    expect([seen(), errors]).toEqual([[2, 2], []]);
  });

  it("waits for no other branch", async () => {
    class Hangs extends FrameProcessor {
      override async process(frame: Frame, direction: FrameDirection) {
        if (frame instanceof UserStartedSpeakingFrame) await new Promise(() => {});
        await this.push(frame, direction);
      }
    }
    const { task, after } = await running([new Hangs()], []);
    await task.queueFrame(new UserStartedSpeakingFrame());
    await until(() => after.count("UserStartedSpeakingFrame") === 1);
    await task.cancel();
  });

  it("that all branches keep goes no further, an interruption neither", async () => {
    const kinds = [UserStartedSpeakingFrame, InterruptionFrame];
    const { task, after } = await running([new Keeps(...kinds)], [new Keeps(...kinds)]);
    await task.queueFrame(new UserStartedSpeakingFrame());
    await task.queueFrame(new InterruptionFrame());
    await task.queueFrame(new TextFrame({ text: "on" }));
    await task.end();
    expect(after.story).toEqual(["StartFrame", "on", "EndFrame"]);
  });
});

describe("an interruption in a parallel pipeline", () => {
  it("that one branch keeps goes on through another, once", async () => {
    const { task, after } = await running([new Keeps(InterruptionFrame)], [], []);
    await task.queueFrame(new InterruptionFrame());
    await until(() => after.count("InterruptionFrame") > 0);
    await task.end();
    expect(after.count("InterruptionFrame")).toBe(1);
  });

  it("is not followed by what a slower branch made before it, nested or not, though another branch keeps it", async () => {
    for (const slow of [new StopsSlowly(), new ParallelPipeline([[new StopsSlowly()], []])]) {
      const { task, after } = await running([slow], [], [new Keeps(InterruptionFrame)]);
      await task.queueFrame(new InterruptionFrame());
      await task.queueFrame(new UserStartedSpeakingFrame());
      await until(() => after.count("UserStartedSpeakingFrame") === 1);
      await task.end();
      // The old word is dropped where it waits, or was there before.
      expect(after.count("InterruptionFrame")).toBe(1);
      expect(after.story.slice(after.story.indexOf("InterruptionFrame"))).not.toContain("old");
    }
  });
});
