"""Tokens that are new, verified beside a fast door: by a process of its own, on another processor.

While a sale opens everybody comes with such a token, and to verify one takes as long as all else that the
door does for them (docs/decisions/0039-new-tokens-are-verified-beside-the-door.md).
"""

import asyncio
import contextlib
import sys
from collections import deque
from math import inf
from typing import cast

import structlog

from frontrow.chassis import metrics, signatures
from frontrow.chassis.access_token import Key

log = structlog.get_logger(__name__)
PROGRAM = (sys.executable, "-I", signatures.__file__)  # finds libraries, and nothing else of ours
MOST_ASKED = 512  # at once
PATIENCE = 5.0  # seconds without an answer: then the process hangs
RETRY_SECONDS = 1.0


class Verifier:
    """Has the process begun once somebody asks. What it cannot take, the thread that asks does itself."""

    def __init__(self) -> None:
        self.beside: Beside | None = None  # while it is ready
        self.process: asyncio.SubprocessTransport | None = None  # while it runs
        self.not_before = -inf  # one is begun, by the loop's time

    async def is_signed(self, token: str, key: Key) -> bool:
        """Whether this key signed a token whose form is good."""
        if asyncio.get_running_loop().time() >= self.not_before:
            await self._begin()
        if self.beside is None or len(self.beside.asked) >= MOST_ASKED:
            return signatures.is_signed(token, key)
        return await self.beside.ask(token, key)

    async def _begin(self) -> None:
        self.not_before = inf
        try:
            loop = asyncio.get_running_loop()
            await loop.subprocess_exec(lambda: Beside(self), *PROGRAM, stderr=None, env={})
        except OSError:
            self.lost()

    def lost(self) -> None:
        """Say that there is none, and have another begun in a moment."""
        log.error("verifier_lost", exc_info=True)
        metrics.FAULTS.labels("verifier").inc()
        self.beside = self.process = None
        self.not_before = asyncio.get_running_loop().time() + RETRY_SECONDS

    def close(self) -> None:
        """Let the process go."""
        process, self.beside, self.process, self.not_before = self.process, None, None, inf
        if process:
            process.close()


class Beside(asyncio.SubprocessProtocol):
    """The process, which answers in the order in which it is asked."""

    def __init__(self, verifier: Verifier):
        self.verifier, self.loop = verifier, asyncio.get_running_loop()
        self.asked: deque[tuple[str, Key, asyncio.Future[bool]]] = deque()
        self.unsaid: list[bytes] = []
        self.since = 0.0  # when it began to have something to do, or answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.process = self.verifier.process = cast(asyncio.SubprocessTransport, transport)
        self.input = cast(asyncio.WriteTransport, self.process.get_pipe_transport(0))

    async def ask(self, token: str, key: Key) -> bool:
        """Whether this key signed it."""
        now = self.loop.time()
        if not self.asked:
            self.since = now
        elif now - self.since > PATIENCE:
            with contextlib.suppress(ProcessLookupError):  # which is heard of in a moment
                self.process.kill()
        mine: asyncio.Future[bool] = self.loop.create_future()
        self.asked.append((token, key, mine))
        if not self.unsaid:
            self.loop.call_soon(self._say)
        self.unsaid.append(signatures.question(token, key))
        return await mine

    def _say(self) -> None:
        """All that was asked in one turn of the loop, so that who come together are decided together."""
        unsaid, self.unsaid = self.unsaid, []
        if not self.input.is_closing():
            self.input.write(b"".join(unsaid))

    def pipe_data_received(self, _: int, answers: bytes) -> None:
        if answers == signatures.READY:  # nobody has asked yet
            self.verifier.beside = self
            return
        self.since = self.loop.time()
        for answer in answers[: len(self.asked)]:  # nobody waits for what it says once it has ended
            future = self.asked.popleft()[2]
            if not future.done():  # whose client is gone
                future.set_result(answer == signatures.GOOD[0])

    def process_exited(self) -> None:
        """Whoever waits is answered here."""
        asked, self.asked = self.asked, deque()
        for token, key, future in asked:
            if not future.done():
                future.set_result(signatures.is_signed(token, key))
        if self.verifier.process is self.process:  # nobody let it go
            self.verifier.lost()
