"""The ground a fleet stands on: ports that stay, secrets that are kept, a folder of its own kind."""

import contextlib
import os
import socket
import warnings

import pytest

from frontrow.embedded.installation import NotStarted
from frontrow.fleet.site import PORTS, Site


def test_a_port_is_the_same_at_every_start_and_nobody_elses(tmp_path):
    ports = {name: Site(tmp_path).port(name) for name in ("redis", "postgres", "users")}
    assert {name: Site(tmp_path).port(name) for name in reversed(ports)} == ports
    assert len({*ports.values()}) == 3
    assert all(port in PORTS for port in ports.values())


def test_a_port_that_somebody_took_meanwhile_is_another_from_then_on(tmp_path):
    port = Site(tmp_path).port("redis")
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", port))
        somebody.listen()
        other = Site(tmp_path).port("redis")
    assert other != port
    assert Site(tmp_path).port("redis") == other


def test_a_port_is_not_asked_for_again_while_its_program_runs(tmp_path):
    site = Site(tmp_path)
    with socket.socket() as program:
        program.bind(("127.0.0.1", site.port("redis")))
        program.listen()
        assert site.port("redis") == program.getsockname()[1]


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path):
    secret = Site(tmp_path).secret("redis_password")
    assert len(secret) >= 48
    assert Site(tmp_path).secret("redis_password") == secret != Site(tmp_path).secret("gateway_secret")
    assert (tmp_path / "secrets" / "redis_password").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_what_a_program_reads_is_its_accounts_alone(tmp_path):
    site = Site(tmp_path)
    site.write("redis", "redis.conf", "requirepass secret\n")
    file = tmp_path / "redis" / "redis.conf"
    assert file.read_text() == "requirepass secret\n"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    owner = site.account.pw_uid if site.account else os.geteuid()
    assert file.stat().st_uid == file.parent.stat().st_uid == owner
    assert (os.geteuid() == 0) == (owner != os.geteuid())


def test_settings_for_commands_by_hand_are_their_owners_alone(tmp_path):
    Site(tmp_path).write_settings("users", {"DATABASE_URL": "postgres://a:b@c/d"})
    file = tmp_path / "settings" / "users" / "database_url"
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("postgres://a:b@c/d", 0o600)


def test_the_folder_of_make_up_is_refused(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18\n")
    with pytest.raises(NotStarted, match="is of `make up`"):
        Site(tmp_path)


def as_nobody(act):
    """Do it in a process without root's rights, which needs nothing from folders that it may not enter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which the child does not use
        child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            act()
            status = 0
        os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def test_who_is_not_root_writes_again_what_may_only_be_read(tmp_path):
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents:
        if not (mode := parent.stat().st_mode) & 0o001:
            parent.chmod(mode | 0o001)
    as_nobody(lambda: [
        Site(tmp_path / "data").write("rabbitmq", ".erlang.cookie", cookie, mode=0o400) for cookie in ("old", "new")
    ])  # fmt: skip
    cookie = tmp_path / "data" / "rabbitmq" / ".erlang.cookie"
    assert (cookie.read_text(), cookie.stat().st_mode & 0o777) == ("new", 0o400)
