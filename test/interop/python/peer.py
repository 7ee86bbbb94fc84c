"""One end of a link, made of a Python package's own classes, told what to do over stdin.

    python peer.py --dialect subagents|pipecat --serve | --url ws://… [--bridged a,b] …
"""

import argparse
import asyncio
import importlib
import json
import os
from types import SimpleNamespace

from control import Control
from frames import build, direction_of
from pipecat.frames.frames import InputAudioRawFrame
from serving import serve

parser = argparse.ArgumentParser()
parser.add_argument("--dialect", choices=["subagents", "pipecat"], required=True)
parser.add_argument("--local", required=True)
parser.add_argument("--remote", required=True)
parser.add_argument("--url")
parser.add_argument("--headers", type=json.loads, default={})
parser.add_argument("--bridges", type=json.loads, default=[], help="null for an agent that is not bridged")
parser.add_argument("--inactive", action="store_true")
parser.add_argument("--forward", type=json.loads, default=["Frame"])
options = parser.parse_args()

package = importlib.import_module(f"{options.dialect}_peer")
control = Control()
forward = tuple(getattr(package.messages, name) for name in options.forward)


class Worker(package.Agent):
    """Does the work that tests ask for, by the name of the task."""

    @package.handler(name="echo")
    async def on_echo(self, message):
        await self.respond(package.task_id(message), message.payload)

    @package.handler(name="progress")
    async def on_progress(self, message):
        for number in range(message.payload["updates"]):
            await self.progress(package.task_id(message), {"number": number})
        await self.respond(package.task_id(message), {"done": True})

    @package.handler(name="urgent")
    async def on_urgent(self, message):
        await self.progress(package.task_id(message), {"urgent": True}, urgent=True)
        await self.respond(package.task_id(message), {"urgent": True}, urgent=True)

    @package.handler(name="stream")
    async def on_stream(self, message):
        id = package.task_id(message)
        await self.stream_start(id, {"kind": "words"})
        for word in message.payload["words"]:
            await self.stream_data(id, {"word": word})
        await self.stream_end(id, {"words": len(message.payload["words"])})

    @package.handler(name="fail")
    async def on_fail(self, message):
        await self.respond(package.task_id(message), {"error": "told to"}, package.statuses.FAILED)

    @package.handler(name="error")
    async def on_error_asked(self, message):
        await self.respond(package.task_id(message), {"error": "told to"}, package.statuses.ERROR)

    @package.handler(name="wait")
    async def on_wait(self, message):
        control.event("waiting", task=package.task_id(message))
        await asyncio.Event().wait()

    @package.handler(name="report")
    async def on_report(self, message):
        """Answers when it is asked for an update."""
        control.event("waiting", task=package.task_id(message))
        await asyncio.Event().wait()


names = SimpleNamespace(local=options.local, remote=options.remote, agent_class=Worker)
sessions = []
running = {}


async def run_session(proxy):
    session = package.Session(control)
    await session.build(names, bridged=bridges(), active=not options.inactive, proxy=proxy)
    sessions.append(session)
    try:
        await session.run()
    finally:
        control.event("sessionEnded")


def bridges():
    return None if options.bridges is None else tuple(options.bridges)


def agent():
    return sessions[-1].agent


@control.command("watch")
async def watch(agent_name):
    await agent().watch(agent_name)


@control.command("activate")
async def activate(agent_name, args=None):
    await agent().activate(agent_name, args)


@control.command("deactivate")
async def deactivate(agent_name):
    await agent().deactivate(agent_name)


@control.command("handOver")
async def hand_over(agent_name, args=None):
    await agent().hand_over(agent_name, args)


@control.command("state")
async def state():
    return {"active": agent().active, "args": agent().activation_args}


@control.command("ask")
async def ask(agent_name, name=None, payload=None, timeout=None, label=None):
    events = []
    context = agent().ask(agent_name, name, payload, timeout)
    try:
        async with context as scope:
            running[label] = getattr(scope, package.id_field)
            async for event in scope:
                events.append({"type": str(event.type), "data": event.data})
                control.event("taskEvent", label=label, type=str(event.type), data=event.data)
        return {"events": events, "response": context.response}
    except Exception as error:
        return {"events": events, "error": str(error), "class": type(error).__name__}


