import { type MetricsData, MetricsFrame, type StartFrame } from "../frames/index.ts";
import { done } from "../util/index.ts";

/** Ends a measurement and reports it. Only the first call does anything. */
export type StopMeasuring = () => Promise<void>;

/** What a stopwatch gives where nobody measures. */
export const measureNothing: StopMeasuring = () => done;

/** What one processor measures about itself, if the start asked for it. */
export class ProcessorMetrics {
  readonly enabled: boolean;
  readonly usageEnabled: boolean;
  readonly #processor: string;
  readonly #push: (frame: MetricsFrame) => Promise<void>;
  readonly #onlyInitialTTFB: boolean;
  #reportedTTFB = false;

  /** The one that a start asks for; none if it asks for nothing, so that this costs nothing. */
  static for(
    start: StartFrame,
    processor: string,
    push: (frame: MetricsFrame) => Promise<void>,
  ): ProcessorMetrics | undefined {
    const wanted = start.enableMetrics || start.enableUsageMetrics;
    return wanted ? new ProcessorMetrics(start, processor, push) : undefined;
  }

  private constructor(start: StartFrame, processor: string, push: (frame: MetricsFrame) => Promise<void>) {
    this.enabled = start.enableMetrics;
    this.usageEnabled = start.enableUsageMetrics;
    this.#onlyInitialTTFB = start.reportOnlyInitialTTFB;
    this.#processor = processor;
    this.#push = push;
  }

  startTTFB(model: string | undefined): StopMeasuring {
    return this.#stopwatch((valueMs) => {
      if (this.#onlyInitialTTFB && this.#reportedTTFB) return done;
      this.#reportedTTFB = true;
      return this.push([{ type: "ttfb", processor: this.#processor, model, valueMs }]);
    });
  }

  startProcessing(model: string | undefined): StopMeasuring {
    return this.#stopwatch((valueMs) =>
      this.push([{ type: "processing", processor: this.#processor, model, valueMs }]),
    );
  }

  /** Reports what the start asked for and keeps the rest to itself. */
  push(data: readonly MetricsData[]): Promise<void> {
    const wanted = data.filter(({ type }) => (usageTypes.has(type) ? this.usageEnabled : this.enabled));
    return wanted.length === 0 ? done : this.#push(new MetricsFrame({ data: wanted }));
  }

  #stopwatch(report: (valueMs: number) => Promise<void>): StopMeasuring {
    if (!this.enabled) return measureNothing;
    const from = performance.now();
    let stopped = false;
    return () => {
      if (stopped) return done;
      stopped = true;
      return report(performance.now() - from);
    };
  }
}

const usageTypes: ReadonlySet<MetricsData["type"]> = new Set(["llmUsage", "sttUsage", "ttsUsage"]);
