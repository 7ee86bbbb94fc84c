"""What reaches the user."""

from frames import LIFECYCLE, describe
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor


class Tap(FrameProcessor):
    """Stands where a transport's output would, tells the test of every frame for the user, and passes all on."""

    def __init__(self, control, **kwargs):
        super().__init__(**kwargs)
        self._control = control

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if direction == FrameDirection.DOWNSTREAM and not isinstance(frame, LIFECYCLE):
            self._control.event("heard", frame=describe(frame))
        await self.push_frame(frame, direction)
