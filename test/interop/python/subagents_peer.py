"""A peer of the package pipecat_subagents: its public classes under the words that peer.py uses."""

from types import SimpleNamespace

from frames import Recorder
from pipecat.pipeline.pipeline import Pipeline
from pipecat_subagents.agents.base_agent import AgentActivationArgs, BaseAgent
from pipecat_subagents.agents.proxy import WebSocketProxyClientAgent, WebSocketProxyServerAgent
from pipecat_subagents.agents.task_decorator import task
from pipecat_subagents.bus import (
    BusActivateAgentMessage,
    BusCancelAgentMessage,
    BusCancelMessage,
    BusDataMessage,
    BusEndAgentMessage,
    BusEndMessage,
    BusFrameMessage,
    BusTaskUpdateMessage,
)
from pipecat_subagents.runner import AgentRunner
from pipecat_subagents.agents.task_context import TaskStatus

messages = SimpleNamespace(
    Frame=BusFrameMessage,
    Data=BusDataMessage,
    Update=BusTaskUpdateMessage,
    Activate=BusActivateAgentMessage,
    EndAgent=BusEndAgentMessage,
    CancelAgent=BusCancelAgentMessage,
    End=BusEndMessage,
    Cancel=BusCancelMessage,
)
statuses = TaskStatus
id_field = "task_id"


def handler(**options):
    return task(**options)


def task_id(message):
    return message.task_id


class Args(AgentActivationArgs):
    def __init__(self, values):
        self._values = values

    def to_dict(self):
        return self._values


class Agent(BaseAgent):
    def __init__(self, name, *, runner, control, bridged, active):
        super().__init__(name, bus=runner.bus, active=active, bridged=bridged)
        self.control = control

    async def build_pipeline(self):
        return Pipeline([Recorder(self.control, self.name)])

    async def on_ready(self):
        await super().on_ready()
        self.control.event("ready", agent=self.name)

    async def on_finished(self):
        await super().on_finished()
        self.control.event("finished", agent=self.name)

    async def on_activated(self, args):
        await super().on_activated(args)
        self.control.event("activated", agent=self.name, args=args)

    async def on_deactivated(self):
        await super().on_deactivated()
        self.control.event("deactivated", agent=self.name)

    async def on_agent_ready(self, data):
        await super().on_agent_ready(data)
        self.control.event("agentReady", agent=data.agent_name, runner=data.runner)

    async def on_task_update_requested(self, message):
        await super().on_task_update_requested(message)
        self.control.event("updateRequested", task=message.task_id)

    async def on_task_cancelled(self, message):
        await super().on_task_cancelled(message)
        self.control.event("taskCancelled", task=message.task_id, reason=message.reason)

    async def respond(self, id, response, status=statuses.COMPLETED, urgent=False):
        await self.send_task_response(id, response, status=status, urgent=urgent)

    async def progress(self, id, update, urgent=False):
        await self.send_task_update(id, update, urgent=urgent)

    async def stream_start(self, id, data):
        await self.send_task_stream_start(id, data)

    async def stream_data(self, id, data):
        await self.send_task_stream_data(id, data)

    async def stream_end(self, id, data):
        await self.send_task_stream_end(id, data)

    def ask(self, agent, name, payload, timeout):
        return self.task(agent, name=name, payload=payload, timeout=timeout)

    def ask_group(self, agents, name, payload, timeout, cancel_on_error):
        return self.task_group(*agents, name=name, payload=payload, timeout=timeout, cancel_on_error=cancel_on_error)

    def event_source(self, event):
        return event.agent_name

    async def ask_for_update(self, id, agent):
        await self.request_task_update(id, agent)

    async def give_up(self, id, reason):
        await self.cancel_task(id, reason=reason)

    async def watch(self, agent):
        await self.watch_agent(agent)

    async def activate(self, agent, args):
        await self.activate_agent(agent, args=None if args is None else Args(args))

    async def deactivate(self, agent):
        await self.deactivate_agent(agent)

    async def hand_over(self, agent, args):
        await self.handoff_to(agent, activation_args=None if args is None else Args(args))

    async def put(self, message):
        await self.send_message(message)


class Session:
    """A runner with one agent and a proxy."""

    def __init__(self, control):
        self.control = control
        self.runner = AgentRunner(handle_sigint=False)

    async def build(self, names, *, bridged, active, proxy):
        self.agent = names.agent_class(
            names.local, runner=self.runner, control=self.control, bridged=bridged, active=active
        )
        self.proxy = proxy(self.runner)
        await self.runner.add_agent(self.proxy)
        await self.runner.add_agent(self.agent)

    def new_agent(self, agent_class, name):
        return agent_class(name, runner=self.runner, control=self.control, bridged=None, active=True)

    async def add(self, agent):
        await self.runner.add_agent(agent)

    async def run(self):
        await self.runner.run()


def client_proxy(control, names, url, headers, forward):
    def build(runner):
        proxy = WebSocketProxyClientAgent(
            "proxy",
            bus=runner.bus,
            url=url,
            remote_agent_name=names.remote,
            local_agent_name=names.local,
            forward_messages=forward,
            headers=headers,
        )

        @proxy.event_handler("on_connected")
        async def on_connected(agent, websocket):
            control.event("connected")

        @proxy.event_handler("on_disconnected")
        async def on_disconnected(agent, websocket):
            control.event("disconnected")

        return proxy

    return build


def server_proxy(control, names, websocket, forward):
    def build(runner):
        proxy = WebSocketProxyServerAgent(
            "gateway",
            bus=runner.bus,
            websocket=websocket,
            agent_name=names.local,
            remote_agent_name=names.remote,
            forward_messages=forward,
        )

        @proxy.event_handler("on_client_connected")
        async def on_client_connected(agent, websocket):
            control.event("connected")

        @proxy.event_handler("on_client_disconnected")
        async def on_client_disconnected(agent, websocket):
            control.event("disconnected")
            await runner.cancel()

        return proxy

    return build
