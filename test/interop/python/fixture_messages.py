"""The messages of the fixtures, in the words of either package."""

import importlib

from pipecat.frames import frames
from pipecat.processors.frame_processor import FrameDirection

from fixture_values import BYTES, DATA, NOTES, TEXT


class Subagents:
    package = "pipecat-ai-subagents"
    serializer = "pipecat_subagents.bus.serializers.json"
    modules = ("pipecat_subagents.bus.messages",)
    agent, agents, task, id, name = "Agent", "agents", "Task", "task_id", "task_name"
    entry = ("pipecat_subagents.types", "AgentRegistryEntry")
    status = ("pipecat_subagents.agents.task_context", "TaskStatus")
    notes = NOTES


class Pipecat:
    package = "pipecat-ai"
    serializer = "pipecat.bus.serializers.json"
    modules = ("pipecat.bus.messages", "pipecat.bus.ui.messages")
    agent, agents, task, id, name = "Worker", "workers", "Job", "job_id", "job_name"
    entry = ("pipecat.registry.types", "WorkerRegistryEntry")
    status = ("pipecat.pipeline.job_context", "JobStatus")
    notes = {}


WORDS = {"subagents": Subagents, "pipecat": Pipecat}


def class_at(place):
    return getattr(importlib.import_module(place[0]), place[1])


def messages_of(words):
    """By type: the fields it has to have, and the others. Beside them every message has a source and may have a target."""
    entry, status = class_at(words.entry), class_at(words.status)
    id = {words.id: "t-1"}
    entries = [
        entry(name="vöice", parent="root", active=True, bridged=True, started_at=1_700_000_000.5),
        entry(name="child"),
    ]
    spoken = frames.TextFrame(text="hello")
    down = {"frame": spoken, "direction": FrameDirection.DOWNSTREAM}
    up = {"frame": spoken, "direction": FrameDirection.UPSTREAM, "bridge": "voice"}
    ready = {"parent": "root", "active": True, "bridged": True, "started_at": 1_700_000_000.5}
    job = f"Bus{words.task}"
    messages = {
        "BusMessage": ({}, {}),
        "BusDataMessage": ({}, {}),
        "BusSystemMessage": ({}, {}),
        "BusFrameMessage": (down, up),
        f"BusActivate{words.agent}Message": ({}, {"args": {"run_llm": True, "runs": DATA}}),
        f"BusDeactivate{words.agent}Message": ({}, {}),
        "BusEndMessage": ({}, {"reason": TEXT}),
        f"BusEnd{words.agent}Message": ({}, {"reason": ""}),
        "BusCancelMessage": ({}, {"reason": TEXT}),
        f"BusCancel{words.agent}Message": ({}, {"reason": ""}),
        f"Bus{words.agent}RegistryMessage": ({"runner": "r1", words.agents: []}, {words.agents: entries}),
        f"Bus{words.agent}ReadyMessage": ({"runner": "r1"}, ready),
        f"Bus{words.agent}ErrorMessage": ({"error": ""}, {"error": TEXT}),
        f"{job}RequestMessage": (id, {words.name: "research", "payload": DATA}),
        f"{job}ResponseMessage": ({**id, "status": status.COMPLETED}, {"status": status.FAILED, "response": DATA}),
        f"{job}ResponseUrgentMessage": (
            {**id, "status": status.CANCELLED},
            {"status": status.ERROR, "response": DATA},
        ),
        f"{job}UpdateMessage": (id, {"update": DATA}),
        f"{job}UpdateUrgentMessage": (id, {"update": DATA}),
        f"{job}UpdateRequestMessage": (id, {}),
        f"{job}CancelMessage": (id, {"reason": TEXT}),
        f"{job}StreamStartMessage": (id, {"data": DATA}),
        f"{job}StreamDataMessage": (id, {"data": DATA}),
        f"{job}StreamEndMessage": (id, {"data": DATA}),
    }
    if words is Subagents:
        # An abstract name there: it is never sent, and is no frame.
        del messages["BusMessage"]
        return messages
    return {**messages, **_pipecat_messages()}


def _pipecat_messages():
    at = {"at": 1_700_000_000_123}
    done = {"job_id": "j", "worker_name": "w1", **at}
    return {
        "BusTTSSpeakMessage": ({"text": TEXT}, {"append_to_context": False}),
        "BusUIEventMessage": ({}, {"event_name": "clicked", "payload": DATA}),
        "BusUICommandMessage": ({}, {"command_name": "show", "payload": [1, None, ""]}),
        "BusUIJobGroupStartedMessage": (
            {},
            {"job_id": "j", "workers": ["w1", "wü"], "label": TEXT, "cancellable": False, **at},
        ),
        "BusUIJobUpdateMessage": ({}, {**done, "data": DATA}),
        "BusUIJobCompletedMessage": ({}, {**done, "status": "completed", "response": DATA}),
        "BusUIJobGroupCompletedMessage": ({}, {"job_id": "j", **at}),
    }


def more_messages(words):
    """Values that the two cases of a type have no room for: type, name of the case, its fields."""
    request, id = f"Bus{words.task}RequestMessage", {words.id: "t-1"}
    payloads = {
        "numbers beyond 2^53": {"big": 9007199254740993, "bigger": 2**64 + 1, "smaller": -(2**63)},
        "half a pair of surrogates": {"half": "\ud83d"},
        "bytes in user data": {"file": BYTES, "list": [b""]},
        "an object of a class in user data": {"entry": class_at(words.entry)(name="a")},
        "an enum in user data": {"direction": FrameDirection.UPSTREAM},
        "a tuple in user data": {"pair": (1, 2), "list": [(1,)]},
        "keys that mean something": {"__type__": "a.b.C", "__specific__": True, "constructor": 1, "toString": 2},
        "a type that nobody has": {"deep": [{"__type__": "os.system", "__data__": "ls"}]},
        "a number JSON has no word for": {"ratio": float("inf")},
        "an empty object": {},
    }
    return [(request, case, {**id, "payload": payload}) for case, payload in payloads.items()]
