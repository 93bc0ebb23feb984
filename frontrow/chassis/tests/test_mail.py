"""Mail as files: whole, private, in order, and with names that say what they are."""

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
import time_machine
from django.core.mail import EmailMessage, get_connection

BACKEND = "frontrow.chassis.mail.Files"


@pytest.fixture
def folder(tmp_path, settings):
    place = tmp_path / "with space" / "mail"
    url = f"filemail://{str(place).replace(' ', '%20')}"
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"email_url": url})
    return place


def send(*subjects):
    messages = [EmailMessage(subject, "Äöü", "a@example.org", ["b@example.org"]) for subject in subjects]
    return get_connection(BACKEND).send_messages(messages)


@time_machine.travel(datetime(2030, 4, 1, 10, tzinfo=UTC), tick=False)
def test_a_message_is_a_file_that_says_what_it_is(folder):
    assert send("Your tickets: An evening/../with <Clara>") == 1
    (file,) = folder.iterdir()
    assert file.name.startswith("20300401T100000.000000-your-tickets-an-eveningwith-clara-")
    assert file.suffix == ".eml"
    found = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (found["To"], found.get_content().strip()) == ("b@example.org", "Äöü")


def test_nobody_else_may_read(folder):
    send("One")
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_messages_of_one_moment_are_all_kept_and_any_subject_has_a_name(folder):
    with time_machine.travel(datetime(2030, 4, 1, tzinfo=UTC), tick=False):
        assert send("Same", "Same", "مساء", "🎻", "x" * 300) == 5
    names = [file.name for file in folder.iterdir()]
    assert len(names) == 5
    assert any("مساء" in name for name in names)
    assert all(len(name.encode()) < 200 and not name.startswith(".") for name in names)
