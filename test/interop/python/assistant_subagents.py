"""The assistant made of the package pipecat_subagents."""

from pipecat.services.llm_service import FunctionCallParams
from pipecat_subagents.agents.llm.llm_agent import LLMAgent
from pipecat_subagents.agents.llm.tool_decorator import tool
from pipecat_subagents.agents.proxy import WebSocketProxyServerAgent
from pipecat_subagents.bus import BusFrameMessage
from pipecat_subagents.runner import AgentRunner


class Assistant(LLMAgent):
    def __init__(self, name, *, bus, control, model):
        super().__init__(name, bus=bus, bridged=())
        self._control = control
        self._model = model

    def build_llm(self):
        return self._model

    async def on_activated(self, args):
        self._control.event("activated", args=args)
        await super().on_activated(args)

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
        await self.end(reason=reason, result_callback=params.result_callback)


async def run_session(websocket, control, model):
    runner = AgentRunner(handle_sigint=False)
    proxy = WebSocketProxyServerAgent(
        "gateway",
        bus=runner.bus,
        websocket=websocket,
        agent_name="assistant",
        remote_agent_name="acme",
        forward_messages=(BusFrameMessage,),
    )

    @proxy.event_handler("on_client_disconnected")
    async def on_client_disconnected(agent, websocket):
        await runner.cancel()

    await runner.add_agent(proxy)
    await runner.add_agent(Assistant("assistant", bus=runner.bus, control=control, model=model))
    await runner.run()
