"""Frames from the descriptions that tests give, and descriptions of the frames that arrive."""

import base64
import dataclasses
import enum
import hashlib

from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames import frames
from pipecat.processors.aggregators.llm_context import LLMContext, LLMSpecificMessage
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

LIFECYCLE = (frames.StartFrame, frames.EndFrame, frames.CancelFrame, frames.StopFrame)


def direction_of(name):
    return FrameDirection[name.upper()]


def build(description):
    """{"type": "TextFrame", "fields": {…}}; bytes, contexts and tools are objects with one key that says so."""
    fields = {name: _value(value) for name, value in description["fields"].items()}
    return getattr(frames, description["type"])(**fields)


def _value(value):
    if isinstance(value, list):
        return [_value(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"$bytes"}:
        return base64.b64decode(value["$bytes"])
    if set(value) == {"$tuple"}:
        return tuple(value["$tuple"])
    if set(value) == {"$tools"}:
        return _tools(value["$tools"])
    if set(value) == {"$context"}:
        return _context(**value["$context"])
    if set(value) == {"$call"}:
        return frames.FunctionCallFromLLM(context=LLMContext(), **value["$call"])
    return {name: _value(item) for name, item in value.items()}


def _tools(schemas):
    return ToolsSchema(
        standard_tools=[
            FunctionSchema(
                name=schema["name"],
                description=schema["description"],
                properties=schema["parameters"]["properties"],
                required=schema["parameters"].get("required", []),
            )
            for schema in schemas
        ]
    )


def _context(messages, tools=None, specific=()):
    context = LLMContext(messages=[*messages, *(LLMSpecificMessage(**message) for message in specific)])
    if tools is not None:
        context.set_tools(_tools(tools))
    return context


def describe(value):
    """JSON of any value: what is sent as JSON is itself, objects name their type, long bytes become their digest."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return str(value) if isinstance(value, enum.Enum) else value
    if isinstance(value, bytes):
        return {"length": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, (list, tuple)):
        return [describe(item) for item in value]
    if isinstance(value, dict):
        return {str(name): describe(item) for name, item in value.items()}
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, LLMContext):
        tools = value.tools if isinstance(value.tools, ToolsSchema) else None
        return {"messages": describe(value.get_messages()), "tools": describe(tools)}
    if isinstance(value, ToolsSchema):
        return [describe(tool.to_default_dict()) for tool in value.standard_tools]
    if dataclasses.is_dataclass(value) or hasattr(value, "__dict__"):
        fields = {name: describe(item) for name, item in vars(value).items() if not name.startswith("_")}
        return {"type": type(value).__name__, **fields}
    return {"type": type(value).__name__}


class Recorder(FrameProcessor):
    """Tells the test of every frame that comes by, and passes on only what says so: what it passes on is sent back."""

    def __init__(self, control, place, **kwargs):
        super().__init__(**kwargs)
        self._control = control
        self._place = place

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if not isinstance(frame, LIFECYCLE):
            self._control.event("frame", place=self._place, direction=direction.name.lower(), frame=describe(frame))
            if not frame.metadata.get("pass"):
                return
        await self.push_frame(frame, direction)
