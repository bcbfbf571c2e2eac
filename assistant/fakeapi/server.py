"""The fake over real HTTP on loopback: requests in, Telegram's envelopes out, connections cut where a fault says so."""
from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

HOST = "127.0.0.1"
KEEP_ALIVE = 75  # seconds; a pooled connection must not die between two calls of a quiet bot

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Request:
    """What came in; `gone` returns once the client hangs up."""

    path: str
    query: str
    content_type: str
    body: bytes
    gone: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out; status 0 cuts the connection instead."""

    status: int
    body: bytes

    @classmethod
    def of(cls, status: int, value: Any) -> Answer:
        """A JSON answer."""
        return cls(status, json.dumps(value, ensure_ascii=False).encode())


CUT = Answer(0, b"")
Handler = Callable[[Request], Awaitable[Answer]]


class Listener:
    """One port on loopback that can be closed and opened again while the process and its state live on."""

    def __init__(self, handler: Handler, port: int = 0) -> None:
        self.handler, self.port = handler, port
        self._state = ServerState()
        self._config = Config(self._app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False,
                              proxy_headers=False, interface="asgi3", timeout_keep_alive=KEEP_ALIVE)
        self._config.load()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listens; the first time on a free port if none was given, later on the same."""
        # named as TCP, or asyncio leaves Nagle's algorithm on and every answer takes 40 ms
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, self.port))
        self.port = listening.getsockname()[1]
        self._server = await asyncio.get_running_loop().create_server(
            lambda: H11Protocol(config=self._config, server_state=self._state, app_state={}), sock=listening)

    async def close(self) -> None:
        """Refuses new connections and cuts those that are open."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for connection in list(self._state.connections):
            connection.transport.abort()
        for _ in range(10):  # a long poll ends by itself when its connection does
            await asyncio.sleep(0)
        for task in (tasks := list(self._state.tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _cut(self, client: tuple[str, int]) -> None:
        for connection in list(self._state.connections):
            if connection.client == client:
                connection.transport.abort()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "nothing but HTTP is served here"
        body = b""
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            body += event.get("body", b"")
            if not event.get("more_body"):
                break

        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        answer = await self.handler(Request(scope["path"], scope["query_string"].decode(),
                                            headers.get("content-type", ""), body, gone))
        if not answer.status:
            self._cut(scope["client"])
            await gone()
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": [
            (b"content-type", b"application/json"), (b"content-length", str(len(answer.body)).encode())]})
        await send({"type": "http.response.body", "body": answer.body})
