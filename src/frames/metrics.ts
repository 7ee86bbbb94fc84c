import { type FrameInit, SystemFrame } from "./frame.ts";

interface MeasuredBy {
  /** Name of the processor that was measured. */
  readonly processor: string;
  /** Name of the model behind it, where there is one. */
  readonly model?: string | undefined;
}

/** From a request to the first byte of its answer. */
export interface TTFBMetricsData extends MeasuredBy {
  readonly type: "ttfb";
  readonly valueMs: number;
}

/** From a request for speech to its first sound: the first byte, and the silence that came before the sound. */
export interface TTFAMetricsData extends MeasuredBy {
  readonly type: "ttfa";
  /** The sum of the other two. */
  readonly ttfaMs: number;
  readonly ttfbMs: number;
  readonly leadingSilenceMs: number;
}

/** From a request to the first word of the answer proper: the first byte, and the thinking that came before the answer. */
export interface TTFATMetricsData extends MeasuredBy {
  readonly type: "ttfat";
  /** The sum of the other two. */
  readonly ttfatMs: number;
  readonly ttfbMs: number;
  readonly thinkingMs: number;
}

/** How long a processor worked on one request. */
export interface ProcessingMetricsData extends MeasuredBy {
  readonly type: "processing";
  readonly valueMs: number;
}

/** From a model's first chunk to its first whole sentence. */
export interface TextAggregationMetricsData extends MeasuredBy {
  readonly type: "textAggregation";
  readonly valueMs: number;
}

/** Tokens of one request. Whether `promptTokens` counts cached ones as well differs between providers. */
export interface LLMTokenUsage {
  readonly promptTokens: number;
  /** Tokens of reasoning included. */
  readonly completionTokens: number;
  /** All of them, cached ones included. */
  readonly totalTokens: number;
  readonly cacheReadInputTokens?: number | undefined;
  readonly cacheCreationInputTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
  readonly inputAudioTokens?: number | undefined;
  readonly outputAudioTokens?: number | undefined;
  readonly cacheReadInputAudioTokens?: number | undefined;
}

/** What one request to a language model used. */
export interface LLMUsageMetricsData extends MeasuredBy {
  readonly type: "llmUsage";
  readonly usage: LLMTokenUsage;
}

/** How much speech to text was used. */
export interface STTUsage {
  /** Audio sent since the last report. */
  readonly audioMs: number;
}

/** What speech to text used since its last report. */
export interface STTUsageMetricsData extends MeasuredBy {
  readonly type: "sttUsage";
  readonly usage: STTUsage;
}

/** What one request to text to speech used. */
export interface TTSUsageMetricsData extends MeasuredBy {
  readonly type: "ttsUsage";
  readonly characters: number;
}

/** Whether a user's turn seemed to be over. */
export interface TurnMetricsData extends MeasuredBy {
  readonly type: "turn";
  readonly isComplete: boolean;
  /** From 0 to 1. */
  readonly probability: number;
  /** From the end of the speech to the verdict. */
  readonly endToEndProcessingMs: number;
}

/** One measurement; `type` says of what. */
export type MetricsData =
  | TTFBMetricsData
  | TTFAMetricsData
  | TTFATMetricsData
  | ProcessingMetricsData
  | TextAggregationMetricsData
  | LLMUsageMetricsData
  | STTUsageMetricsData
  | TTSUsageMetricsData
  | TurnMetricsData;

export interface MetricsFrameInit extends FrameInit {
  readonly data: readonly MetricsData[];
}

/** Measurements of a processor, for whoever observes the pipeline. */
export class MetricsFrame extends SystemFrame {
  readonly data: readonly MetricsData[];

  constructor(init: MetricsFrameInit) {
    super(init);
    this.data = init.data;
  }
}
