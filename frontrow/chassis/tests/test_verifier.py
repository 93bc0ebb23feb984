"""New tokens are verified beside the door: each gets its own answer, whatever becomes of the process."""

import asyncio
import os
import random
import signal
import subprocess
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path

import pytest
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import REGISTRY

from frontrow.chassis import access_token, signatures, verifier
from frontrow.chassis.verifier import Verifier
from tests.security.tokens import Forger, public

OURS, OTHERS = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
KEY, OTHER = (access_token.key_of(public(key)) for key in (OURS, OTHERS))
GOOD, BAD = Forger(OURS, "a-kid").token(), Forger(OTHERS, "a-kid").token()
PATIENCE = 20  # seconds: then it hangs


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """The tokens that this process looked at itself."""
    looked, is_signed = [], signatures.is_signed
    monkeypatch.setattr(signatures, "is_signed", lambda *asked: looked.append(asked) or is_signed(*asked))
    return looked


@asynccontextmanager
async def begun():
    """A verifier whose process is ready."""
    one = Verifier()
    try:
        assert await one.is_signed(GOOD, KEY)
        await ready(one)
        yield one
    finally:
        one.close()


async def ready(one):
    async with asyncio.timeout(PATIENCE):
        while one.beside is None:
            await asyncio.sleep(0.01)


def within_a_loop(test):
    """Run it on the loop of a fast door."""

    @wraps(test)
    def run(**fixtures):
        uvloop.run(asyncio.wait_for(test(**fixtures), PATIENCE))

    return run


def losses():
    return REGISTRY.get_sample_value("frontrow_faults_total", {"where": "verifier"}) or 0


@within_a_loop
async def test_who_come_together_get_an_answer_each(here):
    async with begun() as one:
        here.clear()
        asked = [(token, key) for token in (GOOD, BAD) for key in (KEY, OTHER)] * 100
        random.shuffle(asked)
        answers = await asyncio.gather(*(one.is_signed(*each) for each in asked))
        assert answers == [each in {(GOOD, KEY), (BAD, OTHER)} for each in asked]
        assert here == []


@within_a_loop
async def test_until_it_is_ready_the_door_verifies_itself(here):
    one = Verifier()
    try:
        assert [await one.is_signed(GOOD, KEY), await one.is_signed(BAD, KEY)] == [True, False]
        assert here == [(GOOD, KEY), (BAD, KEY)]
    finally:
        one.close()


@within_a_loop
async def test_more_than_it_can_take_is_verified_by_the_door(here, monkeypatch):
    monkeypatch.setattr(verifier, "MOST_ASKED", 3)
    async with begun() as one:
        here.clear()
        assert await asyncio.gather(*(one.is_signed(GOOD, KEY) for _ in range(5))) == [True] * 5
        assert len(here) == 2


@within_a_loop
async def test_who_waits_when_it_dies_is_answered_and_another_is_begun(here, monkeypatch):
    monkeypatch.setattr(verifier, "RETRY_SECONDS", 0.0)
    async with begun() as one:
        first, lost = one.process.get_pid(), losses()
        os.kill(first, signal.SIGSTOP)
        here.clear()
        asked = [(GOOD, KEY), (BAD, KEY), (GOOD, OTHER)]
        answers = asyncio.gather(*(one.is_signed(*each) for each in asked))
        await asyncio.sleep(0)
        os.kill(first, signal.SIGKILL)
        assert await answers == [True, False, False]
        assert (here, losses() - lost) == (asked, 1)
        assert await one.is_signed(GOOD, KEY)
        await ready(one)
        here.clear()
        assert await one.is_signed(GOOD, KEY)
        assert (here, one.process.get_pid() != first) == ([], True)


@within_a_loop
async def test_one_that_hangs_is_ended_by_the_next_who_comes(here, monkeypatch):
    async with begun() as one:
        os.kill(one.process.get_pid(), signal.SIGSTOP)
        waiting = asyncio.create_task(one.is_signed(GOOD, KEY))
        await asyncio.sleep(0)
        monkeypatch.setattr(verifier, "PATIENCE", -1.0)
        assert not await one.is_signed(BAD, KEY)
        assert await waiting


@within_a_loop
async def test_where_it_cannot_be_begun_nobody_is_refused(here, monkeypatch):
    monkeypatch.setattr(verifier, "PROGRAM", ("/no/such/program",))
    one, lost = Verifier(), losses()
    assert [await one.is_signed(GOOD, KEY), await one.is_signed(BAD, KEY)] == [True, False]
    assert losses() - lost == 1  # it is tried again in a moment, not by everybody


@within_a_loop
async def test_it_is_told_no_secret(here, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "nobody else is to know this")
    async with begun() as one:
        assert Path(f"/proc/{one.process.get_pid()}/environ").read_text() == ""


@within_a_loop
async def test_let_go_it_ends_and_is_not_missed(here):
    lost = losses()
    async with begun() as one:
        pid = one.process.get_pid()
        one.close()
        async with asyncio.timeout(PATIENCE):
            while Path(f"/proc/{pid}").exists():
                await asyncio.sleep(0.01)
        assert not await one.is_signed(BAD, KEY)
        assert (one.process, losses()) == (None, lost)


class TestProgram:
    def begin(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        return subprocess.Popen(verifier.PROGRAM, env={}, **pipes)

    def test_it_answers_line_by_line_however_they_come_and_ends_with_who_asks(self):
        asked = b"".join(
            signatures.question(*each) for each in [(GOOD, KEY), (BAD, KEY), (GOOD, OTHER), (BAD, OTHER)]
        )
        with self.begin() as program:
            assert program.stdout.read(1) == signatures.READY
            for at in range(0, len(asked), 100):
                program.stdin.write(asked[at : at + 100])
                program.stdin.flush()
            assert program.stdout.read(4) == b"1001"
            program.stdin.close()
            assert (program.stdout.read(), program.wait(PATIENCE)) == (b"", 0)

    @pytest.mark.parametrize("order", [signal.SIGINT, signal.SIGTERM])
    def test_what_a_whole_group_is_told_does_not_end_it_before_who_asks(self, order):
        with self.begin() as program:
            assert program.stdout.read(1) == signatures.READY
            program.send_signal(order)
            program.stdin.write(signatures.question(GOOD, KEY))
            program.stdin.close()
            assert program.stdout.read() == b"1"

    def test_it_holds_no_more_than_it_needs(self):
        with self.begin() as program:
            assert program.stdout.read(1) == signatures.READY
            maps = Path(f"/proc/{program.pid}/maps").read_text()
            program.stdin.close()
        assert "nacl" in maps
        assert not any(name in maps for name in ("psycopg", "pydantic", "uvloop"))
