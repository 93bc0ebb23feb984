"""A failpoint does what it is ordered, once, and nothing where there are none."""

import os
import signal

import pytest

from frontrow.chassis import failpoints
from frontrow.chassis.failpoints import Failed, point


@pytest.fixture
def orders(tmp_path, monkeypatch):
    monkeypatch.setattr(failpoints, "FOLDER", tmp_path)
    return tmp_path


def test_they_are_off_unless_a_setting_names_a_folder(monkeypatch):
    assert failpoints.FOLDER is None
    monkeypatch.setattr(failpoints, "_reach", None)  # which would fail
    point("anywhere")


def test_without_an_order_nothing_happens(orders):
    point("here")
    assert list(orders.iterdir()) == []


def test_a_call_is_told_to_fail_once(orders):
    (orders / "here").write_text("fail")
    point("there")
    with pytest.raises(Failed, match="here"):
        point("here")
    point("here")
    (hit,) = orders.iterdir()
    assert hit.name.startswith("here.")
    assert hit.suffix == failpoints.HIT


def test_a_process_is_killed_as_by_nobody_it_could_hear(orders, monkeypatch):
    killed = []
    monkeypatch.setattr(os, "kill", lambda *what: killed.append(what))
    (orders / "here").write_text("kill")
    point("here")
    assert killed == [(os.getpid(), signal.SIGKILL)]


def test_a_call_is_held_up(orders, monkeypatch):
    waited = []
    monkeypatch.setattr(failpoints.time, "sleep", waited.append)
    (orders / "here").write_text("wait 0.5")
    point("here")
    assert waited == [0.5]
