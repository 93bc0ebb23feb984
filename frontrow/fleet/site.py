"""Where one fleet lives: its folder, the account of its servers, its secrets, and its ports on loopback."""

import contextlib
import json
import os
import secrets
import socket
from pathlib import Path
from typing import Any

from frontrow.embedded import installation, postgres_home
from frontrow.embedded.installation import NotStarted

LOOPBACK = "127.0.0.1"
PORTS = range(20000, 32768)  # below those that Linux gives to outgoing connections


class Site:
    """One folder of data. The caller holds it (installation.held)."""

    def __init__(self, folder: Path):
        self.folder, self.account = folder, postgres_home.account()
        self._ports: dict[str, int] = {}
        if (folder / "postgres" / "PG_VERSION").exists():
            raise NotStarted(
                f"DATA={folder} is of `make up`, which keeps all services in one database: choose another."
            )

    def home(self, program: str) -> Path:
        """The folder that a program works in; only its account (and root) may enter it."""
        place = self.folder / program
        postgres_home.own(place, self.account)
        return place

    def write(self, program: str, name: str, content: str, mode: int = 0o600) -> None:
        """Write a file for a program, below its home."""
        place = self.home(program) / name
        postgres_home.own(place.parent, self.account)
        fresh = place.with_name(f"{place.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(content)
        fresh.chmod(mode)
        if self.account:
            os.chown(fresh, self.account.pw_uid, self.account.pw_gid)
        fresh.rename(place)

    def write_settings(self, service: str, settings: dict[str, str]) -> None:
        """Write a service's settings as files, for commands by hand: SECRETS_DIR=DATA/settings/users."""
        place = self.folder / "settings" / service
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, value in {"SECRET_KEY": self.secret("secret_key"), **settings}.items():
            file = place / name.lower()
            file.touch(mode=0o600)
            file.write_text(value)

    def who(self) -> dict[str, Any]:
        """As whom servers run that others have written: Popen's arguments."""
        if not self.account:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def secret(self, name: str) -> str:
        """A secret, made on the first start and kept beside the data; of letters, digits, - and _."""
        return installation.secret(self.folder / "secrets", name)

    def port(self, program: str) -> int:
        """The program's port on loopback: the same at every start, unless somebody else has taken it."""
        if program not in self._ports:
            known = self._stored().get(program)
            self._ports[program] = known if known and _free(known) else self._another()
            fresh = self.folder / "ports.new"
            fresh.write_text(json.dumps(self._stored() | self._ports, indent=1))
            fresh.rename(self.folder / "ports.json")
        return self._ports[program]

    def address(self, program: str) -> str:
        return f"http://{LOOPBACK}:{self.port(program)}"

    def _stored(self) -> dict[str, int]:
        with contextlib.suppress(OSError, ValueError):
            return dict(json.loads((self.folder / "ports.json").read_text()))
        return {}

    def _another(self) -> int:
        taken = {*self._stored().values(), *self._ports.values()}
        for _ in range(1000):
            port = secrets.choice(PORTS)
            if port not in taken and _free(port):
                return port
        raise NotStarted("No free port is left on 127.0.0.1.")


def _free(port: int) -> bool:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, port))
        return True
    return False
