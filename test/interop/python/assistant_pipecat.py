"""The assistant made of the package pipecat."""

from pipecat.bus import BusFrameMessage
from pipecat.services.llm_service import FunctionCallParams
from pipecat.workers.llm.llm_worker import LLMWorker
from pipecat.workers.llm.tool_decorator import tool
from pipecat.workers.proxy.websocket import WebSocketProxyServer
from pipecat.workers.runner import WorkerRunner


class Assistant(LLMWorker):
    def __init__(self, name, *, control, model):
        super().__init__(name, llm=model, bridged=())
        self._control = control

    async def on_activated(self, args):
        self._control.event("activated", args=args)
        await super().on_activated(args)

    async def flush_pipeline(self, timeout=1.0):
        """Waits less long than by default for an answer that no peer behind a wire can give."""
        return await super().flush_pipeline(timeout)

    @tool
    async def look_up_price(self, params: FunctionCallParams, product: str):
        """Look up what a product costs.

        Args:
            product: Its name.
        """
        self._control.event("toolCalled", name="look_up_price", arguments={"product": product})
        await params.result_callback({"product": product, "price": 299})

    @tool
    async def end_conversation(self, params: FunctionCallParams, reason: str):
        """End the conversation when the user says goodbye.

        Args:
            reason: Why it ends.
        """
        self._control.event("toolCalled", name="end_conversation", arguments={"reason": reason})
        await params.result_callback({"say": "goodbye"})
        await self.end(reason=reason)


async def run_session(websocket, control, model):
    runner = WorkerRunner(handle_sigint=False)
    proxy = WebSocketProxyServer(
        "gateway",
        websocket=websocket,
        worker_name="assistant",
        remote_worker_name="acme",
        forward_messages=(BusFrameMessage,),
    )

    @proxy.event_handler("on_client_disconnected")
    async def on_client_disconnected(worker, websocket):
        await runner.cancel()

    await runner.add_workers(proxy, Assistant("assistant", control=control, model=model))
    await runner.run(auto_end=False)
