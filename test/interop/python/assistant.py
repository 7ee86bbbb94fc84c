"""The assistant's side of the full example: a language model with tools, served to whoever connects.

    python assistant.py --dialect subagents|pipecat

The address of a conversation names its model: ws://…/ws?model=http://…/v1
"""

import argparse
import asyncio
import importlib

from control import Control
from pipecat.services.openai.llm import OpenAILLMService
from serving import serve

parser = argparse.ArgumentParser()
parser.add_argument("--dialect", choices=["subagents", "pipecat"], required=True)
options = parser.parse_args()

package = importlib.import_module(f"assistant_{options.dialect}")
control = Control()


async def session(websocket):
    model = OpenAILLMService(
        api_key="none",
        base_url=websocket.query_params["model"],
        settings=OpenAILLMService.Settings(model="fake", system_instruction="You sell Acme's products."),
    )
    try:
        await package.run_session(websocket, control, model)
    finally:
        control.event("sessionEnded")


async def main():
    task = await serve(control, session)
    await control.serve()
    task.cancel()


asyncio.run(main())
