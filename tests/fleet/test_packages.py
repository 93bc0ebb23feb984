"""What is missing is installed when we may, without starting anything; else it is named."""

import contextlib
import os
import subprocess

import pytest

from frontrow.embedded.installation import NotStarted
from frontrow.fleet import packages


@pytest.fixture
def without_redis(monkeypatch):
    found = packages.found
    monkeypatch.setattr(packages, "found", lambda program: None if "redis" in program else found(program))


@pytest.fixture
def policy(monkeypatch, tmp_path):
    monkeypatch.setattr(packages, "POLICY", tmp_path / "policy-rc.d")
    return packages.POLICY


def test_what_is_missing_is_named_with_its_packages(without_redis, monkeypatch):
    monkeypatch.setattr(packages, "install", lambda missing: None)
    with pytest.raises(NotStarted) as told:
        packages.ensure()
    assert str(told.value) == (
        "The services need redis-server, prometheus-redis-exporter, which this machine does not have."
        " On Debian, as root: apt-get install redis-server prometheus-redis-exporter"
    )


def test_only_what_is_missing_is_installed(without_redis, monkeypatch):
    asked = []
    monkeypatch.setattr(packages, "install", asked.extend)
    with pytest.raises(NotStarted):
        packages.ensure()
    assert asked == ["redis-server", "prometheus-redis-exporter"]


def test_who_is_not_root_installs_nothing(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(packages, "_apt", lambda *words: pytest.fail("apt-get was called"))
    packages.install(["redis-server"])


def test_while_packages_are_installed_no_server_is_started(policy, monkeypatch):
    answers = []

    def apt(*words):
        if words[0] == "install":
            answers.append(subprocess.run([policy, "redis-server", "start"]).returncode)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(packages, "_apt", apt)
    packages.install(["redis-server"])
    assert answers == [101]
    assert not policy.exists()


def test_the_machines_own_policy_is_back_afterwards_also_after_a_failure(policy):
    policy.write_text("#!/bin/sh\nexit 0\n")
    policy.chmod(0o755)
    with contextlib.suppress(InterruptedError), packages._nothing_started():
        assert subprocess.run([policy]).returncode == 101
        raise InterruptedError
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert os.access(policy, os.X_OK)
    assert [path.name for path in policy.parent.iterdir()] == ["policy-rc.d"]


def test_what_an_installation_left_that_was_killed_is_not_taken_for_the_machines(policy):
    kept = policy.with_name("policy-rc.d.of-the-machine")
    kept.write_text("#!/bin/sh\nexit 0\n")
    policy.write_text(packages.REFUSE)
    with packages._nothing_started():
        pass
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert not kept.exists()


def test_the_newest_postgresql_is_taken(monkeypatch, tmp_path):
    for version in ("9", "15", "17"):
        place = tmp_path / version / "bin"
        place.mkdir(parents=True)
        (place / "postgres").touch()
    monkeypatch.setitem(packages.ELSEWHERE, "postgres", str(tmp_path / "*/bin/postgres").lstrip("/"))
    assert packages.postgres_programs() == tmp_path / "17" / "bin"


def test_units_that_systemd_would_start_are_found_but_no_templates(monkeypatch):
    listed = [
        "/lib/systemd/system/redis-server.service",
        "/lib/systemd/system/redis-server@.service",
        "/usr/bin/redis-server",
        "/lib/systemd/system/epmd.socket",
    ]
    monkeypatch.setattr(packages, "_said", lambda *command: listed)
    assert list(packages._units("any")) == ["redis-server.service", "epmd.socket"]
