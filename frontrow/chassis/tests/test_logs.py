"""What is logged is one JSON line a fact, and tells no secret."""

import io
import json
import logging
from datetime import UTC, datetime

import pytest
import structlog
from django.db import connection

from frontrow.chassis import health as probes
from frontrow.chassis import logs

log = structlog.get_logger("frontrow.test")


def test_a_fact_is_one_line_of_json_with_its_level_time_and_place(lines):
    log.info("booked", places=2, title="two\nlines")
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "booked", "places": 2, "title": "two\nlines", "level": "info", "logger": "frontrow.test",
    }  # fmt: skip


def test_records_of_the_standard_library_have_the_same_form(lines):
    logging.getLogger("somebody.else").warning("%s of %s", 1, 2)
    (line,) = lines()
    assert (line["event"], line["level"], line["logger"]) == ("1 of 2", "warning", "somebody.else")


def test_what_is_bound_to_a_request_is_on_each_of_its_lines(lines):
    with structlog.contextvars.bound_contextvars(request_id="the-very-request"):
        log.info("one")
        logging.getLogger("somebody.else").warning("two")
    assert {line["request_id"] for line in lines()} == {"the-very-request"}


def test_a_requests_lines_carry_the_id_of_its_trace_and_others_none(lines):
    with structlog.contextvars.bound_contextvars(request_id="0198c5a0-0000-7000-8000-00000000002a"):
        log.info("one")
    log.info("two")
    assert [line.get("trace_id") for line in lines()] == ["0198c5a0000070008000" + "00000000002a", None]


@pytest.fixture
def configured(settings, monkeypatch):
    """Configures logs anew; where they go."""
    monkeypatch.setattr(logging.getLogger(), "handlers", logging.getLogger().handlers)
    before = settings.ENVIRONMENT

    def configure(**changes):
        settings.ENVIRONMENT = before.model_copy(update=changes)
        logs.configure(told := io.StringIO())
        return told

    yield configure
    settings.ENVIRONMENT = before
    logs.configure()


MANY = [
    {"type": "ümlaut", "request_id": "0198c5a0-0000-7000-8000-00000000002a"},
    {"type": "\n", "request_id": "b"},
    {"type": "", "request_id": ""},
]


def test_what_many_requests_caused_is_said_as_if_it_were_said_of_each(lines, time_machine):
    time_machine.move_to(datetime(2030, 4, 1, 10, 0, 0, 250, tzinfo=UTC), tick=False)
    logs.tell_all("frontrow.test", "heard", MANY)
    for facts in MANY:
        log.info("heard", **facts)
    said = lines()
    assert len(said) == 6
    assert said[:3] == said[3:]


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"log_format": "json"}, 3), ({"log_format": "console"}, 3), ({"log_level": "WARNING"}, 0)],
)
def test_and_in_the_form_and_at_the_level_that_are_set(configured, changes, said):
    told = configured(**changes)
    logs.tell_all("frontrow.test", "heard", MANY)
    found = told.getvalue().splitlines()
    assert [line.count("heard") for line in found] == [1] * said
    assert {line.startswith("{") for line in found} <= {changes.get("log_format") == "json"}


@pytest.mark.parametrize(
    "name",
    [
        "password", "PASSWORD", "new_password", "passwd", "accessToken", "refresh_token", "secret_key",
        "Authorization", "Set-Cookie", "api_key", "apiKey", "X-Gateway-Secret",
    ],
)  # fmt: skip
def test_the_value_of_a_secrets_name_is_never_logged_at_any_depth(lines, name):
    log.info("told", **{name: "hunter2"})
    log.info("told", body={"deep": {name: {"more": ["hunter2"]}}})
    log.info("told", all=[1, [{name: "hunter2"}], ({name: "hunter2"},)])
    assert [json.dumps(line).count("[redacted]") for line in lines()] == [1, 1, 2]
    assert "hunter2" not in json.dumps(lines())


def test_other_values_are_left_alone(lines):
    facts = {"user": "ada", "list": [1, "x", None, True], "deep": {"passage": "p", "keys": 2}}
    log.info("told", **facts)
    assert facts.items() <= lines()[0].items()


