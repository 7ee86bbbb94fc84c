import type {
  LLMTokenUsage,
  LLMUsageMetricsData,
  MetricsData,
  ProcessingMetricsData,
  STTUsage,
  STTUsageMetricsData,
  TextAggregationMetricsData,
  TTFAMetricsData,
  TTFATMetricsData,
  TTFBMetricsData,
  TTSUsageMetricsData,
  TurnMetricsData,
} from "../frames/index.ts";
import { isRecord } from "../util/index.ts";
import { Flaw, shorten } from "./flaw.ts";
import { duration, flag, type Kind, natural, number, optional, tag, text } from "./kinds.ts";
import { fields, type Shape, taggedRecord } from "./shape.ts";

type Type = MetricsData["type"];
type TypeOnly = Pick<MetricsData, "type">;

interface MetricsType {
  readonly name: string;
  readonly shape: Shape;
}

const module = "pipecat.metrics.metrics.";

const measured = { processor: ["processor", text], model: ["model", optional(text)] } as const;

const tokenUsage = taggedRecord<LLMTokenUsage>(
  () => `${module}LLMTokenUsage`,
  fields<LLMTokenUsage>({
    promptTokens: ["prompt_tokens", natural],
    completionTokens: ["completion_tokens", natural],
    totalTokens: ["total_tokens", natural],
    cacheReadInputTokens: ["cache_read_input_tokens", optional(natural)],
    cacheCreationInputTokens: ["cache_creation_input_tokens", optional(natural)],
    reasoningTokens: ["reasoning_tokens", optional(natural)],
    inputAudioTokens: ["input_audio_tokens", optional(natural)],
    outputAudioTokens: ["output_audio_tokens", optional(natural)],
    cacheReadInputAudioTokens: ["cache_read_input_audio_tokens", optional(natural)],
  }),
);

const sttUsage = taggedRecord<STTUsage>(
  () => `${module}STTUsage`,
  fields<STTUsage>({ audioMs: ["audio_seconds", duration] }),
);

const types: Readonly<Record<Type, MetricsType>> = {
  ttfb: {
    name: `${module}TTFBMetricsData`,
    shape: fields<TTFBMetricsData, TypeOnly>({ ...measured, valueMs: ["value", duration] }),
  },
  ttfa: {
    name: `${module}TTFAMetricsData`,
    shape: fields<TTFAMetricsData, TypeOnly>({
      ...measured,
      ttfaMs: ["ttfa", duration],
      ttfbMs: ["ttfb", duration],
      leadingSilenceMs: ["leading_silence", duration],
    }),
  },
  ttfat: {
    name: `${module}TTFATMetricsData`,
    shape: fields<TTFATMetricsData, TypeOnly>({
      ...measured,
      ttfatMs: ["ttfat", duration],
      ttfbMs: ["ttfb", duration],
      thinkingMs: ["thinking_time", duration],
    }),
  },
  processing: {
    name: `${module}ProcessingMetricsData`,
    shape: fields<ProcessingMetricsData, TypeOnly>({ ...measured, valueMs: ["value", duration] }),
  },
  textAggregation: {
    name: `${module}TextAggregationMetricsData`,
    shape: fields<TextAggregationMetricsData, TypeOnly>({ ...measured, valueMs: ["value", duration] }),
  },
  llmUsage: {
    name: `${module}LLMUsageMetricsData`,
    shape: fields<LLMUsageMetricsData, TypeOnly>({ ...measured, usage: ["value", tokenUsage] }),
  },
  sttUsage: {
    name: `${module}STTUsageMetricsData`,
    shape: fields<STTUsageMetricsData, TypeOnly>({ ...measured, usage: ["value", sttUsage] }),
  },
  ttsUsage: {
    name: `${module}TTSUsageMetricsData`,
    shape: fields<TTSUsageMetricsData, TypeOnly>({ ...measured, characters: ["value", natural] }),
  },
  turn: {
    name: `${module}TurnMetricsData`,
    shape: fields<TurnMetricsData, TypeOnly>({
      ...measured,
      isComplete: ["is_complete", flag],
      probability: ["probability", number],
      // The one duration that is milliseconds there as well.
      endToEndProcessingMs: ["e2e_processing_time_ms", number],
    }),
  },
};

const typesByName = new Map(Object.entries(types).map(([type, { name }]) => [name, type as Type]));

/** One measurement: told apart by `type` here, by the tag there. */
export const metricsData: Kind<MetricsData> = {
  write: (value, scope) => {
    const { name, shape } = typeOf(value);
    const data: Record<string, unknown> = {};
    shape.write(value as unknown as Readonly<Record<string, unknown>>, data, scope);
    return tag(name, data);
  },
  read: (value, scope) => {
    if (!isRecord(value) || typeof value.__type__ !== "string" || !isRecord(value.__data__)) {
      throw new Flaw("shape", "must be an object with a __type__ and an object as __data__");
    }
    const type = typesByName.get(value.__type__);
    if (type === undefined) {
      const name = shorten(value.__type__);
      throw new Flaw("type", `has a type that is no measurement: ${JSON.stringify(name)}`, name);
    }
    const init: Record<string, unknown> = { type };
    types[type].shape.read(value.__data__, init, scope);
    return init as unknown as MetricsData;
  },
};

function typeOf(value: unknown): MetricsType {
  const type = isRecord(value) ? value.type : undefined;
  if (typeof type === "string" && Object.hasOwn(types, type)) return types[type as Type];
  throw new Flaw("shape", `must be an object whose type is one of ${Object.keys(types).join(", ")}`);
}
