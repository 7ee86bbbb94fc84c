"""What the fixtures are made of: for every type, the fields it has to have and the fields it may have.

A case is built as a user of the package would: what the constructor takes goes to the constructor, the rest is set after
it. Texts with more than ASCII, empty strings, None in user data, big numbers and nested values are spread over the fields.
"""

from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import AdapterType, ToolsSchema
from pipecat.audio.dtmf.types import KeypadEntry
from pipecat.frames import frames
from pipecat.metrics import metrics
from pipecat.processors.aggregators.llm_context import LLMContext, LLMSpecificMessage
from pipecat.services.settings import LLMSettings, STTSettings, TTSSettings
from pipecat.transcriptions.language import Language
from pipecat.utils.errors import ErrorCategory
from pipecat.utils.text.base_text_aggregator import TextType

TEXT = "Grüße 👋 \u2028 \"quoted\" \\ \x00\x7f"
DATA = {
    "text": TEXT,
    "empty": "",
    "nothing": None,
    "flags": [True, False],
    "nested": [[1, [2, [None, {}]]], [], {"": {"deep": [0.5, -1, 1e300, 1e-7]}}],
    "big": [9007199254740991, -9007199254740991],
}
BYTES = bytes(range(0, 256, 5))
SOUND = b"\x00\x01\xff\x7f\x00\x80\xff\xff"

# What every frame has, and every message of the package in which messages are frames.
NOTES = {
    "pts": 1_234_567_890_123,
    "broadcast_sibling_id": 41,
    "metadata": DATA,
    "transport_source": "microphone",
    "transport_destination": "télé",
}

WEATHER = {
    "name": "get_weather",
    "description": "Wie ist das Wetter?",
    "properties": {"place": {"type": "string", "enum": ["Köln", ""]}, "days": {"type": "integer"}},
    "required": ["place"],
}


def tools():
    return ToolsSchema(
        standard_tools=[
            FunctionSchema(**WEATHER),
            FunctionSchema(name="now", description="", properties={}, required=[]),
        ],
        custom_tools={AdapterType.GEMINI: [{"google_search": {}}, {"n": [None]}], AdapterType.OPENAI: []},
    )


def standard_tools():
    return ToolsSchema(standard_tools=[FunctionSchema(**WEATHER)])


