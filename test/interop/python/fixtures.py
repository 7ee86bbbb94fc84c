"""What the package's own serializer writes for every type of message and frame, and what it reads of ours.

    python fixtures.py --dialect pipecat           writes the fixtures to stdout
    python fixtures.py --dialect pipecat --read    reads messages from stdin, one a line, and tells what became of each

The first line of the fixtures is JSON: the versions, the fields that no case sets ("unset"), and the types of the
package that are not here ("others"), so that a new version shows in it what it has added. Each other line has the type,
the case and the bytes, with tabs between them. What would differ from run to run is fixed: a message has the id 1, a
frame in it 2, a frame in that one 3; the number in every name is 0.
"""

import argparse
import dataclasses
import importlib
import importlib.metadata
import json
import sys
import warnings

from loguru import logger

# The package greets, and warns of what is old in it and of every value that it drops. None of that is news here.
logger.remove()
warnings.showwarning = lambda *_, **__: None

from pipecat.frames import frames
from pipecat.processors.frame_processor import FrameDirection
from pydantic import BaseModel

from fixture_messages import WORDS, class_at, messages_of, more_messages
from fixture_values import FRAMES, MORE_FRAMES, NOTES

# A user sets these as well, and a few cases do; in all others they are what the class says.
SETTLED = {"id", "name", "interruptible", "num_frames"}
RECORDS = (frames.FunctionCallFromLLM, frames.FunctionCallResultProperties)


def build(cls, fields):
    """An object whose constructor gets what it takes, and whose other fields are set afterwards."""
    taken = {field.name for field in dataclasses.fields(cls) if field.init}
    value = cls(**{name: field for name, field in fields.items() if name in taken})
    for name, field in fields.items():
        if name not in taken:
            setattr(value, name, field)
    return value


def numbered(value, number):
    """Fixes what is counted."""
    if hasattr(value, "id") and hasattr(value, "name"):
        value.id = number
        value.name = f"{type(value).__name__}#0"
    for field in ("frame", "request"):
        if dataclasses.is_dataclass(getattr(value, field, None)):
            numbered(getattr(value, field), number + 1)
    return value


class Fixtures:
    """The cases of one package, and what they leave out."""

    def __init__(self, words):
        self._words = words
        self._serializer = serializer_of(words)
        self._entry = class_at(words.entry)
        self._modules = [importlib.import_module(module) for module in words.modules]
        self._given = set()
        self._unset = set()
        self.lines = []

    def add_all(self):
        for name, (required, others) in messages_of(self._words).items():
            every = {**required, **others, "target": "wörker", **self._words.notes}
            self._add(name, "required fields", {"source": "voice", **required})
            self._add(name, "all fields", {"source": "voice", **every})
            self._note_unset(self._class(name), {"source": "voice", **every})
        for name, case, fields in more_messages(self._words):
            self._add(name, case, {"source": "voice", "target": "worker", **fields})
        for name, (required, others) in FRAMES.items():
            every = {**required, **others, **NOTES}
            self._add(name, "required fields", required)
            self._add(name, "all fields", every)
            self._note_unset(self._class(name), every)
        for name, case, fields in MORE_FRAMES:
            self._add(name, case, fields)

    def header(self):
        known = {self._class(name) for name in [*messages_of(self._words), *FRAMES]}
        others = set()
        for module in [*self._modules, frames]:
            for cls in vars(module).values():
                if isinstance(cls, type) and cls.__module__ == module.__name__ and cls not in known:
                    if cls.__name__.endswith(("Frame", "Message")) and cls.__name__ != "Frame":
                        others.add(f"{module.__name__}.{cls.__name__}")
        versions = {name: importlib.metadata.version(name) for name in sorted({self._words.package, "pipecat-ai"})}
        return {"versions": versions, "unset": sorted(self._unset - self._given), "others": sorted(others)}

    def _class(self, name):
        """None where another version has none of that name."""
        return next((getattr(module, name) for module in [*self._modules, frames] if hasattr(module, name)), None)

    def _add(self, name, case, fields):
        cls = self._class(name)
        try:
            text = self._serializer.serialize(numbered(self._message(cls, fields), 1)).decode()
        except Exception as error:
            # Of another version this is news; no fixture is ever stored like that.
            text = json.dumps({"error": f"{type(error).__name__}: {error}"})
        self.lines.append(f"{cls.__module__ if cls else '?'}.{name}\t{case}\t{text}")

    def _message(self, cls, fields):
        value = build(cls, fields)
        if cls.__module__ != frames.__name__:
            return value
        return self._class("BusFrameMessage")(source="voice", frame=value, direction=FrameDirection.DOWNSTREAM)

    def _note_unset(self, cls, fields):
        if cls is None:
            return
        names = {field.name for field in dataclasses.fields(cls)}
        self._unset |= {f"{cls.__name__}.{name}" for name in names - set(fields) - SETTLED - set(NOTES)}
        for value in fields.values():
            for part in value if isinstance(value, list) else [value]:
                self._note_unset_in(part)

    def _note_unset_in(self, value):
        """The same for a record inside a frame or a message."""
        if isinstance(value, BaseModel):
            names = set(type(value).model_fields)
        elif isinstance(value, (*RECORDS, self._entry)):
            names = {field.name for field in dataclasses.fields(value)}
        else:
            return
        for name in names:
            given = getattr(value, name) is not None
            (self._given if given else self._unset).add(f"{type(value).__name__}.{name}")
            self._note_unset_in(getattr(value, name))


def serializer_of(words):
    return importlib.import_module(words.serializer).JSONMessageSerializer()


def write(words):
    fixtures = Fixtures(words)
    fixtures.add_all()
    for line in [json.dumps(fixtures.header()), *fixtures.lines]:
        sys.stdout.write(f"{line}\n")


def read(words):
    """For each line, the class it became and what the same serializer writes for it; null for what it does not know."""
    serializer = serializer_of(words)
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(seen(serializer, line))}\n")


def seen(serializer, line):
    try:
        message = serializer.deserialize(line.encode())
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    if message is None:
        return {"message": None}
    frame = getattr(message, "frame", None)
    again = serializer.serialize(message).decode()
    return {"message": type_of(message), "frame": frame and type_of(frame), "again": again}


def type_of(value):
    return f"{type(value).__module__}.{type(value).__name__}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dialect", choices=sorted(WORDS), required=True)
    parser.add_argument("--read", action="store_true")
    options = parser.parse_args()
    (read if options.read else write)(WORDS[options.dialect])


main()