def test_to_redact_changes_nothing_outside_the_log(lines):
    body = {"deep": {"password": "hunter2"}}
    log.info("told", body=body)
    assert lines()[0]["body"] == {"deep": {"password": "[redacted]"}}
    assert body == {"deep": {"password": "hunter2"}}


def test_an_exception_is_json_and_without_local_variables(lines):
    def check(card):
        raise LookupError("no such card") if card else AssertionError

    try:
        check("hunter2")
    except LookupError:
        log.exception("fault")
    (line,) = lines()
    (told,) = line["exception"]
    assert (told["exc_type"], told["exc_value"]) == ("LookupError", "no such card")
    assert [frame["name"] for frame in told["frames"]][-1] == "check"
    assert "hunter2" not in json.dumps(line)


def test_the_causes_of_an_exception_are_told_too(lines):
    try:
        try:
            raise KeyError("first")
        except KeyError as error:
            raise RuntimeError("then") from error
    except RuntimeError as error:
        logging.getLogger("somebody.else").error("fault", exc_info=error)
    assert [each["exc_type"] for each in lines()[0]["exception"]] == ["RuntimeError", "KeyError"]


def test_the_console_form_tells_no_local_variables_either(configured, capsys):
    told = configured(log_format="console")
    try:
        card = "hunter2"
        raise LookupError("no such card")
    except LookupError:
        structlog.get_logger("frontrow.console").exception("fault", password=card)
    assert "no such card" in told.getvalue()
    assert "hunter2" not in told.getvalue()
    assert capsys.readouterr() == ("", "")


def test_a_command_that_speaks_for_itself_has_its_log_elsewhere(monkeypatch, capsys):
    monkeypatch.setattr(logging.getLogger(), "handlers", logging.getLogger().handlers)
    elsewhere = io.StringIO()
    try:
        logs.configure(elsewhere)
        log.warning("told")
    finally:
        logs.configure()
    assert json.loads(elsewhere.getvalue())["event"] == "told"
    assert capsys.readouterr() == ("", "")


@pytest.mark.django_db
def test_a_request_is_one_line_without_its_query(lines, nobody):
    nobody.get("/events?q=hunter2")
    line = lines()[-1]
    assert line.items() >= {"event": "request", "method": "GET", "path": "/events", "status": 200}.items()
    assert "hunter2" not in json.dumps(lines())


def test_what_only_probes_is_no_line_unless_it_fails(lines, client):
    for path in ("/healthz", "/metrics"):
        assert client.get(path).status_code == 200
    assert lines() == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probes, "_database", lambda: False)
        assert client.get("/readyz").status_code == 503
    assert [(line["route"], line["level"]) for line in lines()] == [("readyz", "error")]


@pytest.mark.django_db
def test_the_secrets_of_real_requests_never_reach_the_log(lines, nobody):
    password = "correct horse battery"
    nobody.post("/register", {"username": "ada", "email": "ada@example.org", "password": password})
    _, session = nobody.post("/login", {"username": "ada", "password": password})
    nobody.post("/login", {"username": "ada", "password": f"wrong {password}"})
    nobody.post("/register", {"username": "?", "email": "?", "password": password})
    nobody.get("/profile", Authorization=f"Bearer {session['accessToken']}")
    nobody.get("/profile", Authorization=f"Bearer {session['accessToken'][:-1]}")
    _, renewed = nobody.post("/token/refresh", {"refreshToken": session["refreshToken"]})
    nobody.post("/token/refresh", {"refreshToken": session["refreshToken"]})
    nobody.post("/logout", {"refreshToken": renewed["refreshToken"]})
    told = json.dumps(lines())
    assert told.count('"request"') >= 9
    assert "refresh_refused" in told
    for tokens in (session, renewed):
        for secret in (password, tokens["accessToken"], tokens["accessToken"][-40:], tokens["refreshToken"]):
            assert secret not in told


@pytest.mark.django_db
def test_a_fault_amid_a_registration_logs_no_password(lines, nobody):
    def strike(execute, sql, params, many, context):
        if "INSERT" in sql:
            raise RuntimeError("a bug")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(strike):
        body = {"username": "ada", "email": "ada@example.org", "password": "correct horse battery"}
        status, problem = nobody.post("/register", body)
    assert (status, problem["code"]) == (500, "internal_error")
    told = json.dumps(lines())
    assert "a bug" in told
    assert "correct horse battery" not in told
    assert "argon2" not in told
