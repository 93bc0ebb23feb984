"""What a page knows of who looks at it: signed in or not, language, time zone."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import structlog
from django.http import HttpRequest

from frontrow.chassis.middleware import CLIENT_ADDRESS, client_address
from frontrow.chassis.refusals import Unavailable
from frontrow.web import languages, session
from frontrow.web.session import Session, SessionOver

log = structlog.get_logger(__name__)


@dataclass
class Visitor:
    """Somebody at a browser. `session` may be replaced by a page; the browser then keeps the new one."""

    address: str
    session: Session | None = None
    came_with: Session | None = None  # what the browser has
    chosen: str = ""  # the language, by the switch
    accepted: str = "en"  # the language, by the browser
    is_stale: bool = False  # signed in, but the tokens cannot be renewed right now
    unread: int | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> "Visitor":
        """The visitor of a request, with fresh tokens if they are signed in."""
        found = session.opened(request)
        visitor = cls(
            client_address(request), found, found,
            languages.switched(request), languages.accepted(request),
        )  # fmt: skip
        visitor._renew()
        return visitor

    @classmethod
    def unknown(cls, request: HttpRequest) -> "Visitor":
        """Somebody of whom we know the language."""
        return cls(
            client_address(request), chosen=languages.switched(request), accepted=languages.accepted(request)
        )

    def _renew(self) -> None:
        if self.session is None or self.session.is_fresh:
            return
        try:
            self.session = session.renewed(self.session, self.address)
        except SessionOver:
            self.session = None
        except Unavailable:
            log.warning("visitor_stays_stale")
            self.is_stale = True

    @property
    def signed_in(self) -> bool:
        return self.session is not None

    @property
    def user_id(self) -> str:
        return self.session.user_id if self.session else ""

    @property
    def name(self) -> str:
        return self.session.name if self.session else ""

    @property
    def zone(self) -> str:
        """The IANA time zone of their account; '' if they told none."""
        return self.session.zone if self.session else ""

    @cached_property
    def language(self) -> str:
        """The one they switched to, else their account's, else their browser's."""
        own = self.session.language if self.session else ""
        return next(code for code in (self.chosen, own, self.accepted) if code in languages.NAMES)

    @property
    def is_personal(self) -> bool:
        """Whether a page for them is for nobody else."""
        return bool(self.session or self.came_with or self.chosen)

    def headers(self) -> dict[str, str]:
        """What tells the services who asks, and in which language."""
        from_whom = {CLIENT_ADDRESS: self.address, "Accept-Language": self.language}
        if self.session and not self.is_stale:
            from_whom["Authorization"] = f"Bearer {self.session.access}"
        return from_whom


def of(request: HttpRequest) -> Visitor:
    """The visitor that `page` found for a request."""
    found: Any = request.visitor  # type: ignore[attr-defined]
    return found