def messages():
    return [
        {"role": "system", "content": TEXT},
        {"role": "user", "content": [{"type": "text", "text": ""}, {"type": "image_url", "image_url": {"url": "u"}}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
        LLMSpecificMessage(llm="anthropic", message={"custom": [1, None], "text": TEXT}),
    ]


def context():
    return LLMContext(messages=messages(), tools=tools(), tool_choice="required")


def measurements(model):
    llm = {"processor": "LLM#0", **model}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    more = {
        "cache_read_input_tokens": 2,
        "cache_creation_input_tokens": 0,
        "reasoning_tokens": 1,
        "input_audio_tokens": 3,
        "output_audio_tokens": 4,
        "cache_read_input_audio_tokens": 1,
    }
    return [
        metrics.TTFBMetricsData(**llm, value=0.12),
        metrics.TTFAMetricsData(**llm, ttfa=0.3, ttfb=0.2, leading_silence=0.1),
        metrics.TTFATMetricsData(**llm, ttfat=0.3, ttfb=0.2, thinking_time=0.1),
        metrics.ProcessingMetricsData(**llm, value=1.5),
        metrics.TextAggregationMetricsData(**llm, value=0.05),
        metrics.LLMUsageMetricsData(**llm, value=metrics.LLMTokenUsage(**usage, **(more if model else {}))),
        metrics.STTUsageMetricsData(**llm, value=metrics.STTUsage(audio_seconds=2.5)),
        metrics.TTSUsageMetricsData(**llm, value=12),
        metrics.TurnMetricsData(**llm, is_complete=True, probability=0.9, e2e_processing_time_ms=32.5),
    ]


AUDIO = {"audio": SOUND, "sample_rate": 16_000, "num_channels": 1}
IMAGE = {"image": BYTES, "size": (17, 1), "format": None}
# A tuple is None once it is written; as a list the size survives.
LISTED = {**IMAGE, "size": [17, 1]}
SPOKEN = {"skip_tts": True, "includes_inter_frame_spaces": True, "append_to_context": False}
HEARD = {"text": "hola", "user_id": "u1", "timestamp": "2026-03-17T00:00:00Z"}
SAID = {**SPOKEN, "context_id": "c1", "raw_text": "<b>a</b>", "will_be_spoken": True}
CALL = {"function_name": "get_weather", "tool_call_id": "c1", "arguments": {"place": "Köln", "days": None}}
REQUEST = {
    "text": "was?",
    "append_to_context": False,
    "video_source": "camera",
    "function_name": "look",
    "tool_call_id": "c2",
}
USER_IMAGE = {"user_id": "u1", "text": TEXT, "append_to_context": True, "run_llm": False}


def request():
    return frames.UserImageRequestFrame(user_id="u1", **REQUEST)


# By type: the fields it has to have, and the others.
FRAMES = {
    "InputAudioRawFrame": (AUDIO, {}),
    "UserAudioRawFrame": (AUDIO, {"user_id": "ü1"}),
    "OutputAudioRawFrame": ({**AUDIO, "num_channels": 2}, {}),
    "SpeechOutputAudioRawFrame": (AUDIO, {}),
    "TTSAudioRawFrame": (AUDIO, {"context_id": "c1"}),
    "InputImageRawFrame": (IMAGE, {"format": "RGB"}),
    "UserImageRawFrame": (IMAGE, {"format": "RGB", **USER_IMAGE, "request": request()}),
    "OutputImageRawFrame": (IMAGE, {"format": "RGB", "sync_with_audio": True}),
    "URLImageRawFrame": (IMAGE, {"format": "RGB", "sync_with_audio": True, "url": "https://example.org/ü?a=1"}),
    "UserImageRequestFrame": ({"user_id": "u1"}, REQUEST),
    "TextFrame": ({"text": ""}, {"text": TEXT, **SPOKEN}),
    "LLMTextFrame": ({"text": " a"}, SPOKEN),
    "InputTextRawFrame": ({"text": "typed"}, SPOKEN),
    "AggregatedTextFrame": ({"text": "a b.", "text_type": TextType.SENTENCE}, SAID),
    "TTSTextFrame": ({"text": "a", "text_type": "code"}, {**SAID, "segment_id": 3}),
    "InterimTranscriptionFrame": (HEARD, {**SPOKEN, "language": Language.ES, "result": {"raw": [1, None]}}),
    "TranscriptionFrame": (
        HEARD,
        {**SPOKEN, "language": Language.ZH_CN, "result": {"raw": [1, None]}, "finalized": True},
    ),
    "TTSSpeakFrame": ({"text": TEXT}, {"append_to_context": False, "text_type": TextType.WORD}),
    "TTSStartedFrame": ({}, {"context_id": "c1", "append_to_context": False}),
    "TTSStoppedFrame": ({}, {"context_id": "c1"}),
    "LLMThoughtStartFrame": ({}, {"append_to_context": True, "llm": "anthropic"}),
    "LLMThoughtTextFrame": ({"text": "hm"}, {"includes_inter_frame_spaces": True}),
    "LLMThoughtEndFrame": ({}, {"signature": BYTES}),
    "LLMContextFrame": ({"context": LLMContext()}, {"context": context(), "speculation": True}),
    "LLMRunFrame": ({}, {}),
    "LLMMessagesAppendFrame": ({"messages": []}, {"messages": messages(), "run_llm": True}),
    "LLMMessagesUpdateFrame": ({"messages": []}, {"messages": messages(), "run_llm": False}),
    "LLMSetToolsFrame": ({"tools": ToolsSchema(standard_tools=[])}, {"tools": tools()}),
    "LLMSetToolChoiceFrame": ({"tool_choice": "none"}, {"tool_choice": {"type": "function", "name": "f"}}),
    "LLMConfigureOutputFrame": ({"skip_tts": False}, {"skip_tts": True}),
    "LLMFullResponseStartFrame": ({}, {"skip_tts": True}),
    "LLMFullResponseEndFrame": ({}, {"skip_tts": False}),
    "FunctionCallsStartedFrame": (
        {"function_calls": []},
        {"function_calls": [frames.FunctionCallFromLLM(**CALL, context=context())]},
    ),
    "FunctionCallInProgressFrame": (CALL, {"cancel_on_interruption": True, "group_id": "g1"}),
    "FunctionCallResultFrame": (
        {**CALL, "result": None},
        {
            "result": DATA,
            "run_llm": True,
            "properties": frames.FunctionCallResultProperties(run_llm=False, is_final=False),
            "error": "boom",
        },
    ),
    "FunctionCallCancelFrame": (
        {"function_name": "f", "tool_call_id": "c1"},
        {"run_llm": True},
    ),
    "LLMUpdateSettingsFrame": (
        {},
        {
            "settings": {"temperature": 0.1, "top_k": 3},
            "delta": LLMSettings(temperature=0.7, extra={"effort": "low"}),
            "reach_inactive_services": True,
        },
    ),
    "TTSUpdateSettingsFrame": (
        {},
        {"settings": {"speed": 1.5}, "delta": TTSSettings(voice="v", language=Language.DE), "reach_inactive_services": True},
    ),
    "STTUpdateSettingsFrame": (
        {},
        {"settings": {"language": "es"}, "delta": STTSettings(model=None), "reach_inactive_services": True},
    ),
    "ErrorFrame": (
        {"error": "it broke"},
        {"fatal": True, "exception": ValueError("why"), "category": ErrorCategory.CONNECTIVITY},
    ),
    "InterruptionFrame": ({}, {}),
    "HeartbeatFrame": ({"timestamp": 9007199254740991}, {}),
    "MetricsFrame": ({"data": measurements({})}, {"data": measurements({"model": "m"})}),
    "UserStartedSpeakingFrame": ({}, {}),
    "UserStoppedSpeakingFrame": ({}, {}),
    "UserSpeakingFrame": ({}, {}),
    # Without a timestamp it would be the time of day.
    "VADUserStartedSpeakingFrame": ({"timestamp": 1_700_000_000.25}, {"start_secs": 0.2}),
    "VADUserStoppedSpeakingFrame": ({"timestamp": 1_700_000_001.5}, {"stop_secs": 0.8}),
    "BotStartedSpeakingFrame": ({}, {}),
    "BotStoppedSpeakingFrame": ({}, {}),
    "BotSpeakingFrame": ({}, {}),
    "UserMuteStartedFrame": ({}, {}),
    "UserMuteStoppedFrame": ({}, {}),
    "STTMuteFrame": ({"mute": False}, {"mute": True}),
    "InputTransportMessageFrame": ({"message": ""}, {"message": DATA}),
    "OutputTransportMessageFrame": ({"message": []}, {"message": DATA}),
    "OutputTransportMessageUrgentFrame": ({"message": 0}, {"message": DATA}),
    "InputDTMFFrame": ({"button": KeypadEntry.POUND}, {"button": KeypadEntry.ZERO}),
    "OutputDTMFFrame": ({"button": KeypadEntry.ONE}, {"buttons": [KeypadEntry.ONE, KeypadEntry.STAR]}),
    "OutputDTMFUrgentFrame": ({"buttons": [KeypadEntry.NINE]}, {"button": KeypadEntry.NINE}),
}

# Values that the two cases of a type have no room for: type, name of the case, its fields.
MORE_FRAMES = [
    *(
        (name, "size as a list", {**LISTED, **fields})
        for name, fields in [
            ("InputImageRawFrame", {"format": "RGB"}),
            ("UserImageRawFrame", {**USER_IMAGE, "request": request()}),
            ("OutputImageRawFrame", {"format": "RGB"}),
            ("URLImageRawFrame", {"url": "https://example.org/"}),
        ]
    ),
    ("TextFrame", "kept by interruptions", {"text": "a", "interruptible": False}),
    ("InterruptionFrame", "kept by interruptions", {"interruptible": False}),
    ("FunctionCallResultFrame", "dropped by interruptions", {**CALL, "result": 1, "interruptible": True}),
    ("FunctionCallResultFrame", "a result with bytes in it", {**CALL, "result": {"file": BYTES}}),
    ("FunctionCallResultFrame", "a number JSON has no word for", {**CALL, "result": {"ratio": float("nan")}}),
    ("FunctionCallInProgressFrame", "arguments that are no object", {**CALL, "arguments": ["Köln"]}),
    ("LLMThoughtEndFrame", "a text as signature", {"signature": "sig"}),
    ("LLMThoughtEndFrame", "an object as signature", {"signature": {"a": [None]}}),
    ("LLMContextFrame", "standard tools", {"context": LLMContext(messages=[], tools=standard_tools())}),
    (
        "LLMContextFrame",
        "a choice of tool",
        {"context": LLMContext(tool_choice={"type": "function", "function": {"name": "f"}})},
    ),
    (
        "LLMContextFrame",
        "bytes in a message",
        {"context": LLMContext(messages=[LLMSpecificMessage(llm="google", message={"signature": BYTES})])},
    ),
    ("LLMSetToolsFrame", "standard tools", {"tools": standard_tools()}),
    ("LLMSetToolsFrame", "tools as a list", {"tools": [FunctionSchema(**WEATHER)]}),
    ("LLMUpdateSettingsFrame", "settings alone", {"settings": DATA}),
    ("InputTransportMessageFrame", "bytes", {"message": {"file": BYTES}}),
]
