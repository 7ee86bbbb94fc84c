/**
 * Where the packages and we differ, as data: each line is a decision, and `test/wire/fixtures.test.ts` fails when one is
 * missing or no longer true.
 */

/** Fields of theirs that do not cross, by type, each with what that means. */
export const notCarried: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "every message": {
    metadata: "a message of ours has none; the frame in it keeps its own",
    pts: "a time is a frame's, not a message's",
    broadcast_sibling_id: "no message has a sibling",
    transport_source: "a message passes no transport",
    transport_destination: "a message passes no transport",
  },
  FunctionCallFromLLM: { context: "the conversation travels in frames of its own, not once more with each call" },
  FunctionCallResultFrame: { properties: "`run_llm` in it becomes the frame's; `is_final` is lost" },
  LLMContextFrame: { speculation: "a conversation that is only supposed is answered like any other" },
  TTSTextFrame: { segment_id: "counts the pieces of their progress frames, which do not cross" },
  TTSSpeakFrame: { text_type: "what is spoken here is a sentence" },
  TranscriptionFrame: { result: "the provider's own words, of any shape" },
  InterimTranscriptionFrame: { result: "the provider's own words, of any shape" },
  ErrorFrame: { category: "an error of theirs arrives with its text and whether it is fatal" },
  LLMUpdateSettingsFrame: { reach_inactive_services: "there is no switch between services here" },
  TTSUpdateSettingsFrame: { reach_inactive_services: "there is no switch between services here" },
  STTUpdateSettingsFrame: { reach_inactive_services: "there is no switch between services here" },
};

/** Names of fields that we write beside the newest ones, for peers that are older than those of the fixtures. */
export const olderNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  AggregatedTextFrame: { aggregated_by: "text_type before 1.13" },
  TTSTextFrame: { aggregated_by: "text_type before 1.13" },
  OutputDTMFFrame: { button: "a list of one in buttons" },
  OutputDTMFUrgentFrame: { button: "a list of one in buttons" },
};

/** Types that have two names; their class is found under both. */
export const aliases: Readonly<Record<string, string>> = {
  "pipecat.adapters.llm.schemas.tools_schema.ToolsSchema": "pipecat.adapters.schemas.tools_schema.ToolsSchema",
};

type Data = Readonly<Record<string, unknown>>;

interface Translation {
  readonly reason: string;
  /** Their way of saying it, or ours, in ours. */
  readonly translate: (data: Data) => Data;
}

const settings: Translation = {
  reason: "a delta is an object of the service's own class; its values become settings by name, and it wins",
  translate: ({ delta, ...rest }) => {
    const { extra, ...named } = ((delta as { __data__?: Data } | undefined)?.__data__ ?? {}) as Data & { extra?: Data };
    return { ...rest, settings: { ...(rest.settings as Data), ...named, ...extra } };
  },
};

/** What is said in another way than ours. */
export const translations: Readonly<Record<string, Translation>> = {
  LLMContext: {
    reason: "an empty list is no tools, and no choice is null where their serializer meets a value it has no word for",
    translate: ({ tools, tool_choice, ...rest }) => ({
      ...rest,
      ...(Array.isArray(tools) && tools.length === 0 ? {} : { tools }),
      ...(tool_choice === null ? {} : { tool_choice }),
    }),
  },
  LLMUpdateSettingsFrame: settings,
  TTSUpdateSettingsFrame: settings,
  STTUpdateSettingsFrame: settings,
  FunctionCallResultFrame: {
    reason: "a tool says in its properties whether the model answers, and that comes before the frame's own",
    translate: (data) => {
      const { run_llm } = ((data.properties as { __data__?: Data } | undefined)?.__data__ ?? {}) as Data;
      return run_llm === undefined ? data : { ...data, run_llm };
    },
  },
};

interface Refusal {
  readonly types: RegExp;
  readonly cases: RegExp;
  readonly reason: string;
  readonly rejection: Readonly<Record<string, string>>;
}

/** What they write and we refuse. */
export const refusals: readonly Refusal[] = [
  {
    types: /ImageRawFrame$/,
    cases: /^(required|all) fields$/,
    reason: "their serializer has no word for a tuple, so the image has lost its size",
    rejection: { reason: "shape", path: "frame.size" },
  },
  {
    types: /\.LLMSetToolsFrame$/,
    cases: /^tools as a list$/,
    reason: "their serializer has no word for a tool outside a ToolsSchema, so the list is full of null",
    rejection: { reason: "shape", path: "frame.tools" },
  },
  {
    types: /\.FunctionCallInProgressFrame$/,
    cases: /^arguments that are no object$/,
    reason: "a model calls a tool with named arguments",
    rejection: { reason: "shape", path: "frame.arguments" },
  },
  {
    types: /./,
    cases: /^a number JSON has no word for$/,
    reason: "NaN and Infinity are not JSON",
    rejection: { reason: "parse" },
  },
];

