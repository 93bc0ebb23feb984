"""HTTP/1.1 as a fast door reads it, over real connections."""

import asyncio
import gc
import socket
import time
import weakref
from contextlib import closing

import pytest

from frontrow.chassis import connection, server
from frontrow.chassis.accounts import Account
from frontrow.chassis.tests.fast import HOST, Served

ASKED = b"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n"
POSTED = b"POST /a HTTP/1.1\r\nHost: x\r\n"


class Door:
    """Answers with what it was asked, once it is open."""

    def __init__(self):
        self.asked, self.open, self.status, self.more = [], asyncio.Event(), 200, b""
        self.open.set()

    async def __call__(self, request):
        self.asked.append(request)
        if request.wrong:
            return Account(request, "none").refuse(request.wrong)
        await self.open.wait()
        told = f"{request.method} {request.path} {request.query} ".encode() + request.body + self.more
        return request.answer(self.status, "x-own: 1\r\n", told)

    async def close(self):
        self.is_closed = True


@pytest.fixture
def served():
    with Served(Door()) as one:
        one.door = one.server.door
        yield one


@pytest.fixture
def client(served):
    with closing(Client(served.port)) as one:
        yield one


class Client:
    """A connection, and what came of it."""

    def __init__(self, port):
        self.socket = socket.create_connection((HOST, port), 30)
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, *parts):
        for part in parts:
            self.socket.sendall(part)

    def hears(self, *, has_body=True):
        """Status, headers and body of the next answer."""
        status, headers = int(self.file.readline().split()[1]), {}
        while (line := self.file.readline()) != b"\r\n":
            name, _, value = line.decode("latin-1").partition(": ")
            headers[name] = value.strip()
        return status, headers, self.file.read(int(headers.get("content-length", 0)) if has_body else 0)

    def hears_no_more(self):
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True


def test_a_request_is_answered_and_its_connection_kept(client):
    for _ in range(2):
        client.send(ASKED)
        status, headers, body = client.hears()
        assert (status, body) == (200, b"GET /a b=c ")
        assert headers["date"].endswith(" GMT")
        assert (headers["x-own"], headers["content-length"]) == ("1", "11")
        assert "connection" not in headers


def test_what_comes_byte_by_byte_is_the_same(client):
    client.send(*(bytes([byte]) for byte in POSTED + b"Content-Length: 5\r\n\r\nabcde"))
    assert client.hears()[2] == b"POST /a  abcde"


def test_requests_of_who_does_not_wait_are_answered_in_their_order(client):
    client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(10)))
    assert [client.hears()[2] for _ in range(10)] == [b"GET /%d  " % number for number in range(10)]


def test_who_asks_on_and_on_without_waiting_is_hung_up_on(served, client):
    served.loop.call_soon_threadsafe(served.door.open.clear)
    client.send(ASKED * (connection.MOST_AHEAD + 1))
    assert client.hears_no_more()
    assert len(served.door.asked) == 1


