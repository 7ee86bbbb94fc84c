"""A WebSocket server on a free port; each connection is a session of its own."""

import asyncio

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute


async def serve(control, run_session):
    """Tells the test where it listens. Returns the task to cancel."""

    async def endpoint(websocket):
        await websocket.accept()
        await run_session(websocket)

    app = Starlette(routes=[WebSocketRoute("/ws", endpoint)])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", ws="websockets"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    control.event("listening", url=f"ws://127.0.0.1:{port}/ws")
    return task
