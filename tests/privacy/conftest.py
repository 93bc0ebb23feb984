"""Passwords that cost nearly nothing, mail as files, and Bela with her friend."""

import pytest

from frontrow.services.users import passwords
from tests.privacy.stage import Member, bela


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch):
    monkeypatch.setattr(passwords.Argon2id, "memory_cost", 8)
    monkeypatch.setattr(passwords.Argon2id, "time_cost", 1)


@pytest.fixture
def mails(tmp_path, settings):
    """The folder of the mail that is sent."""
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"email_url": f"filemail://{tmp_path}"})
    settings.EMAIL_BACKEND = "frontrow.chassis.mail.Files"
    return tmp_path


@pytest.fixture
def person():
    return bela()


@pytest.fixture
def friend():
    return Member("fritz", "fritz@example.org", {"displayName": "Fritz Falk"})
