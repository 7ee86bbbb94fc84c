"""The user's side of the full example: the conversation and what the user hears, but no language model.

    python main.py --dialect subagents|pipecat
"""

import argparse
import asyncio
import importlib

from control import Control
from frames import describe
from pipecat.frames.frames import (
    InterruptionFrame,
    ProposedUserStartedSpeakingFrame,
    ProposedUserStoppedSpeakingFrame,
    TranscriptionFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies
from tap import Tap

parser = argparse.ArgumentParser()
parser.add_argument("--dialect", choices=["subagents", "pipecat"], required=True)
options = parser.parse_args()

package = importlib.import_module(f"main_{options.dialect}")
control = Control()
session = None


class Conversation:
    """The pipeline of the main program around a bridge, and the conversation it keeps."""

    def __init__(self, bridge):
        self.context = LLMContext()
        pair = LLMContextAggregatorPair(
            self.context,
            user_params=LLMUserAggregatorParams(user_turn_strategies=ExternalUserTurnStrategies()),
        )
        self.pipeline = Pipeline([pair.user(), bridge, Tap(control), pair.assistant()])


@control.command("connect")
async def connect(url, messages, run_llm):
    """Runs a session in the background: its end is an event."""
    global session
    session = package.Session(control, url, Conversation, messages, run_llm)
    task = asyncio.create_task(run(session))
    control.keep(task)


async def run(started):
    try:
        await started.run()
    finally:
        control.event("sessionEnded")


@control.command("beginTurn")
async def begin_turn():
    """The user begins to speak, as a service that hears it reports it: the main program makes an interruption of it."""
    await session.queue_frame(ProposedUserStartedSpeakingFrame())


@control.command("endTurn")
async def end_turn(text):
    await session.queue_frame(TranscriptionFrame(text=text, user_id="user", timestamp="2026-01-01T00:00:00Z"))
    await session.queue_frame(ProposedUserStoppedSpeakingFrame())


@control.command("interrupt")
async def interrupt():
    await session.queue_frame(InterruptionFrame())


@control.command("conversation")
async def conversation():
    return describe(session.conversation.context.get_messages())


@control.command("end")
async def end():
    await session.end()


asyncio.run(control.serve())
