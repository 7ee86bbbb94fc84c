"""A peer of the package pipecat, where agents are workers and tasks are jobs, under the words that peer.py uses."""

from types import SimpleNamespace

from frames import Recorder
from pipecat.bus import (
    BusActivateWorkerMessage,
    BusCancelMessage,
    BusCancelWorkerMessage,
    BusDataMessage,
    BusEndMessage,
    BusEndWorkerMessage,
    BusFrameMessage,
    BusJobUpdateMessage,
)
from pipecat.pipeline.job_context import JobGroupParams, JobParams, JobStatus
from pipecat.pipeline.job_decorator import job
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.workers.base_worker import WorkerActivationArgs
from pipecat.workers.proxy.websocket import WebSocketProxyClient, WebSocketProxyServer
from pipecat.workers.runner import WorkerRunner

messages = SimpleNamespace(
    Frame=BusFrameMessage,
    Data=BusDataMessage,
    Update=BusJobUpdateMessage,
    Activate=BusActivateWorkerMessage,
    EndAgent=BusEndWorkerMessage,
    CancelAgent=BusCancelWorkerMessage,
    End=BusEndMessage,
    Cancel=BusCancelMessage,
)
statuses = JobStatus
id_field = "job_id"


def handler(**options):
    return job(**options)


def task_id(message):
    return message.job_id


class Args(WorkerActivationArgs):
    def __init__(self, values):
        self._values = values

    def to_dict(self):
        return self._values


class Agent(PipelineWorker):
    def __init__(self, name, *, control, bridged, active):
        super().__init__(
            Pipeline([Recorder(control, name)]),
            name=name,
            active=active,
            bridged=bridged,
            enable_rtvi=False,
            idle_timeout_secs=None,
        )
        self.control = control

    async def start(self):
        await super().start()
        self.control.event("ready", agent=self.name)

    async def stop(self):
        await super().stop()
        self.control.event("finished", agent=self.name)

    async def on_activated(self, args):
        await super().on_activated(args)
        self.control.event("activated", agent=self.name, args=args)

    async def on_deactivated(self):
        await super().on_deactivated()
        self.control.event("deactivated", agent=self.name)

    async def on_worker_ready(self, data):
        await super().on_worker_ready(data)
        self.control.event("agentReady", agent=data.worker_name, runner=data.runner)

    async def on_job_update_requested(self, message):
        await super().on_job_update_requested(message)
        self.control.event("updateRequested", task=message.job_id)

    async def on_job_cancelled(self, message):
        await super().on_job_cancelled(message)
        self.control.event("taskCancelled", task=message.job_id, reason=message.reason)

    async def respond(self, id, response, status=statuses.COMPLETED, urgent=False):
        await self.send_job_response(id, response, status=status, urgent=urgent)

    async def progress(self, id, update, urgent=False):
        await self.send_job_update(id, update, urgent=urgent)

    async def stream_start(self, id, data):
        await self.send_job_stream_start(id, data)

    async def stream_data(self, id, data):
        await self.send_job_stream_data(id, data)

    async def stream_end(self, id, data):
        await self.send_job_stream_end(id, data)

    def ask(self, agent, name, payload, timeout):
        return self.job(agent, params=JobParams(name=name, payload=payload, timeout=timeout))

    def ask_group(self, agents, name, payload, timeout, cancel_on_error):
        params = JobGroupParams(name=name, payload=payload, timeout=timeout, cancel_on_error=cancel_on_error)
        return self.job_group(*agents, params=params)

    def event_source(self, event):
        return event.worker_name

    async def ask_for_update(self, id, agent):
        await self.request_job_update(id, agent)

    async def give_up(self, id, reason):
        await self.cancel_job_group(id, reason=reason)

    async def watch(self, agent):
        await self.watch_workers(agent)

    async def activate(self, agent, args):
        await self.activate_worker(agent, args=None if args is None else Args(args))

    async def deactivate(self, agent):
        await self.deactivate_worker(agent)

    async def hand_over(self, agent, args):
        await self.activate_worker(agent, args=None if args is None else Args(args), deactivate_self=True)

    async def put(self, message):
        await self.send_bus_message(message)


class Session:
    """A runner with one worker and a proxy."""

    def __init__(self, control):
        self.control = control
        self.runner = WorkerRunner(handle_sigint=False)

    async def build(self, names, *, bridged, active, proxy):
        self.agent = names.agent_class(names.local, control=self.control, bridged=bridged, active=active)
        self.proxy = proxy(self.runner)
        await self.runner.add_workers(self.proxy, self.agent)

    def new_agent(self, agent_class, name):
        return agent_class(name, control=self.control, bridged=None, active=True)

    async def add(self, agent):
        await self.runner.add_workers(agent)

    async def run(self):
        await self.runner.run(auto_end=False)


def client_proxy(control, names, url, headers, forward):
    def build(runner):
        proxy = WebSocketProxyClient(
            "proxy",
            url=url,
            remote_worker_name=names.remote,
            local_worker_name=names.local,
            forward_messages=forward,
            headers=headers,
            active=True,
        )

        @proxy.event_handler("on_connected")
        async def on_connected(worker, websocket):
            control.event("connected")

        @proxy.event_handler("on_disconnected")
        async def on_disconnected(worker, websocket):
            control.event("disconnected")

        return proxy

    return build


def server_proxy(control, names, websocket, forward):
    def build(runner):
        proxy = WebSocketProxyServer(
            "gateway",
            websocket=websocket,
            worker_name=names.local,
            remote_worker_name=names.remote,
            forward_messages=forward,
        )

        @proxy.event_handler("on_client_connected")
        async def on_client_connected(worker, websocket):
            control.event("connected")

        @proxy.event_handler("on_client_disconnected")
        async def on_client_disconnected(worker, websocket):
            control.event("disconnected")
            await runner.cancel()

        return proxy

    return build
