import {
  BusDataMessage,
  BusMessage,
  BusSystemMessage,
  EndFrame,
  ErrorFrame,
  Frame,
  type FrameDirection,
  FrameProcessor,
  LLMTextFrame,
  LocalBus,
  Pipeline,
  PipelineTask,
  StartFrame,
  TextFrame,
} from "trunkline";
import { FrameCollector, RecordingSubscriber } from "trunkline/testing";
import { describe, expect, it } from "vitest";

class Shout extends FrameProcessor {
  override async process(frame: Frame, direction: FrameDirection) {
    if (frame instanceof TextFrame && frame.text === "fail") throw new Error("hoarse");
    await this.push(frame instanceof TextFrame ? new TextFrame({ text: frame.text.toUpperCase() }) : frame, direction);
  }
}

async function running(...processors: readonly FrameProcessor[]) {
  const task = new PipelineTask(new Pipeline(processors));
  await task.start();
  return { task, [Symbol.asyncDispose]: async () => void (await task.cancel()) };
}

describe("a frame collector", () => {
  it("keeps what passes, in order and with its direction, and passes it on", async () => {
    const [first, last] = [new FrameCollector(), new FrameCollector()];
    await using started = await running(first, new Shout(), last);
    const { task } = started;
    task.on("error", () => {});
    await task.queueFrame(new LLMTextFrame({ text: "hi" }));
    await task.queueFrame(new TextFrame({ text: "fail" }));
    await task.queueFrame(new TextFrame({ text: "there" }));
    await last.waitFor(TextFrame, { count: 2 });
    expect(last.texts).toEqual(["HI", "THERE"]);
    expect(first.frames(LLMTextFrame).map(({ text }) => text)).toEqual(["hi"]);
    expect(first.passed[0]).toEqual({ frame: expect.any(StartFrame), direction: "downstream" });
    expect((await first.waitFor(ErrorFrame, { direction: "upstream" })).error).toContain("hoarse");
  });

  it("finds a frame that is to come, by its class or by a function, and one that has passed, at once", async () => {
    const collector = new FrameCollector();
    await using started = await running(collector);
    const { task } = started;
    const coming = collector.waitFor((frame) => frame instanceof TextFrame && frame.text === "b");
    for (const text of ["a", "b"]) await task.queueFrame(new TextFrame({ text }));
    expect(await coming).toMatchObject({ text: "b" });
    expect(await collector.waitFor(TextFrame, { timeoutMs: 0 })).toMatchObject({ text: "a" });
    expect(await collector.waitFor(Frame)).toBeInstanceOf(StartFrame);
  });

  it("fails a test that waits in vain, and says what there was", async () => {
    const collector = new FrameCollector();
    await using started = await running(collector);
    const { task } = started;
    await task.queueFrame(new TextFrame({ text: "a" }));
    await collector.waitFor(TextFrame);
    const failure = (message: string) => expect.objectContaining({ code: "TL_TEST_FAILED", message });
    const came = "What came: StartFrame downstream, TextFrame downstream.";
    await expect(collector.waitFor(EndFrame, { timeoutMs: 1 })).rejects.toThrow(
      failure(`EndFrame did not come within 1 ms. ${came}`),
    );
    await expect(collector.waitFor(TextFrame, { timeoutMs: 1, direction: "upstream" })).rejects.toThrow(
      failure(`TextFrame, upstream, did not come within 1 ms. ${came}`),
    );
    await expect(collector.waitFor(TextFrame, { timeoutMs: 1, count: 2 })).rejects.toThrow("within 1 ms, 2 times.");
    const isLate = () => false;
    await expect(collector.waitFor(isLate, { timeoutMs: 1 })).rejects.toThrow("A Frame that fits isLate did not come");
  });
});

describe("a recording subscriber", () => {
  it("hears everything, whoever it is for, until its scope ends", async () => {
    const bus = new LocalBus();
    await bus.start();
    const heard = await (async () => {
      await using recording = await RecordingSubscriber.on(bus);
      const answer = recording.waitFor((message) => message.source === "b");
      await bus.send(new BusDataMessage({ source: "a", target: "b" }));
      await bus.send(new BusSystemMessage({ source: "b" }));
      expect(await answer).toBeInstanceOf(BusSystemMessage);
      await recording.waitFor(BusMessage, { count: 2 });
      return recording;
    })();
    await bus.send(new BusDataMessage({ source: "c" }));
    expect(bus.subscriptions).toEqual([]);
    expect(heard.all).toHaveLength(2);
    expect(heard.messages(BusDataMessage)).toMatchObject([{ source: "a", target: "b" }]);
    await bus.stop();
  });

  it("fails a test that waits in vain, and says what there was", async () => {
    const bus = new LocalBus();
    await bus.start();
    await using recording = await RecordingSubscriber.on(bus, "ears");
    await expect(recording.waitFor(BusMessage, { timeoutMs: 1 })).rejects.toThrow(
      expect.objectContaining({
        code: "TL_TEST_FAILED",
        message: "BusMessage did not come within 1 ms. Nothing came.",
      }),
    );
    await bus.send(new BusDataMessage({ source: "a", target: "b" }));
    await bus.send(new BusDataMessage({ source: "a" }));
    await recording.waitFor(BusDataMessage, { count: 2 });
    await expect(recording.waitFor(BusSystemMessage, { timeoutMs: 1 })).rejects.toThrow(
      "What came: BusDataMessage from a to b, BusDataMessage from a to all.",
    );
  });

  it("shows the last twenty of many", async () => {
    const bus = new LocalBus();
    await bus.start();
    await using recording = await RecordingSubscriber.on(bus);
    for (let n = 1; n <= 21; n++) await bus.send(new BusDataMessage({ source: `s${n}` }));
    await recording.waitFor(BusDataMessage, { count: 21 });
    const failed = recording.waitFor(BusSystemMessage, { timeoutMs: 1 });
    await expect(failed).rejects.toThrow(/The last that came: BusDataMessage from s2 to all, .* from s21 to all\./);
  });
});
