"""The server of a fast door: one event loop (uvloop's) that listens until it is told to stop."""

import asyncio
import signal
from email.utils import formatdate
from typing import TYPE_CHECKING

import uvloop

from frontrow.chassis import metrics
from frontrow.chassis.accounts import LINES
from frontrow.chassis.connection import Connection

if TYPE_CHECKING:
    from frontrow.chassis.fast_door import FastDoor

MOST_CONNECTIONS = 8192
BACKLOG = 2048
LOOK_SECONDS = 1.0  # for idle connections, and at the clock
STOP_SECONDS = 3.0  # for requests in hand, once it is to stop


class Server:
    """Who is connected, and to which door."""

    def __init__(self, door: "FastDoor"):
        self.door, self.connections = door, set[Connection]()
        self.is_ending = False

    async def begin(self, host: str, port: int) -> asyncio.Server:
        """Listen. Raises OSError if somebody else does."""
        self.loop = asyncio.get_running_loop()
        self._look()
        return await self.loop.create_server(lambda: Connection(self), host, port, backlog=BACKLOG)

    async def serve(self, host: str, port: int) -> None:
        """Serve until SIGTERM or SIGINT; what is in hand then is answered, if that takes no longer."""
        listening, told = await self.begin(host, port), asyncio.Event()
        for order in (signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(order, told.set)
        await told.wait()
        listening.close()
        await self.end()

    async def end(self) -> None:
        """Let everybody go."""
        self.is_ending, deadline = True, self.loop.time() + STOP_SECONDS
        for connection in [*self.connections]:
            connection.end()
        while self.connections and self.loop.time() < deadline:
            await asyncio.sleep(0.02)
        LINES.flush()
        await self.door.close()

    def enter(self, connection: Connection) -> None:
        """Somebody connected."""
        if len(self.connections) >= MOST_CONNECTIONS or self.is_ending:
            connection.transport.abort()
        else:
            self.connections.add(connection)

    def bytes_held(self) -> int:
        """Of all bodies."""
        return sum(connection.bytes_held() for connection in self.connections)

    def in_hand(self) -> int:
        """How many requests are being answered, or wait for that; any thread may ask."""
        return sum(len(connection.asked) for connection in [*self.connections])

    def _look(self) -> None:
        self.date = formatdate(usegmt=True)  # in every answer (RFC 9110, 6.6.1)
        for connection in [*self.connections]:
            connection.end_if_idle()
        self.loop.call_later(LOOK_SECONDS, self._look)


def run(door: "FastDoor", host: str, port: int) -> None:
    """Serve until told to stop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        server = Server(door)
        metrics.IN_FLIGHT.set_function(server.in_hand)  # counted once it is asked for
        runner.run(server.serve(host, port))
