"""Mail as files that people can open, one a message: what an installation without a mail server sends."""

import email
import hashlib
import os
import tempfile
from collections.abc import Collection, Sequence
from email.utils import parseaddr
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify


class Files(BaseEmailBackend):
    """Writes each message into the folder of EMAIL_URL; a file is there whole or not at all."""

    def __init__(self, fail_silently: bool = False, **options: Any):
        super().__init__(fail_silently, **options)
        self.folder = Path(unquote(settings.ENVIRONMENT.email_url.removeprefix("filemail://")))

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            self._write(message)
        return len(email_messages)

    def forget(self, addresses: Collection[str]) -> None:
        """Remove what was written to these addresses."""
        for path in self.folder.glob("*.eml"):
            with path.open("rb") as file:
                to = email.message_from_binary_file(file)["To"] or ""
            if parseaddr(str(to))[1].lower() in addresses:
                path.unlink(missing_ok=True)

    def _write(self, message: EmailMessage) -> None:
        """The name sorts by time and says what it is about; it is the owner's alone (mkstemp)."""
        content = message.message().as_bytes()
        number = hashlib.sha256(content).hexdigest()[:8]
        about = slugify(message.subject, allow_unicode=True)[:50].strip("-_")
        name = "-".join(part for part in (f"{timezone.now():%Y%m%dT%H%M%S.%f}", about, number) if part)
        handle, fresh = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".new")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(fresh).rename(self.folder / f"{name}.eml")


def forget(addresses: Collection[str]) -> None:
    """Remove mail to these addresses that is kept here, once the caller's transaction commits.

    What a mail server took is no longer ours.
    """
    connection = get_connection()
    if isinstance(connection, Files):
        known = {address.lower() for address in addresses}
        transaction.on_commit(partial(connection.forget, known))
