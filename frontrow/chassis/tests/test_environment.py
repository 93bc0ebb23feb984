import pytest
from pydantic import ValidationError

from frontrow import settings as product
from frontrow.chassis.environment import SERVICES, BadEnvironment, Environment, read

SECRET = "the secret of this installation!"  # of 32 characters
GOOD = {"SECRET_KEY": SECRET, "DATABASE_URL": "postgres://frontrow:hunter2@db.example:5432/frontrow"}
BAD = [
    ("ORGANIZERS_NEED_TWO_FACTOR", "hunter2"),
    ("LINKS_PER_ACCOUNT", "0"),
    ("LINKS_PER_ADDRESS", "hunter2"),
    ("SECRET_KEY", "too short"),
    ("SECRET_KEY", ""),
    ("DATABASE_URL", ""),
    ("DATABASE_URL", "mysql://hunter2@db/frontrow"),
    ("DATABASE_URL", "sqlite:///frontrow.db"),
    ("DATABASE_URL", "postgres://frontrow:hunter2@db:port/frontrow"),
    ("DATABASE_URL", "postgres://frontrow:hunter2@db:99999/frontrow"),
    ("DATABASE_URL", "postgres://frontrow:hunter2@[db/frontrow"),
    ("DATABASE_URL", "postgres://frontrow:hunter2"),
    ("CACHE_URL", "nonsense"),
    ("CACHE_URL", "redis://:hunter2"),
    ("CACHE_URL", "memcache://cache"),
    ("BROKER_URL", "rabbit"),
    ("BROKER_URL", "in-process://"),
    ("BROKER_URL", "amqp://frontrow:hunter2@broker:port"),
    ("SECRETS_DIR", "/nowhere/hunter2"),
    ("SERVICES", "users,cinema"),
    ("SERVICES", ""),
    ("SERVICES", ","),
    ("SERVICES", "web,cinema"),
    ("FAILPOINTS", "/nowhere/hunter2"),
    ("STRIPE_SECRET_KEY", "hunter2"),
    ("STRIPE_PUBLIC_KEY", "hunter2"),
    ("STRIPE_WEBHOOK_SECRET", "hunter2"),
    ("STRIPE_URL", "http://api.stripe.com"),
    ("STRIPE_URL", "http://127.0.0.1.hunter2"),
    ("STRIPE_URL", "ftp://hunter2"),
    ("PORT", "eighty"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("THREADS", "0"),
    ("THREADS", "1.5"),
    ("GATEWAY_SECRET", "hunter2"),
    ("GATEWAY_SECRET", ""),
    ("METRICS_NETWORKS", "everyone"),
    ("METRICS_NETWORKS", "10.0.0.0/33"),
    ("METRICS_NETWORKS", "10.0.0.1/8"),
    ("MAX_BODY_BYTES", "256K"),
    ("USERS_URL", "users"),
    ("USERS_URL", "ftp://hunter2@users"),
    ("EVENTS_URL", "in process"),
    ("BOOKINGS_URL", ""),
    ("PAYMENTS_URL", "payments"),
    ("NOTIFICATIONS_URL", "in process"),
    ("REVIEWS_URL", ""),
    ("WEB_URL", "web"),
    ("WEB_URL", ""),
    ("EMAIL_URL", "mail"),
    ("EMAIL_URL", "smtp://frontrow:hunter2@mail:port"),
    ("EMAIL_URL", "pigeon://hunter2"),
    ("MAIL_FROM", "nobody"),
    ("MAIL_FROM", "Frontrow <tickets@example.org>\nBcc: x@example.org"),
    ("MAIL_FROM", "a@example.org, b@example.org"),
    ("PUBLIC_URL", "frontrow.example"),
    ("PUBLIC_URL", "https://frontrow.example/shop"),
    ("CALL_SECONDS", "0"),
    ("CALL_SECONDS", "nan"),
    ("CALL_SECONDS", "inf"),
    ("WORK_IN_PROCESS", "perhaps"),
    ("PREFETCH", "0"),
    ("WORK_NICE", "-1"),
    ("WORK_NICE", "20"),
    ("NEWS_WAIT_SECONDS", "-1"),
    ("NEWS_WAIT_SECONDS", "61"),
    ("MESSAGE_ATTEMPTS", "0"),
    ("HEARD_DAYS", "0"),
    ("HEARD_DAYS", "9999999999"),
    ("TOKEN_ISSUER", ""),
    ("TOKEN_AUDIENCE", ""),
    ("ACCESS_TOKEN_SECONDS", "1"),
    ("ACCESS_TOKEN_SECONDS", "a day"),
    ("REFRESH_TOKEN_DAYS", "366"),
    ("KEY_ROTATION_DAYS", "0"),
    ("KEY_ROTATION_DAYS", "9999999999"),
    ("JWKS_SECONDS", "0"),
    ("SIGN_IN_FAILURES_PER_ACCOUNT", "0"),
    ("SIGN_IN_FAILURES_PER_ADDRESS", "-1"),
    ("SIGN_IN_WINDOW_SECONDS", "0"),
    ("REGISTRATIONS_PER_ADDRESS", "none"),
    ("EVENTS_PER_ORGANIZER", "0"),
    ("LOG_LEVEL", "LOUD"),
    ("LOG_FORMAT", "xml"),
]


@pytest.fixture
def start(monkeypatch):
    """Read an environment that holds nothing of ours but these settings."""
    for name in Environment.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def with_settings(**names):
        for name, value in {**GOOD, **names}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        return read()

    return with_settings


def test_a_secret_and_a_database_are_enough(start):
    environment = start()
    assert environment.services == [*SERVICES, "web"]
    assert environment.host == "127.0.0.1"


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_refused_at_start_by_its_name_and_not_repeated(start, name, value):
    with pytest.raises(BadEnvironment) as refused:
        start(**{name: value})
    _, *wrong = str(refused.value).splitlines()
    assert wrong
    assert {line.split(":")[0].strip() for line in wrong} == {name}
    assert "hunter2" not in str(refused.value)
    assert SECRET not in str(refused.value)


def test_every_setting_has_a_bad_value_here():
    free = {"host", "allowed_hosts"}  # any text may be right
    assert {name.lower() for name, _ in BAD} == set(Environment.model_fields) - free


def test_a_setting_may_be_a_file(start, tmp_path):
    (tmp_path / "secret_key").write_text(SECRET + "\n")
    (tmp_path / "broker_url").write_text("amqp://frontrow:hunter2@broker//\n")
    environment = start(SECRETS_DIR=str(tmp_path), SECRET_KEY=None)
    assert environment.secret_key.get_secret_value() == SECRET
    assert environment.broker_url == "amqp://frontrow:hunter2@broker//"


def test_the_environment_wins_over_a_file(start, tmp_path):
    (tmp_path / "host").write_text("192.0.2.1")
    assert start(SECRETS_DIR=str(tmp_path)).host == "192.0.2.1"
    assert start(SECRETS_DIR=str(tmp_path), HOST="127.0.0.2").host == "127.0.0.2"


@pytest.mark.parametrize("name", GOOD)
def test_what_has_no_default_must_be_there(start, name):
    with pytest.raises(BadEnvironment, match=f"{name}: Field required"):
        start(**{name: None})


def test_the_pages_alone_need_no_database_and_have_no_work(start):
    assert start(SERVICES="web", DATABASE_URL=None).database_url is None
    with pytest.raises(BadEnvironment, match="DATABASE_URL: Field required"):
        start(SERVICES="web,users", DATABASE_URL=None)
    with pytest.raises(BadEnvironment, match="WORK_IN_PROCESS: the pages alone"):
        start(SERVICES="web", DATABASE_URL=None, WORK_IN_PROCESS="true")


def test_all_bad_values_are_named_at_once(start):
    with pytest.raises(BadEnvironment) as refused:
        start(SECRET_KEY="hunter2", DATABASE_URL=None, PORT="eighty", LOG_LEVEL="LOUD")
    first, *wrong = str(refused.value).splitlines()
    assert first == "Frontrow does not start with these settings:"
    names = {line.split(":")[0].strip() for line in wrong}
    assert names == {"SECRET_KEY", "DATABASE_URL", "PORT", "LOG_LEVEL"}
    assert "hunter2" not in str(refused.value)


def test_to_refuse_is_to_end_the_process_with_a_message_and_without_a_traceback(start):
    with pytest.raises(SystemExit) as end:
        start(PORT="eighty")
    assert isinstance(end.value.code, str)
    assert end.value.__cause__ is None
    assert end.value.__suppress_context__


@pytest.mark.parametrize(
    ("given", "services"),
    [
        ("all", ["users", "events", "bookings", "payments", "notifications", "reviews", "web"]),
        ("users", ["users"]),
        (" events , users ", ["events", "users"]),
        ("web", ["web"]),
    ],
)
def test_a_process_serves_all_services_or_those_that_are_named(start, given, services):
    assert start(SERVICES=given).services == services


def test_lists_are_words_with_commas(start):
    environment = start(ALLOWED_HOSTS="a.example, b.example", METRICS_NETWORKS="10.0.0.0/8,fd00::/8")
    assert environment.allowed_hosts == ["a.example", "b.example"]
    assert [str(network) for network in environment.metrics_networks] == ["10.0.0.0/8", "fd00::/8"]


@pytest.mark.parametrize("address", ["in-process", "http://users:8000", "https://users.example"])
def test_a_service_answers_here_or_at_an_address(start, address):
    assert str(start(USERS_URL=address).users_url).rstrip("/") == address


@pytest.mark.parametrize("url", ["locmemcache://", "redis://cache:6379/0", "rediss://cache"])
def test_short_memories_are_in_this_process_or_in_redis(start, url):
    assert start(CACHE_URL=url).cache_url == url


def test_settings_do_not_change_while_a_process_runs(start):
    with pytest.raises(ValidationError):
        start().port = 1


def test_a_setting_printed_by_mistake_tells_no_secret(start):
    printed = repr(start(GATEWAY_SECRET=SECRET, CACHE_URL="redis://:hunter2@cache"))
    assert SECRET not in printed
    assert "hunter2" not in printed


def test_secrets_for_each_purpose_are_different_and_always_the_same(start):
    environment = start()
    derived = [environment.derived_secret(purpose) for purpose in ("internal", "signing keys", "django")]
    assert len({*derived, SECRET}) == 4
    assert derived[0] == start().derived_secret("internal")
    assert derived[0] != start(SECRET_KEY=SECRET.upper()).derived_secret("internal")


def test_nothing_turns_debugging_on():
    assert "debug" not in Environment.model_fields
    assert product.DEBUG is False  # the test's own settings are not the product's in this


def test_every_setting_says_what_it_means():
    assert all(field.description for field in Environment.model_fields.values())


@pytest.mark.parametrize(
    "open_to", [{"HOST": "0.0.0.0"}, {"HOST": "::"}, {"PUBLIC_URL": "https://tickets.example.org"}]
)
def test_faults_are_made_on_loopback_only(start, tmp_path, open_to):
    assert start(FAILPOINTS=str(tmp_path)).failpoints == tmp_path
    with pytest.raises(BadEnvironment, match="FAILPOINTS"):
        start(FAILPOINTS=str(tmp_path), **open_to)


STRIPE = {
    "STRIPE_SECRET_KEY": "sk_test_hunter2",
    "STRIPE_PUBLIC_KEY": "pk_test",
    "STRIPE_WEBHOOK_SECRET": "whsec_hunter2",
}


@pytest.mark.parametrize("left_out", STRIPE)
def test_all_keys_of_stripe_are_set_or_none(start, left_out):
    assert start(**STRIPE).stripe_secret_key.get_secret_value() == "sk_test_hunter2"
    with pytest.raises(BadEnvironment, match="STRIPE_WEBHOOK_SECRET") as refused:
        start(**{**STRIPE, left_out: ""})
    assert "hunter2" not in str(refused.value)
