"""The short cache: one question to a service however many read, and nothing personal ever in it."""

import gzip
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from frontrow.web import languages
from tests.embedded.system import wait
from tests.gateway.stage import PATIENCE, SCRIPT, Service
from tests.gateway.stage import gateway as a_gateway

READERS = 60


@pytest.fixture(params=["/events", "/reviews", "/e"])
def path(request):
    """An address that no other test reads."""
    return f"{request.param}/{uuid4()}"


@pytest.fixture
def service(services, path):
    """Who answers there."""
    return services.get(path.split("/")[1], services["web"])


def status(answer):
    return answer.headers["X-Cache-Status"]


def hit(gateway, path, **headers):
    """An answer from the cache, for which one may have to ask twice or, on a slow machine, more often."""
    found = []
    wait(PATIENCE, lambda: found.append(gateway.get(path, **headers)) or status(found[-1]) == "HIT", "a hit")
    return found[-1]


def never_kept(gateway, service, path, **headers):
    """Whether each of several such requests is the service's to answer."""
    service.asked.clear()
    seen = {status(gateway.get(path, **headers)) for _ in range(10)}
    return len(service.asked) == 10 and "HIT" not in seen


def test_a_second_reader_is_answered_from_the_cache(gateway, service, path):
    assert status(gateway.get(path)) == "MISS"
    assert hit(gateway, path).body == service.name.encode()


def test_many_readers_of_a_cold_page_are_one_question(gateway, service, path):
    all_here = threading.Event()
    ordinary = service.reply
    service.reply = lambda asked: all_here.wait(PATIENCE) and ordinary(asked)

    def writing():
        numbers = gateway.ask("GET", "/stub_status", port=gateway.status_port).body
        return int(numbers.split(b"Writing:")[1].split()[0])

    with ThreadPoolExecutor(READERS) as pool:
        answers = [pool.submit(gateway.get, path) for _ in range(READERS)]
        wait(PATIENCE, lambda: writing() >= READERS, "all readers wait")
        all_here.set()
        assert {answer.result().status for answer in answers} == {200}
    assert len(service.asked) <= 3  # one, unless the second is over before the last reader has it


def test_while_one_reader_waits_for_the_fresh_page_others_get_the_old(gateway, service, path):
    gate, began = threading.Event(), threading.Event()
    gateway.get(path)

    def slow(asked):
        began.set()
        return gate.wait(PATIENCE) and (200, {}, b"fresh")

    service.reply = slow
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(
            lambda: wait(PATIENCE, lambda: gateway.get(path).body == b"fresh", "the fresh one")
        )
        assert began.wait(PATIENCE)
        service.asked.clear()
        others = [gateway.get(path) for _ in range(10)]
        gate.set()
        first.result()
    assert {(status(other), other.body) for other in others} == {("UPDATING", service.name.encode())}
    assert service.asked == []


def test_while_the_service_is_away_readers_get_what_was_there():
    service = Service("events")
    with a_gateway({"events": service.place}) as gateway:
        assert gateway.get("/events/1").status == 200
        service.reply = lambda asked: (500, {}, b"broken")
        wait(PATIENCE, lambda: status(gateway.get("/events/1")) == "STALE", "it is a fault that is covered")
        service.stop()
        answer = gateway.get("/events/1")
        assert (answer.status, answer.body) == (200, b"events")
        assert gateway.get("/events/2").status == 503


@pytest.mark.parametrize(
    "personal",
    [{"Authorization": "Bearer x"}, {"Authorization": "0"}, {"Cookie": "sessionid=x"}, {"Cookie": "0"}],
)
def test_who_shows_who_they_are_gets_and_leaves_nothing_there(gateway, service, path, personal):
    service.reply = lambda asked: (200, {}, b"personal" if set(personal) & set(asked.headers) else b"shared")
    assert never_kept(gateway, service, path, **personal)
    assert hit(gateway, path).body == b"shared"
    assert never_kept(gateway, service, path, **personal)
    assert gateway.get(path, **personal).body == b"personal"


def test_each_first_language_has_its_copy(gateway, service, path):
    varies = {"Vary": "Accept-Language, Cookie"}
    service.reply = lambda asked: (200, varies, (asked.headers["Accept-Language"] or "none").encode())
    for language, told in (
        ("de", "de"),
        ("fr-CA,fr;q=0.9", "fr"),
        ("*", "none"),
        ("en-GB,de;q=0.5", "en"),
        ("nl, es;q=0.7", "es"),
        ("den", "none"),
    ):
        assert hit(gateway, path, Accept_Language=language).body == told.encode()
    assert hit(gateway, path, Accept_Language="de-AT, en;q=0.1").body == b"de"
    before = len(service.asked)
    fresh = {gateway.get(path, Accept_Language=f"fr-{place}").body for place in ("FR", "CA", "CH")}
    assert (fresh, len(service.asked) - before <= 1) == ({b"fr"}, True)
    assert gateway.get(path, Accept_Language="de-AT", Authorization="Bearer x").body == b"de-AT"


def test_people_and_programs_have_each_their_copy(gateway, service, path):
    service.reply = lambda asked: (404, {}, (asked.headers["Accept"] or "none").encode())
    for accept in ("*/*", "text/html,*/*;q=0.8"):
        assert hit(gateway, path, Accept=accept).body == accept.encode()


