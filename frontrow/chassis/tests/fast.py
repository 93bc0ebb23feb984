"""A fast door behind its own server, asked over real connections."""

import asyncio
import threading
from contextlib import closing
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, Self
from unittest import mock

import httpx
import uvloop
from django.db import connections

from frontrow.chassis.fast_door import FastDoor
from frontrow.chassis.server import Server
from tests.cast import Actor

ANSWER_SECONDS = 30
HOST = "127.0.0.1"


class Served:
    """A server on a port of its own, its event loop in a thread, while it is entered."""

    def __init__(self, door: Any) -> None:
        self.loop, self.server = uvloop.new_event_loop(), Server(door)
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        self.listening = self.run(self.server.begin(HOST, 0))
        self.port = self.listening.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.loop.call_soon_threadsafe(self.listening.close)
        self.run(self.server.end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def run(self, act: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(act, self.loop).result(ANSWER_SECONDS)


class Fast(Served):
    """The fast door of a service. While it is entered, whoever acts asks here what it answers without Django."""

    def __init__(self, door: FastDoor) -> None:
        super().__init__(door)
        self.door = door
        self.patch = mock.patch.object(Actor, "call", self._call())

    def __enter__(self) -> Self:
        super().__enter__()
        self.patch.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.patch.stop()
        super().__exit__()
        threads = self.door.threads.pool._max_workers
        together = threading.Barrier(threads)  # so that each of them comes
        for _ in range(threads):
            self.door.threads.pool.submit(lambda: together.wait() is not None and connections.close_all())
        self.door.threads.pool.shutdown()

    def ask(self, method: str, path: str, content: bytes = b"", **headers: str) -> httpx.Response:
        """The door's answer."""
        told = {name: value.encode() for name, value in {"Host": "testserver", **headers}.items()}
        with closing(HTTPConnection(HOST, self.port, ANSWER_SECONDS)) as connection:
            connection.request(method, path, content, told)
            answer = connection.getresponse()
            return httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())

    def _call(self) -> Any:
        ordinary = Actor.call

        def call(actor: Actor, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
            if self.door.route(method, path) is None:
                return ordinary(actor, method, path, body, **headers)
            content = body if isinstance(body, bytes) else httpx.Request("POST", "/", json=body).content
            content = b"" if method == "GET" else content
            answer = self.ask(method, path, content, **{"Authorization": f"Bearer {actor.token}", **headers})
            return answer.status_code, answer.json()

        return call
