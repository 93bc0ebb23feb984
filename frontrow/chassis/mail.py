"""Mail as files that people can open, one a message: what an installation without a mail server sends."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
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
