"""Secrets are made once, told to those who need them and to nobody else, and never printed."""

import importlib.util
import os
import stat

import pytest

from frontrow.chassis import environment
from frontrow.chassis.environment import SERVICES
from tests.house.tree import ROOT

from .map import ours, parts, volumes

SCRIPT = ROOT / "deploy/secrets/make.py"


@pytest.fixture
def make(tmp_path, monkeypatch):
    """The script, at work in a folder of ours. Only root may give files away: who would get them is noted."""
    spec = importlib.util.spec_from_file_location("make", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.ROOT, module.given = tmp_path, {}
    monkeypatch.setattr(os, "chown", lambda place, user, group: module.given.update({place: (user, group)}))
    monkeypatch.setattr(os, "fchown", lambda file, user, group: None)
    yield module
    for folder in tmp_path.iterdir():
        folder.chmod(0o700)


def found(root):
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def open_again(root):
    """As root is not kept out by the folders' modes, an ordinary user who runs this test must not be either."""
    for folder in root.iterdir():
        folder.chmod(0o700)


def test_what_was_made_is_kept(make, tmp_path, capsys):
    make.main()
    first = found(tmp_path)
    open_again(tmp_path)
    make.main()
    assert found(tmp_path) == first
    told = capsys.readouterr().out
    assert told.splitlines()[0].startswith("Made the secrets")
    assert told.splitlines()[1].startswith("Kept the secrets")


def test_nothing_of_it_is_printed_and_no_two_are_the_same(make, tmp_path, capsys):
    make.main()
    vault = [path.read_text() for path in (tmp_path / "vault").iterdir()]
    assert {len(secret) for secret in vault} == {64}
    assert len(set(vault)) == len(vault) >= 12
    told = capsys.readouterr()
    assert [secret for secret in vault if secret[:8] in told.out + told.err] == []


def test_a_secret_that_is_removed_is_made_anew_everywhere_and_no_other(make, tmp_path):
    make.main()
    before = found(tmp_path)
    open_again(tmp_path)
    (tmp_path / "vault/postgres_reviews").unlink()
    make.main()
    after = found(tmp_path)
    assert {name for name in before if before[name] != after[name]} == {
        "vault/postgres_reviews", "reviews/database_url", "postgres/reviews",
    }  # fmt: skip


def test_files_are_for_one_user_only(make, tmp_path):
    make.main()
    for path in tmp_path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o500 if path.is_dir() else 0o400)


def test_what_a_killed_start_left_half_written_is_written_anew(make, tmp_path):
    make.main()
    open_again(tmp_path)
    whole = found(tmp_path)
    (tmp_path / "users/.secret_key").write_text("hal")
    make.main()
    assert found(tmp_path) == whole


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_with_its_own_and_has_no_others(make, tmp_path, monkeypatch, service):
    make.main()
    (tmp_path / service).chmod(0o700)
    for setting in ("DATABASE_URL", "SECRET_KEY"):
        monkeypatch.delenv(setting, raising=False)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / service))
    settings = environment.read()
    everything = found(tmp_path)
    assert settings.secret_key.get_secret_value() == everything["vault/secret_key"]
    assert settings.gateway_secret.get_secret_value() == everything["gateway/gateway_secret"]
    assert everything[f"vault/postgres_{service}"] in settings.database_url
    own = "".join(text for name, text in everything.items() if name.startswith(f"{service}/"))
    foreign = {f"vault/postgres_{other}" for other in SERVICES if other != service}
    foreign |= {"vault/postgres_superuser", "vault/postgres_monitor", "vault/grafana_admin"}
    assert foreign <= set(everything)
    assert [name for name in foreign if everything[name] in own] == []


def test_the_pages_start_with_what_they_need_and_know_no_database(make, tmp_path, monkeypatch):
    make.main()
    (tmp_path / "web").chmod(0o700)
    for setting in ("DATABASE_URL", "SECRET_KEY"):
        monkeypatch.delenv(setting, raising=False)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "web"))
    monkeypatch.setenv("SERVICES", "web")
    settings = environment.read()
    assert (settings.database_url, settings.broker_url) == (None, "in-process")
    assert {path.name for path in (tmp_path / "web").iterdir()} == {
        "secret_key",
        "gateway_secret",
        "cache_url",
    }


def test_each_container_mounts_its_own_and_only_the_one_that_makes_them_has_the_vault():
    for name, part in parts().items():
        mounted = {place: what for place, what in volumes(part).items() if what.endswith("-secrets")}
        if name == "secrets":
            assert mounted == {f"/secrets/{what.removesuffix('-secrets')}": what for what in mounted.values()}
            continue
        assert set(mounted) <= {"/run/secrets"}
        assert "vault" not in volumes(part).values()
        if name in ours():
            assert list(mounted.values()) == [f"{name.split('-')[0]}-secrets"]
    assert volumes(parts()["secrets"])["/secrets/vault"] == "vault"


def test_the_folders_written_are_those_that_are_mounted(make, tmp_path):
    make.main()
    mounted = {place.split("/")[2] for place in volumes(parts()["secrets"]) if place.startswith("/secrets/")}
    assert mounted == {folder.name for folder in tmp_path.iterdir()}


def test_their_readers_run_as_those_who_may_read_them(make, tmp_path):
    make.main()
    owners = {place.name: user for place, (user, _) in make.given.items()}
    for service in SERVICES:
        assert int(parts()[f"{service}-migrate"]["build"]["args"]["UID"]) == owners[service]
    assert int(parts()["web"]["build"]["args"]["UID"]) == owners["web"]
    for name, folder in {"gateway": "gateway", "databases": "postgres", "redis": "redis",
                         "postgres-exporter": "exporters", "redis-exporter": "exporters"}.items():  # fmt: skip
        assert parts()[name]["user"] == f"{owners[folder]}:{owners[folder]}"
    ordinary = [user for folder, user in owners.items() if folder not in ("vault", "rabbitmq")]
    assert len(set(ordinary)) == len(ordinary)
    assert all(user > 0 for user in ordinary)
