"""`make check` fails for what is known to be vulnerable, and only then; what it could not look up it says."""

import json
import subprocess

import pytest

from tests import audit

SOUND = {"name": "django", "version": "5.2.9", "vulns": []}
WEAK = {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
UNSEEN = {"name": "httpx", "skip_reason": "could not be audited"}


def of(*libraries):
    return audit.verdict("some.lock", {"dependencies": list(libraries), "fixes": []})


def test_what_is_known_to_be_weak_fails_and_is_named():
    fine, said = of(SOUND, WEAK, UNSEEN)
    assert not fine
    assert said[-1] == "pillow 1.0: PYSEC-1, mended in 1.1"


def test_what_is_sound_passes():
    assert of(SOUND) == (True, ["some.lock: 1 libraries looked up, 0 weaknesses known"])


@pytest.mark.parametrize("report", [None, {"dependencies": [UNSEEN]}])
def test_where_nobody_can_be_asked_it_is_said_loudly(report):
    fine, said = audit.verdict("some.lock", report)
    assert fine
    assert said == ["NOT LOOKED UP: nobody could be asked about the libraries of some.lock."]


def test_what_could_not_be_looked_up_among_others_is_said_too():
    assert of(SOUND, UNSEEN)[1][1].startswith("NOT LOOKED UP: 1 libraries of some.lock, httpx")


@pytest.mark.parametrize(
    ("printed", "found"),
    [("", None), ("no network", None), (json.dumps({"dependencies": []}), {"dependencies": []})],
)
def test_what_it_prints_is_read(monkeypatch, printed, found):
    def run(command, **_):
        return subprocess.CompletedProcess(command, 1, printed, "")

    monkeypatch.setattr(subprocess, "run", run)
    assert audit.asked("some.lock") == found


def test_who_does_not_answer_in_time_is_nobody(monkeypatch):
    def run(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", run)
    assert audit.asked("some.lock") is None


@pytest.mark.parametrize("weak", [False, True])
def test_one_weak_lock_is_enough(monkeypatch, weak, capsys):
    reports = {
        "requirements.lock": {"dependencies": [WEAK if weak else SOUND]},
        "requirements-dev.lock": None,
    }
    monkeypatch.setattr(audit, "asked", reports.get)
    assert audit.main() == weak
    assert "NOT LOOKED UP" in capsys.readouterr().out