def test_each_query_and_each_host_has_its_copy(gateway, service, path):
    service.reply = lambda asked: (200, {}, f"{asked.headers['Host']} {asked.path}".encode())
    for query in ("", "?q=a", "?q=b", "?q=b&limit=1"):
        for host in ("one", "two"):
            assert hit(gateway, path + query, Host=host).body == f"{host} {path}{query}".encode()


def test_head_and_get_share_a_copy(gateway, service, path):
    assert gateway.ask("HEAD", path).body == b""
    assert service.asked[0].method == "GET"
    assert hit(gateway, path).body == service.name.encode()
    wait(PATIENCE, lambda: status(gateway.ask("HEAD", path)) == "HIT", "a hit")


@pytest.mark.parametrize("prefix", ["/e", "/static/web"])
def test_what_is_kept_is_compressed_by_the_service_and_once(gateway, services, prefix):
    service, path = services["web"], f"{prefix}/{uuid4()}"

    def reply(asked):
        if asked.headers["Accept-Encoding"] == "gzip":
            return 200, {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}, gzip.compress(b"packed")
        return 200, {"Vary": "Accept-Encoding"}, b"plain"

    service.reply = reply
    for said in ("gzip", "gzip, deflate, br, zstd", "br;q=1.0, GZIP;q=0.5", "gzip;q=0.8"):
        packed = hit(gateway, path, Accept_Encoding=said)
        assert (packed.headers["Content-Encoding"], gzip.decompress(packed.body)) == ("gzip", b"packed")
        assert packed.headers.get_all("Vary") == ["Accept-Encoding"]
    for said in ("", "identity", "br", "gzip;q=0", "gzip; q=0.000, br", "xgzip"):
        plain = hit(gateway, path, Accept_Encoding=said)
        assert (plain.headers["Content-Encoding"], plain.body) == (None, b"plain")
    assert {asked.headers["Accept-Encoding"] for asked in service.asked} == {"gzip", None}


def test_what_the_service_did_not_compress_the_gateway_does(gateway, service, path):
    service.reply = lambda asked: (200, {}, b'"' + b"x" * 2000 + b'"')
    assert hit(gateway, path, Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"
    plain = hit(gateway, path)
    assert (plain.headers["Content-Encoding"], len(plain.body)) == (None, 2002)


def test_browsers_are_told_what_the_service_said(gateway, service, path):
    service.reply = lambda asked: (200, {"Cache-Control": "no-store"}, b"x")
    assert hit(gateway, path).headers.get_all("Cache-Control") == ["no-store"]


def test_each_answer_has_the_id_of_its_own_request(gateway, service, path):
    service.reply = lambda asked: (200, {"X-Request-ID": asked.headers["X-Request-ID"]}, b"x")
    assert hit(gateway, path, X_Request_ID="reader-1").headers.get_all("X-Request-ID") == ["reader-1"]
    assert hit(gateway, path, X_Request_ID="reader-2").headers.get_all("X-Request-ID") == ["reader-2"]


@pytest.mark.parametrize(
    ("code", "headers"),
    [
        (200, {"Set-Cookie": "a=b"}),
        (200, {"Cache-Control": "private, no-store"}),
        (200, {"Vary": "*"}),
        (422, {}),
        (503, {}),
        (302, {"Location": "/x"}),
    ],
)
def test_what_is_not_for_everybody_or_no_answer_is_not_kept(gateway, service, path, code, headers):
    service.reply = lambda asked: (code, headers, b"x")
    assert never_kept(gateway, service, path)


def test_that_there_is_nothing_is_kept(gateway, service, path):
    service.reply = lambda asked: (404, {}, b"nothing")
    assert hit(gateway, path).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_changes_something_always_arrives(gateway, service, path, method):
    for _ in range(5):
        assert status(gateway.ask(method, path, b"{}")) != "HIT"
    assert [asked.method for asked in service.asked] == [method] * 5


def test_a_copy_for_each_language_of_the_pages():
    spoken = re.search(r"<language>([a-z|]+)\)", (SCRIPT.parent / "upstreams.conf").read_text())[1]
    assert spoken.split("|") == list(languages.NAMES)


@pytest.mark.parametrize("file", ["/static/web/{}.css", "/events/{}/cover"])
def test_a_file_is_kept_for_everybody_but_who_shows_a_token(gateway, services, file):
    path = file.format(uuid4())
    service = services["web" if path.startswith("/static") else "events"]
    assert hit(gateway, path, Cookie="session=x").body == service.name.encode()
    assert never_kept(gateway, service, path, Authorization="Bearer x")


@pytest.mark.parametrize(
    "path",
    [
        "/bookings", "/payments", "/notifications/1", "/profile", "/docs/users", "/signin", "/signup?next=/",
        "/account", "/my/bookings", "/organize", "/organize/x",
    ],
)  # fmt: skip
def test_nothing_else_is_kept(gateway, services, path):
    assert {status(gateway.get(path)) for _ in range(5)} == {None}
    assert sum(len(service.asked) for service in services.values()) == 5
