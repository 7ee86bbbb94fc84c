"""The main program made of the package pipecat."""

from pipecat.bus import BusFrameMessage
from pipecat.bus.bridge_processor import BusBridgeProcessor
from pipecat.pipeline.worker import PipelineWorker
from pipecat.workers.llm.llm_worker import LLMWorkerActivationArgs
from pipecat.workers.proxy.websocket import WebSocketProxyClient
from pipecat.workers.runner import WorkerRunner


class Acme(PipelineWorker):
    def __init__(self, name, *, session):
        super().__init__(
            session.conversation.pipeline, name=name, enable_rtvi=False, idle_timeout_secs=None
        )
        self._session = session

    async def start(self):
        await super().start()
        await self.watch_workers("assistant")

    async def on_worker_ready(self, data):
        await super().on_worker_ready(data)
        if data.worker_name == "assistant":
            await self.activate_worker("assistant", args=self._session.welcome)


class Session:
    def __init__(self, control, url, conversation, messages, run_llm):
        self.welcome = LLMWorkerActivationArgs(messages=messages, run_llm=run_llm)
        self._control = control
        self._url = url
        self._runner = WorkerRunner(handle_sigint=False)
        self.conversation = conversation(BusBridgeProcessor(bus=self._runner.bus, worker_name="acme"))

    async def run(self):
        self._worker = Acme("acme", session=self)
        proxy = WebSocketProxyClient(
            "proxy",
            url=self._url,
            remote_worker_name="assistant",
            local_worker_name="acme",
            forward_messages=(BusFrameMessage,),
            active=True,
        )

        @proxy.event_handler("on_connected")
        async def on_connected(worker, websocket):
            self._control.event("connected")

        @proxy.event_handler("on_disconnected")
        async def on_disconnected(worker, websocket):
            self._control.event("disconnected")

        await self._runner.add_workers(self._worker, proxy)
        await self._runner.run(auto_end=False)

    async def queue_frame(self, frame):
        await self._worker.queue_frame(frame)

    async def end(self):
        await self._runner.end()
