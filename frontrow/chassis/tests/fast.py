"""The fast door without a server: its event loop in a thread, asked as Granian asks it."""

import asyncio
import threading
from collections.abc import AsyncIterator
from types import SimpleNamespace, TracebackType
from typing import Any
from unittest import mock
from urllib.parse import unquote

import httpx
from django.db import connections

from frontrow.chassis.fast_door import FastDoor
from tests.cast import Actor

ANSWER_SECONDS = 30


class Headers:
    """Granian's: values that are not ASCII are there, and cannot be got."""

    def __init__(self, told: dict[str, str]):
        self.told = httpx.Headers(told, encoding="utf-8")

    def __contains__(self, name: str) -> bool:
        return name in self.told

    def __getitem__(self, name: str) -> str:
        return self.told[name] if self.told[name].isascii() else ""

    def get(self, name: str, default: str | None = None) -> str | None:
        found = self.told.get(name)
        return found if found and found.isascii() else default if not found else None

    def keys(self) -> list[str]:
        return list(self.told)

    def get_all(self, name: str) -> list[str]:
        return [value for value in self.told.get_list(name) if value.isascii()]


class Proto:
    """Granian's side of one request: the body, and what it is answered."""

    def __init__(self, body: bytes):
        self.body, self.answer = body, None

    async def __call__(self) -> bytes:
        return self.body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.body

    def response_str(self, status: int, headers: list[tuple[str, str]], text: str) -> None:
        self.response_bytes(status, headers, text.encode())

    def response_bytes(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        assert self.answer is None, "answered twice"
        self.answer = httpx.Response(status, headers=headers, content=content)


class Fast:
    """While it is entered, whoever acts asks here what the door answers without Django."""

    def __init__(self, door: FastDoor) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.door = door
        self.patch = mock.patch.object(Actor, "call", self._call())

    def __enter__(self) -> "Fast":
        self.thread.start()
        self.patch.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.patch.stop()
        self.run(self.door.close())
        threads = self.door.threads.pool._max_workers
        together = threading.Barrier(threads)  # so that each of them comes
        for _ in range(threads):
            self.door.threads.pool.submit(lambda: together.wait() is not None and connections.close_all())
        self.door.threads.pool.shutdown()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def run(self, act: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(act, self.loop).result(ANSWER_SECONDS)

    def ask(self, method: str, path: str, content: bytes = b"", **headers: str) -> httpx.Response:
        """The door's answer."""
        path, _, query = path.partition("?")
        told = Headers({"Content-Length": str(len(content)), "Host": "testserver", **headers})
        scope = SimpleNamespace(
            method=method, path=unquote(path), query_string=query, headers=told, scheme="http", http_version="1.1",
            server="127.0.0.1:8000", client="127.0.0.1:4000",
        )  # fmt: skip
        proto = Proto(content)
        self.run(self.door(scope, proto))
        assert proto.answer is not None
        return proto.answer

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
