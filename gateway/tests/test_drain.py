"""The HTTP server lets go of its callers when the process stops."""

import asyncio

import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from deploy.local.embedded import free_port
from gateway.main import HttpServer

HOST = "127.0.0.1"
WAIT_SECONDS = 30.0


async def test_a_request_in_flight_is_answered_before_the_server_ends() -> None:
    arrived, may_answer = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        assert Request(scope).url.path == "/slow"
        arrived.set()
        await may_answer.wait()
        await PlainTextResponse("served")(scope, receive, send)

    port = free_port()
    config = uvicorn.Config(slow, host=HOST, port=port, lifespan="off", log_config=None)
    server = HttpServer(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(WAIT_SECONDS):
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await arrived.wait()
        draining = asyncio.create_task(server.drain())
        await asyncio.sleep(0.3)
        assert not draining.done()
        may_answer.set()
        await draining
        serving.cancel()  # as the chassis does with work that is left after draining
        assert (await reader.read()).endswith(b"served")
        writer.close()
