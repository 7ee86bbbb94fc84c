import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  type MetricsData,
  MetricsFrame,
  ParallelPipeline,
  Pipeline,
  PipelineTask,
  StartFrame,
  type StartFrameInit,
  TextFrame,
} from "trunkline";
import { describe, expect, it } from "vitest";
import { until } from "../support/settled.ts";

const usage: MetricsData = {
  type: "llmUsage",
  processor: "Measured",
  usage: { promptTokens: 3, completionTokens: 2, totalTokens: 5 },
};
const aggregation: MetricsData = { type: "textAggregation", processor: "Measured", valueMs: 7 };

/** Measures each text, and shows its stopwatches to the test. */
class Measured extends FrameProcessor {
  readonly enabled: boolean[] = [];
  readonly ttfb: (() => Promise<void>)[] = [];
  readonly processing: (() => Promise<void>)[] = [];

  override async process(frame: Frame, direction: FrameDirection) {
    if (frame instanceof StartFrame) this.enabled.push(this.metricsEnabled, this.usageMetricsEnabled);
    if (frame instanceof TextFrame) {
      this.ttfb.push(this.startTTFB("small"));
      this.processing.push(this.startProcessing());
    }
    await this.push(frame, direction);
  }

  measure(data: readonly MetricsData[]) {
    return this.pushMetrics(data);
  }
}

class Metrics extends FrameProcessor {
  readonly data: MetricsData[] = [];
  frames = 0;

  override process(frame: Frame, direction: FrameDirection) {
    if (frame instanceof MetricsFrame && direction === "downstream") {
      this.frames += 1;
      this.data.push(...frame.data);
    }
    return this.push(frame, direction);
  }
}

async function measuring(start: StartFrameInit, words: number, inBranch = false) {
  const [measured, metrics] = [new Measured(), new Metrics()];
  const processor = inBranch ? new ParallelPipeline([[], [new ParallelPipeline([[measured], []])]]) : measured;
  const task = new PipelineTask(new Pipeline([processor, metrics]), { start });
  await task.start();
  for (let word = 0; word < words; word++) await task.queueFrame(new TextFrame({ text: `${word}` }));
  await until(() => measured.ttfb.length === words);
  return { task, measured, metrics };
}

describe("metrics of a processor", () => {
  it("are what the start asks for: nothing by default, and usage apart from time", async () => {
    for (const [start, enabled, types] of [
      [{}, [false, false], []],
      [{ enableMetrics: true }, [true, false], ["ttfb", "processing", "textAggregation"]],
      [{ enableUsageMetrics: true }, [false, true], ["llmUsage"]],
      [
        { enableMetrics: true, enableUsageMetrics: true },
        [true, true],
        ["ttfb", "processing", "llmUsage", "textAggregation"],
      ],
    ] as const) {
      const { task, measured, metrics } = await measuring(start, 1);
      await measured.ttfb[0]?.();
      await measured.processing[0]?.();
      await measured.measure([usage, aggregation]);
      await task.end();
      expect(measured.enabled).toEqual(enabled);
      expect(metrics.data.map(({ type }) => type)).toEqual(types);
      // What belongs together comes as one frame, what is not wanted as none.
      expect(metrics.frames).toBe(types.filter((type) => type !== "llmUsage" || types.length === 1).length);
    }
  });

  it("name processor and model, in milliseconds, and end once", async () => {
    const { task, measured, metrics } = await measuring({ enableMetrics: true }, 1);
    const from = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const leastMs = performance.now() - from;
    for (let time = 0; time < 3; time++) await Promise.all([measured.ttfb[0]?.(), measured.processing[0]?.()]);
    await task.end();
    const [ttfb, processing, ...more] = metrics.data;
    expect(ttfb).toEqual({ type: "ttfb", processor: "Measured", model: "small", valueMs: expect.any(Number) });
    expect(processing).toEqual({ type: "processing", processor: "Measured", valueMs: expect.any(Number) });
    expect(more).toEqual([]);
    for (const data of [ttfb, processing]) {
      if (data?.type !== "ttfb" && data?.type !== "processing") throw new Error("not a time");
      expect(data.valueMs).toBeGreaterThanOrEqual(leastMs);
      expect(data.valueMs).toBeLessThan(60_000);
    }
  });

  it("of overlapping requests do not disturb each other", async () => {
    const { task, measured, metrics } = await measuring({ enableMetrics: true }, 3);
    const [first, second, third] = measured.ttfb;
    await third?.();
    await first?.();
    await second?.();
    await task.end();
    const values = metrics.data.flatMap((data) => (data.type === "ttfb" ? data.valueMs : []));
    // The third began last and ended first: shorter than those that were under way all the time.
    expect(values).toHaveLength(3);
    expect(values[0]).toBeLessThan(Math.min(...values.slice(1)));
  });

  it("tell only the first time to first byte of a processor where the start says so", async () => {
    const { task, measured, metrics } = await measuring({ enableMetrics: true, reportOnlyInitialTTFB: true }, 2);
    for (const stop of [...measured.ttfb, ...measured.processing]) await stop();
    await task.end();
    expect(metrics.data.map(({ type }) => type)).toEqual(["ttfb", "processing", "processing"]);
  });

  it("come out of the branches of a parallel pipeline, once", async () => {
    const { task, measured, metrics } = await measuring({ enableMetrics: true, enableUsageMetrics: true }, 1, true);
    await measured.ttfb[0]?.();
    await measured.measure([usage]);
    await task.end();
    expect(metrics.data.map(({ type }) => type)).toEqual(["ttfb", "llmUsage"]);
  });

  it("are nothing in a processor without a pipeline, and after the end", async () => {
    const alone = new Measured();
    await alone.process(new StartFrame({ enableMetrics: true }), "downstream");
    await alone.process(new TextFrame({ text: "x" }), "downstream");
    await alone.ttfb[0]?.();
    await alone.measure([usage]);
    expect(alone.enabled).toEqual([false, false]);
    const { task, measured, metrics } = await measuring({ enableMetrics: true }, 1);
    await task.end();
    await measured.ttfb[0]?.();
    expect(metrics.data).toEqual([]);
  });
});
