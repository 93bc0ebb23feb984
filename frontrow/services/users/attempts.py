"""How often somebody may be wrong about a password or a code: counted per account and per address."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.cache import cache

from frontrow.chassis.limits import Limit
from frontrow.services.users import passwords

KNOWN_SECONDS = 30 * 86400


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at an account, known by its userId or by whatever name was tried, from an address."""

    name: str
    address: str
    now: datetime

    def begin(self) -> None:
        """Raise TooMany after too many wrong ones."""
        accounts, addresses = self._limits()
        accounts.check(self._account, self.now)
        addresses.check(self.address, self.now)

    def failed(self) -> None:
        accounts, addresses = self._limits()
        accounts.count(self._account, self.now)
        addresses.count(self.address, self.now)

    def succeeded(self) -> None:
        """From now on strangers' failures do not keep this address waiting."""
        cache.set(self._known, True, KNOWN_SECONDS)

    def is_right(self, password: str, stored: str | None) -> bool:
        """Whether it is the password of which this is stored; a wrong one is counted. Raises TooMany."""
        self.begin()
        if passwords.matches(password, stored):
            return True
        self.failed()
        return False

    @property
    def _account(self) -> str:
        """An address that signed in before is counted apart, so that strangers lock nobody out."""
        return f"{self.name} {self.address}" if cache.get(self._known) else self.name

    @property
    def _known(self) -> str:
        return "known:" + hashlib.sha256(f"{self.name} {self.address}".encode()).hexdigest()

    def _limits(self) -> tuple[Limit, Limit]:
        environment = settings.ENVIRONMENT
        window = environment.sign_in_window_seconds
        return (
            Limit("sign-in-account", environment.sign_in_failures_per_account, window),
            Limit("sign-in-address", environment.sign_in_failures_per_address, window),
        )