/** Cases that we read and send on only with `allowTaggedUserData`: their user data has tags in it, which a peer obeys. */
export const tagged: readonly string[] = [
  "a result with bytes in it",
  "a type that nobody has",
  "an enum in user data",
  "an object of a class in user data",
  "bytes",
  "bytes in a message",
  "bytes in user data",
];

/** Types of ours that no Python peer knows. */
export const oursAlone: Readonly<Record<string, string>> = {
  "trunkline.BusAgentGoneMessage": "a peer of ours hears that agents are gone; theirs drops it with a warning",
  "trunkline.BusRunnerHeartbeatMessage": "runners of ours on one network watch each other",
};

/** Types of theirs that we do not read, by reason; frames without their last word. */
export const typesNotCarried: Readonly<Record<string, string>> = {
  "begins or ends a pipeline, which is no peer's affair":
    "Cancel End Start Stop CancelTask EndTask StopTask CancelWorker \
EndWorker StopWorker",
  "never leaves a process, there or here":
    "BusAddWorkerMessage BusAddAgentMessage BusLocalMessage \
BusWorkerLocalErrorMessage BusAgentLocalErrorMessage",
  "is a base class, which nobody sends":
    "AudioRaw Control DTMF Data FileRaw FilterControl ImageRaw MixerControl \
ServiceMetadata ServiceSwitcher ServiceUpdateSettings System Task TaskSystem Uninterruptible Worker WorkerSystem \
BusUIDataMessage BusMessage",
  "holds an object that their serializer drops: a processor, a function, parameters, images":
    "FrameProcessorPause \
FrameProcessorPauseUrgent FrameProcessorResume FrameProcessorResumeUrgent ManuallySwitchService \
ServiceSwitcherRequestMetadata LLMMessagesTransform SpeechControlParams VADParamsUpdate Sprite",
  "is between the parts of one pipeline":
    "AudioBufferStartRecording AudioBufferStopRecording BotConnected \
ClientConnected FilterEnable FilterUpdateSettings InputTransportStartAudioStreaming LLMServiceMetadata STTMetadata \
MixerEnable MixerUpdateSettings OutputTransportReady UserIdleTimeoutUpdate Volume VolumeGain \
LLMEnablePromptCaching LLMAssistantPushAggregation LLMContextSummaryRequest LLMContextSummaryResult \
LLMSummarizeContext UserTurnInferenceCompleted InterruptionTask InterruptionWorker PipelineFlush \
BusFlushProgressMessage",
  "is part of what only they do: speculation, markers, backchannels, progress of speech, calls a service runs itself":
    "\
EagerEndOfTurnCancel EagerTranscription ProposedUserStartedSpeaking ProposedUserStoppedSpeaking LLMMarker \
LLMMarkerResponse BotBackchannel UserBackchannel AggregatedTextProgress ExternalFunctionCallCancel \
ExternalFunctionCallInProgress ExternalFunctionCallResult ExternalFunctionCallsStarted LLMContextAssistantTimestamp \
LLMContextAssistantTurn LLMContextUserTurn",
  "has a relative that crosses":
    "AssistantImageRaw FatalError InputFileRaw UserFileRaw Translation VisionText \
VisionFullResponseStart VisionFullResponseEnd",
};

/** Fields that are objects of a process, which no wire carries. Their serializer drops them. */
export const neverSet: readonly string[] = [
  "ErrorFrame.processor",
  "FunctionCallResultProperties.on_context_updated",
  "LLMUpdateSettingsFrame.service",
  "STTUpdateSettingsFrame.service",
  "TTSUpdateSettingsFrame.service",
  "UserImageRequestFrame.result_callback",
];

/** Frames that an interruption may drop there and not here, beside system frames, which none drops on either side. */
export const keptHere: Readonly<Record<string, string>> = {
  LLMMessagesAppendFrame: "what is to be in the conversation is in it, whoever speaks meanwhile",
  LLMMessagesUpdateFrame: "as above",
  LLMSetToolsFrame: "as above",
  LLMSetToolChoiceFrame: "as above",
  LLMFullResponseEndFrame: "an answer that has begun ends",
};