def test_a_body_in_chunks_is_one_body(client):
    client.send(POSTED, b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n2\r\nde\r\n", b"0\r\n\r\n")
    assert client.hears()[2] == b"POST /a  abcde"


def test_what_stands_behind_a_body_is_no_header(served, client):
    client.send(POSTED, b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Gateway-Secret: x\r\n\r\n")
    assert client.hears()[0] == 200
    assert "x-gateway-secret" not in served.door.asked[0].headers


def test_a_header_that_comes_twice_is_a_list_and_one_with_an_underscore_is_none(served, client):
    client.send(ASKED[:-2], b"X-A: 1\r\nx-a: 2\r\nCookie: a=1\r\nCookie: b=2\r\nX_B: 3\r\nX-C: \xe4 \r\n\r\n")
    client.hears()
    told = served.door.asked[0].headers
    assert told == {"host": "x", "x-a": "1,2", "cookie": "a=1; b=2", "x-c": "ä"}


def test_who_asks_whether_to_go_on_is_told_so(client):
    client.send(POSTED, b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    assert client.hears()[0] == 100
    client.send(b"abcde")
    assert client.hears()[2] == b"POST /a  abcde"


@pytest.mark.parametrize(
    "told",
    [b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % (connection.MOST_BYTES + 1),
     b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (connection.MOST_BYTES + 1) + b"x" * (connection.MOST_BYTES + 1)],
    ids=["as it says", "as it turns out"],
)  # fmt: skip
def test_a_body_that_is_too_large_is_refused_without_reading_on(served, client, told):
    client.send(POSTED, told)
    status, headers, body = client.hears()
    assert (status, headers["connection"]) == (413, "close")
    assert b"body_too_large" in body
    assert client.hears_no_more()
    assert len(served.door.asked[0].body) <= connection.MOST_BYTES + 65_536 * 4


def test_the_largest_body_is_taken(served, client):
    client.send(POSTED, b"Content-Length: %d\r\n\r\n" % connection.MOST_BYTES, b"x" * connection.MOST_BYTES)
    assert client.hears()[0] == 200
    assert len(served.door.asked[0].body) == connection.MOST_BYTES


UNREADABLE = {
    "not HTTP": b"\x16\x03\x01\x02\x00\x01",
    "two lengths": POSTED + b"Content-Length: 5\r\nContent-Length: 4\r\n\r\nabcde",
    "a length and chunks": POSTED + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "another length": POSTED + b"Content-Length: +5\r\n\r\nabcde",
    "chunks that are no last": POSTED + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "a space before the colon": POSTED + b"Content-Length : 5\r\n\r\nabcde",
    "a folded header": POSTED + b"X-A: 1\r\n 2\r\n\r\n",
    "a header with a zero": POSTED + b"X-A: \x00\r\n\r\n",
    "too long a target": b"GET /" + b"a" * connection.MOST_HEAD * 2 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "too many headers": ASKED[:-2] + b"X-A: 12345678\r\n" * (connection.MOST_HEAD // 8) + b"\r\n",
    "one header without end": ASKED[:-2] + b"X-A: " + b"a" * connection.MOST_HEAD * 2,
    "trailers without end": POSTED
    + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
    + b"X-A: 12345678\r\n" * (connection.MOST_HEAD // 8),
    "a body that is to be overlooked": POSTED
    + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nabcde",
    "a target for a proxy": b"GET http://x/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("told", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_refused_and_hung_up_on(client, told):
    client.send(told)
    status, headers, body = client.hears()
    assert (status, headers["connection"]) == (400, "close")
    assert b'"code": "bad_request"' in body
    assert client.hears_no_more()


def test_what_is_wrong_is_refused_after_those_before_are_answered(client):
    client.send(ASKED + b"\x00\x01\r\n\r\n")
    assert [client.hears()[0] for _ in range(2)] == [200, 400]
    assert client.hears_no_more()


def test_an_answer_to_head_has_no_body_but_its_length(client):
    client.send(b"HEAD" + ASKED[3:])
    status, headers, _ = client.hears(has_body=False)
    assert (status, headers["content-length"]) == (200, "12")
    client.send(ASKED)
    assert client.hears()[2] == b"GET /a b=c "


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_says_no_length(served, client, status):
    served.door.status = status
    client.send(ASKED)
    answer = client.hears()
    assert (answer[0], "content-length" in answer[1]) == (status, False)
    served.door.status = 200
    client.send(ASKED)
    assert client.hears()[2] == b"GET /a b=c "


@pytest.mark.parametrize(
    "head", [b"GET /a HTTP/1.0\r\n\r\n", ASKED[:-2] + b"Connection: close\r\n\r\n",
             ASKED[:-2] + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n"],
    ids=["HTTP/1.0", "asked for", "who wants another protocol"],
)  # fmt: skip
def test_a_connection_is_closed_after_the_last_answer(client, head):
    client.send(head)
    status, headers, _ = client.hears()
    assert (status, headers["connection"]) == (200, "close")
    client.socket.shutdown(socket.SHUT_WR)
    assert client.hears_no_more()


def test_when_it_ends_what_is_in_hand_is_answered_and_the_idle_let_go(served, client):
    with closing(Client(served.port)) as idle:
        idle.send(ASKED)
        idle.hears()
        served.loop.call_soon_threadsafe(served.door.open.clear)
        client.send(ASKED)
        while len(served.door.asked) < 2:
            served.run(asyncio.sleep(0))
        ending = asyncio.run_coroutine_threadsafe(served.server.end(), served.loop)
        assert idle.hears_no_more()
        assert not ending.done()
        served.loop.call_soon_threadsafe(served.door.open.set)
        assert (client.hears()[1]["connection"], client.hears_no_more()) == ("close", True)
        ending.result(30)
    assert served.door.is_closed


def test_what_is_in_hand_is_counted(served, client):
    served.loop.call_soon_threadsafe(served.door.open.clear)
    client.send(ASKED * 2)
    while not served.door.asked:
        served.run(asyncio.sleep(0))
    assert served.server.in_hand() == 2
    served.loop.call_soon_threadsafe(served.door.open.set)
    assert [client.hears()[0] for _ in range(2)] == [200, 200]
    while served.server.in_hand():
        served.run(asyncio.sleep(0))


@pytest.mark.parametrize("told", [b"", ASKED[:9], POSTED + b"Content-Length: 5\r\n\r\nab"])
def test_who_says_nothing_or_too_slowly_is_hung_up_on(client, monkeypatch, told):
    monkeypatch.setattr(connection, "KEPT_SECONDS" if not told else "COMING_SECONDS", -1)
    client.send(told)
    assert client.hears_no_more()


def test_who_waits_for_an_answer_is_not_hung_up_on(served, client, monkeypatch):
    monkeypatch.setattr(connection, "KEPT_SECONDS", -1)
    monkeypatch.setattr(connection, "COMING_SECONDS", -1)
    served.loop.call_soon_threadsafe(served.door.open.clear)
    client.send(ASKED)
    while not served.door.asked:
        served.run(asyncio.sleep(0))
    served.loop.call_soon_threadsafe(served.server._look)
    served.loop.call_soon_threadsafe(served.door.open.set)
    assert client.hears()[0] == 200


def test_who_left_disturbs_nobody(served, client, caplog):
    served.loop.call_soon_threadsafe(served.door.open.clear)
    client.send(ASKED)
    while not served.door.asked:
        served.run(asyncio.sleep(0))
    client.close()
    served.loop.call_soon_threadsafe(served.door.open.set)
    while served.server.connections:
        served.run(asyncio.sleep(0))
    with closing(Client(served.port)) as other:
        other.send(ASKED)
        assert other.hears()[0] == 200
    assert caplog.records == []


def test_who_has_said_all_may_still_listen(client):
    client.send(ASKED)
    client.socket.shutdown(socket.SHUT_WR)
    status, _, body = client.hears()
    assert (status, body, client.hears_no_more()) == (200, b"GET /a b=c ", True)


def test_what_stands_behind_the_last_request_keeps_no_connection(served, client, monkeypatch):
    client.send(ASKED[:-2] + b"Connection: close\r\n\r\nX")
    assert client.hears()[0] == 200
    monkeypatch.setattr(connection, "COMING_SECONDS", -1)
    while served.server.connections:
        served.run(asyncio.sleep(0))


def test_a_request_half_said_when_it_ends_is_answered(served, client):
    client.send(POSTED + b"Content-Length: 5\r\n\r\nab")
    while not any(each.is_coming for each in served.server.connections):
        served.run(asyncio.sleep(0))
    ending = asyncio.run_coroutine_threadsafe(served.server.end(), served.loop)
    served.run(asyncio.sleep(0))
    client.send(b"cde")
    status, headers, body = client.hears()
    assert (status, headers["connection"], body) == (200, "close", b"POST /a  abcde")
    ending.result(30)


def test_who_does_not_listen_is_not_heard(served, client):
    served.door.more = b"x" * 4_000_000
    client.send(ASKED)
    while not served.door.asked:
        served.run(asyncio.sleep(0))
    client.send(ASKED * 3)
    for _ in range(4):
        assert len(client.hears()[2]) == 4_000_011


def test_bodies_have_an_end_all_together(served, client, monkeypatch):
    monkeypatch.setattr(connection, "MOST_HELD", 110_000)
    with closing(Client(served.port)) as other:
        other.send(POSTED, b"Content-Length: 100001\r\n\r\n", b"x" * 100_000)
        while served.server.bytes_held() < 100_000:
            served.run(asyncio.sleep(0))
        client.send(POSTED, b"Content-Length: 20000\r\n\r\n", b"x" * 20_000)
        status, headers, _ = client.hears()
        assert (status, headers["retry-after"], headers["connection"]) == (503, "2", "close")
        other.send(b"x")
        assert other.hears()[0] == 200
    with closing(Client(served.port)) as again:
        again.send(POSTED, b"Content-Length: 20000\r\n\r\n", b"x" * 20_000)
        assert again.hears()[0] == 200


def test_nothing_is_kept_of_who_is_gone(served, client):
    client.send(POSTED, b"Content-Length: 5\r\n\r\nabcde")
    client.hears()
    (theirs,) = [weakref.ref(each) for each in served.server.connections]
    served.door.asked.clear()
    gc.disable()
    try:
        client.close()
        deadline = time.monotonic() + 30
        while theirs() and time.monotonic() < deadline:
            served.run(asyncio.sleep(0))
        assert theirs() is None
    finally:
        gc.enable()


def test_there_is_an_end_to_connections(served, client, monkeypatch):
    client.send(ASKED)
    client.hears()
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 1)
    with closing(Client(served.port)) as other:
        assert other.hears_no_more()
    client.send(ASKED)
    assert client.hears()[0] == 200
