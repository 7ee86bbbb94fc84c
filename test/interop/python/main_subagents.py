"""The main program made of the package pipecat_subagents."""

from pipecat_subagents.agents.base_agent import BaseAgent
from pipecat_subagents.agents.llm.llm_agent import LLMAgentActivationArgs
from pipecat_subagents.agents.proxy import WebSocketProxyClientAgent
from pipecat_subagents.bus import BusFrameMessage
from pipecat_subagents.bus.bridge_processor import BusBridgeProcessor
from pipecat_subagents.runner import AgentRunner


class Acme(BaseAgent):
    def __init__(self, name, *, bus, session):
        super().__init__(name, bus=bus)
        self._session = session

    async def build_pipeline(self):
        return self._session.conversation.pipeline

    async def on_ready(self):
        await super().on_ready()
        await self.watch_agent("assistant")

    async def on_agent_ready(self, data):
        await super().on_agent_ready(data)
        if data.agent_name == "assistant":
            await self.activate_agent("assistant", args=self._session.welcome)


class Session:
    def __init__(self, control, url, conversation, messages, run_llm):
        self.welcome = LLMAgentActivationArgs(messages=messages, run_llm=run_llm)
        self._control = control
        self._url = url
        self._runner = AgentRunner(handle_sigint=False)
        self.conversation = conversation(BusBridgeProcessor(bus=self._runner.bus, agent_name="acme"))

    async def run(self):
        bus = self._runner.bus
        self._agent = Acme("acme", bus=bus, session=self)
        proxy = WebSocketProxyClientAgent(
            "proxy",
            bus=bus,
            url=self._url,
            remote_agent_name="assistant",
            local_agent_name="acme",
            forward_messages=(BusFrameMessage,),
        )

        @proxy.event_handler("on_connected")
        async def on_connected(agent, websocket):
            self._control.event("connected")

        @proxy.event_handler("on_disconnected")
        async def on_disconnected(agent, websocket):
            self._control.event("disconnected")

        await self._runner.add_agent(self._agent)
        await self._runner.add_agent(proxy)
        await self._runner.run()

    async def queue_frame(self, frame):
        await self._agent.queue_frame(frame)

    async def end(self):
        await self._runner.end()