@control.command("askGroup")
async def ask_group(agent_names, name=None, payload=None, timeout=None, cancel_on_error=True):
    events = []
    context = agent().ask_group(agent_names, name, payload, timeout, cancel_on_error)
    try:
        async with context as scope:
            async for event in scope:
                source = agent().event_source(event)
                events.append({"agent": source, "type": str(event.type), "data": event.data})
        return {"events": events, "responses": context.responses}
    except Exception as error:
        return {"events": events, "error": str(error), "class": type(error).__name__}


@control.command("giveUp")
async def give_up(label, reason=None):
    await agent().give_up(running[label], reason)


@control.command("askForUpdate")
async def ask_for_update(label, agent_name):
    await agent().ask_for_update(running[label], agent_name)


@control.command("answerUpdateRequest")
async def answer_update_request(task, update, response):
    await agent().progress(task, update)
    await agent().respond(task, response)


@control.command("addAgent")
async def add_agent(name):
    session = sessions[-1]
    await session.add(session.new_agent(Worker, name))


@control.command("frame")
async def put_frame(frame, direction="downstream", bridge=None, target=None, times=1):
    """On the bus, as a bridge would put it there."""
    for _ in range(times):
        await agent().put(
            package.messages.Frame(
                source=options.local,
                target=target,
                frame=build(frame),
                direction=direction_of(direction),
                bridge=bridge,
            )
        )


@control.command("audio")
async def put_audio(packets):
    """As many packets of 20 ms at 16 kHz; each is filled with its number."""
    for packet in range(packets):
        frame = InputAudioRawFrame(audio=bytes([packet % 256]) * 640, sample_rate=16000, num_channels=1)
        await agent().put(
            package.messages.Frame(source=options.local, frame=frame, direction=direction_of("downstream"))
        )


@control.command("queueFrame")
async def queue_frame(frame, direction="downstream"):
    """In the agent's own pipeline, whose edge brings it to the bus."""
    built = build(frame)
    built.metadata["pass"] = True
    await agent().queue_frame(built, direction_of(direction))


@control.command("flood")
async def flood(count):
    """Numbered updates, as they have a field for user data and need no task at the receiver."""
    for number in range(count):
        message = package.messages.Update(
            source=options.local,
            target=options.remote,
            **{package.id_field: "flood"},
            update={"number": number},
        )
        await agent().put(message)


@control.command("sendMessage")
async def send_message(kind, target=None, source=None, fields=None):
    message = getattr(package.messages, kind)(source=source or options.local, target=target, **(fields or {}))
    await agent().put(message)


@control.command("countMessages")
async def count_messages(task):
    """From now on tells of every hundredth message that arrives with that task's id, and of the first out of order."""
    count = 0

    async def on_bus_message(_agent, message):
        nonlocal count
        if getattr(message, package.id_field, None) != task or message.source == options.local:
            return
        update = getattr(message, "update", None)
        if update is None:
            return
        if update["number"] != count:
            control.event("outOfOrder", expected=count, got=update["number"])
        count += 1
        if count % 100 == 0:
            control.event("counted", count=count)

    agent().add_event_handler("on_bus_message", on_bus_message)


@control.command("endRunner")
async def end_runner(reason=None):
    await sessions[-1].runner.end(reason)


@control.command("cancelRunner")
async def cancel_runner(reason=None):
    await sessions[-1].runner.cancel(reason)


@control.command("die")
async def die():
    os._exit(9)


async def accept(websocket):
    await run_session(package.server_proxy(control, names, websocket, forward))


async def connect():
    return asyncio.create_task(
        run_session(package.client_proxy(control, names, options.url, options.headers, forward))
    )


async def main():
    task = await (connect() if options.url else serve(control, accept))
    await control.serve()
    task.cancel()


asyncio.run(main())
