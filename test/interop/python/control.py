"""Lines of JSON between a peer and the test that started it: commands in, replies and events out."""

import asyncio
import json
import sys
import traceback


class Control:
    """Reads commands from stdin, runs each in a task of its own, and answers under its number."""

    def __init__(self):
        self._commands = {}
        self._tasks = set()

    def command(self, name):
        def decorate(function):
            self._commands[name] = function
            return function

        return decorate

    def event(self, event, **fields):
        self._write({"event": event, **fields})

    async def serve(self):
        """Returns when stdin ends."""
        reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            self.keep(asyncio.create_task(self._run(json.loads(line))))

    def keep(self, task):
        """Holds a task that nobody awaits until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, command):
        number = command.pop("number")
        try:
            result = await self._commands[command.pop("do")](**command)
            self._write({"reply": number, "result": result})
        except Exception as error:
            traceback.print_exc()
            self._write({"reply": number, "error": f"{type(error).__name__}: {error}"})

    def _write(self, value):
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()
