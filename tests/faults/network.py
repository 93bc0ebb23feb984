"""The network between two programs: a small TCP proxy that can be slow, silent, or break what goes through it."""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any

from tests.embedded.system import free_port

MODES = ("slow", "silent", "reset")
SLOW_SECONDS = 0.1  # for each piece that passes
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close by a reset, whatever is on its way


class Link:
    """What listens on `port` and leads to another port of this machine."""

    def __init__(self, name: str) -> None:
        self.name, self.port, self.to = name, free_port(), 0
        self.mode = "well"
        self.open: set[asyncio.StreamWriter] = set()


class Network:
    """Links by their names, on an event loop in a thread of their own."""

    def __init__(self, *names: str) -> None:
        self.links = {name: Link(name) for name in names}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def start(self) -> None:
        """Listen on every port."""
        self.thread.start()
        for link in self.links.values():
            self._run(asyncio.start_server(lambda r, w, link=link: _lead(link, r, w), "127.0.0.1", link.port))

    def disturb(self, chance: random.Random) -> str:
        """Have one link be bad from now on; what was done."""
        link, mode = chance.choice(list(self.links.values())), chance.choice(MODES)
        if mode == "reset":
            self.loop.call_soon_threadsafe(_reset, link)
        else:
            link.mode = mode
        return f"{mode} network: {link.name}"

    def mend(self) -> None:
        """Let all links be well."""
        for link in self.links.values():
            link.mode = "well"

    def close(self) -> None:
        """End all of it."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def _run(self, act: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(act, self.loop).result(10)


async def _lead(link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, both ways, until either side ends it."""
    with contextlib.suppress(OSError):
        there, back = await asyncio.open_connection("127.0.0.1", link.to)
        link.open |= {writer, back}
        ways = [
            asyncio.ensure_future(_pass(link, reader, back)),
            asyncio.ensure_future(_pass(link, there, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        link.open -= {writer, back}
        back.close()
    writer.close()


async def _pass(link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(2**16):
            while link.mode == "silent":
                await asyncio.sleep(0.05)
            if link.mode == "slow":
                await asyncio.sleep(SLOW_SECONDS)
            writer.write(piece)
            await writer.drain()


def _reset(link: Link) -> None:
    for writer in link.open:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()
