import fc, { type Arbitrary } from "fast-check";
import * as bus from "../../src/bus/index.ts";
import * as frames from "../../src/frames/index.ts";
import * as wire from "../../src/wire/index.ts";

const text = fc.string({ unit: "binary", maxLength: 12 });
const flag = fc.boolean();
const maybe = <T>(arbitrary: Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const count = fc.integer({ min: 1, max: 96_000 });
const moment = fc.integer({ min: 0, max: 4_000_000_000_000 });
const unsendable = /__proto__|__type__|__data__/;

/** JSON as a peer gets it: what -0 and the like become on the way is not the serializer's doing. */
export const json: Arbitrary<unknown> = fc
  .jsonValue({ maxDepth: 4 })
  .map((value) => JSON.stringify(value))
  .filter((value) => !unsendable.test(value))
  .map((value) => JSON.parse(value));
const record = fc
  .dictionary(text, json, { maxKeys: 4 })
  .filter((value) => !unsendable.test(JSON.stringify(value)))
  .map((value) => ({ ...value }));

type Init = Record<string, Arbitrary<unknown>>;

const address: Init = { source: text, target: maybe(text) };
const reason: Init = { reason: maybe(text) };
const id: Init = { taskId: text };
const entry = { parent: maybe(text), active: flag, bridged: flag, startedAt: maybe(moment) };
const response: Init = { ...id, status: fc.constantFrom("completed", "cancelled", "failed", "error"), response: json };
const update: Init = { ...id, update: json };
const stream: Init = { ...id, data: json };
// Arguments in which both spellings of the one translated key meet cannot come back as they were.
const args = record.filter((value) => !("run_llm" in value));

const messageFields = new Map<unknown, Init>([
  [bus.BusDataMessage, {}],
  [bus.BusSystemMessage, {}],
  [
    bus.BusActivateAgentMessage,
    { args: maybe(fc.tuple(args, maybe(flag)).map(([rest, runLlm]) => ({ ...rest, runLlm }))) },
  ],
  [bus.BusDeactivateAgentMessage, {}],
  [bus.BusEndMessage, reason],
  [bus.BusEndAgentMessage, reason],
  [bus.BusCancelMessage, reason],
  [bus.BusCancelAgentMessage, reason],
  [
    bus.BusAgentRegistryMessage,
    { runner: text, agents: fc.array(fc.record({ name: text, ...entry }), { maxLength: 3 }) },
  ],
  [bus.BusAgentReadyMessage, { runner: text, ...entry }],
  [bus.BusAgentGoneMessage, { runner: text, agents: fc.array(text, { maxLength: 3 }), ...reason }],
  [bus.BusAgentErrorMessage, { error: text }],
  [bus.BusTaskRequestMessage, { ...id, taskName: maybe(text), payload: json }],
  [bus.BusTaskResponseMessage, response],
  [bus.BusTaskResponseUrgentMessage, response],
  [bus.BusTaskUpdateMessage, update],
  [bus.BusTaskUpdateUrgentMessage, update],
  [bus.BusTaskUpdateRequestMessage, id],
  [bus.BusTaskCancelMessage, { ...id, ...reason }],
  [bus.BusTaskStreamStartMessage, stream],
  [bus.BusTaskStreamDataMessage, stream],
  [bus.BusTaskStreamEndMessage, stream],
]);

const uiJob: Init = { jobId: text, at: moment };
const pipecatFields = new Map<unknown, Init>([
  [wire.PipecatBusMessage, {}],
  [wire.BusTTSSpeakMessage, { text, appendToContext: flag }],
  [wire.BusUIEventMessage, { eventName: text, payload: json }],
  [wire.BusUICommandMessage, { commandName: text, payload: json }],
  [
    wire.BusUIJobGroupStartedMessage,
    { ...uiJob, workers: maybe(fc.array(text)), label: maybe(text), cancellable: flag },
  ],
  [wire.BusUIJobUpdateMessage, { ...uiJob, workerName: text, data: json }],
  [wire.BusUIJobCompletedMessage, { ...uiJob, workerName: text, status: text, response: json }],
  [wire.BusUIJobGroupCompletedMessage, uiJob],
]);

const specific = fc.record({ __specific__: fc.constant(true), llm: text, message: json });
const standard = record.filter((message) => !("__specific__" in message)).map((rest) => ({ ...rest, role: "user" }));
const messages = fc.array(fc.oneof(standard, specific), { maxLength: 3 });
const tools = fc.array(fc.record({ name: text, description: text, parameters: record }), { maxLength: 2 });
const customTools = fc
  .dictionary(text, fc.array(json, { maxLength: 2 }), { maxKeys: 2 })
  .filter((value) => !unsendable.test(JSON.stringify(value)))
  .map((value) => ({ ...value }));
const context = fc
  .record({
    messages,
    // Where there are custom tools, one dialect has no word for having no others.
    toolSet: fc.oneof(fc.record({ tools: maybe(tools) }), fc.record({ tools, customTools })),
    toolChoice: maybe(fc.oneof(fc.constantFrom("none", "auto", "required"), record)),
  })
  .map(({ toolSet, ...rest }) => new frames.LLMContext({ ...rest, ...toolSet } as frames.LLMContextInit));

const audio: Init = {
  audio: fc.uint8Array({ maxLength: 200 }),
  sampleRate: count,
  numChannels: fc.integer({ min: 1, max: 8 }),
};
const spoken: Init = { text, skipTts: maybe(flag), includesInterFrameSpaces: flag, appendToContext: flag };
const interim: Init = { ...spoken, userId: text, timestamp: text, language: maybe(text) };
const call = { functionName: text, toolCallId: text, arguments: record };
const listed: Init = { messages, runLlm: maybe(flag) };

const frameFields = new Map<unknown, Init>([
  [frames.InputAudioRawFrame, audio],
  [frames.OutputAudioRawFrame, audio],
  [frames.TTSAudioRawFrame, audio],
  [frames.TextFrame, spoken],
  [frames.LLMTextFrame, spoken],
  [frames.InterimTranscriptionFrame, interim],
  [frames.TranscriptionFrame, { ...interim, finalized: flag }],
  [frames.TTSSpeakFrame, { text, appendToContext: flag }],
  [frames.LLMContextFrame, { context }],
  [frames.LLMRunFrame, {}],
  [frames.LLMMessagesAppendFrame, listed],
  [frames.LLMMessagesUpdateFrame, listed],
  [frames.LLMSetToolsFrame, { tools, customTools: maybe(customTools) }],
  [frames.LLMFullResponseStartFrame, {}],
  [frames.LLMFullResponseEndFrame, {}],
  [frames.FunctionCallsStartedFrame, { functionCalls: fc.array(fc.record(call), { maxLength: 3 }) }],
  [frames.FunctionCallInProgressFrame, { ...call, cancelOnInterruption: flag, groupId: maybe(text) }],
  [frames.FunctionCallResultFrame, { ...call, result: fc.option(json, { nil: undefined }), runLlm: maybe(flag) }],
  [frames.FunctionCallCancelFrame, { functionName: text, toolCallId: text }],
  [frames.ErrorFrame, { error: text, fatal: flag }],
  [frames.InterruptionFrame, {}],
  [frames.UserStartedSpeakingFrame, {}],
  [frames.UserStoppedSpeakingFrame, {}],
  [frames.BotStartedSpeakingFrame, {}],
  [frames.BotStoppedSpeakingFrame, {}],
]);

const notes: Init = {
  pts: maybe(fc.maxSafeNat()),
  metadata: record,
  transportSource: maybe(text),
  transportDestination: maybe(text),
};

export interface Sample<T> {
  readonly name: string;
  readonly Class: unknown;
  readonly arbitrary: Arbitrary<T>;
}

type Constructor<T> = (new (init: object) => T) & { readonly name: string };

function samples<T>(table: ReadonlyMap<unknown, Init>, base: Init): readonly Sample<T>[] {
  return [...table].map(([Class, init]) => {
    const Constructor = Class as Constructor<T>;
    const arbitrary = fc.record({ ...base, ...init }).map((fields) => new Constructor(fields));
    return { name: Constructor.name, Class, arbitrary };
  });
}

export const messageSamples: readonly Sample<bus.BusMessage>[] = samples(messageFields, address);
export const pipecatSamples: readonly Sample<bus.BusMessage>[] = samples(pipecatFields, address);
export const frameSamples: readonly Sample<bus.BusFrameMessage>[] = samples<frames.Frame>(frameFields, notes).map(
  ({ name, Class, arbitrary }) => ({
    name,
    Class,
    arbitrary: fc
      .record({
        source: text,
        target: maybe(text),
        frame: fc.tuple(arbitrary, maybe(fc.maxSafeNat())).map(([frame, sibling]) => {
          frame.broadcastSiblingId = sibling;
          return frame;
        }),
        direction: fc.constantFrom("downstream" as const, "upstream" as const),
        bridge: maybe(text),
      })
      .map((init) => new bus.BusFrameMessage(init)),
  }),
);
