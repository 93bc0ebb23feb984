"""The command line: `python -m frontrow`."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Run one command; exit with 2 and a plain sentence when it cannot be done."""
    options = _parser().parse_args()
    options.run(options)


def _refuse(reason: object) -> NoReturn:
    print(reason, file=sys.stderr)
    sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("frontrow", description="Event booking that never lies about a ticket.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = _command(commands, "up", _up, "run everything in one process, with its own PostgreSQL")
    services = _command(commands, "services", _services, "run each service by itself, behind a gateway")
    for command in (up, services):
        command.add_argument("--data", type=_folder, default=ROOT / ".data", help="folder of all data")
        command.add_argument("--host", default="127.0.0.1", help="address to listen on")
        command.add_argument("--port", type=_port, default=8000, help="port to listen on")
    _command(commands, "serve", _serve, "serve the services that SERVICES names")
    _command(commands, "work", _work, "do the messages and periodic work of these services")
    _command(commands, "migrate", _migrate, "bring the database up to date")
    contracts = _command(commands, "contracts", _contracts, "write OpenAPI documents to a folder")
    contracts.add_argument("folder", type=Path)
    admin = _command(commands, "admin", _admin, "make a registered person an administrator")
    admin.add_argument("--data", type=_folder, help="folder of all data; else DATABASE_URL says where")
    admin.add_argument("login", help="username or e-mail")
    erase = _command(commands, "erase", _erase, "erase the account of a person who asked for it")
    erase.add_argument("--data", type=_folder, help="folder of all data; else DATABASE_URL says where")
    erase.add_argument("login", help="username, e-mail or id")
    letters = _command(commands, "dead-letters", _dead_letters, "list, show or replay parked messages")
    letters.add_argument("--data", type=_folder, help="folder of all data; else DATABASE_URL says where")
    letters.add_argument("act", nargs="?", default="list", choices=["list", "show", "replay"])
    letters.add_argument("names", nargs="*", metavar="ID", help="as listed: bookings/<id>; or all, to replay")
    reconcile = _command(commands, "reconcile", _reconcile, "compare bookings, stock and money; heal")
    reconcile.add_argument("--data", type=_folder, help="folder of all data; else DATABASE_URL says where")
    _command(commands, "settings", _settings, "print every setting with its default and meaning")
    rotate = _command(commands, "rotate-keys", _rotate_keys, "have a new key sign access tokens from now on")
    rotate.add_argument("--data", type=_folder, help="folder of all data; else DATABASE_URL says where")
    seed = _command(commands, "seed", _seed, "fill the database with demo data")
    seed.add_argument("--data", type=_folder, help="folder of all data; else DATABASE_URL says where")
    return parser


def _command(commands, name, run, description):  # type: ignore[no-untyped-def]
    command = commands.add_parser(name, help=description, description=description)
    command.set_defaults(run=run)
    return command


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 65535:
        _refuse(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def _folder(text: str) -> Path:
    if not text:
        _refuse("DATA must name a folder.")
    return Path(text).expanduser().absolute()


def _up(options: argparse.Namespace) -> None:
    from frontrow.embedded.supervisor import Supervisor

    _until_stopped(Supervisor(options.data, options.host, options.port).run)


def _services(options: argparse.Namespace) -> None:
    from frontrow.fleet import terminal

    _until_stopped(lambda: terminal.run(options.data, options.host, options.port))


def _until_stopped(run: Callable[[], None]) -> None:
    from frontrow.embedded.supervisor import NotStarted, PortUnusable, PostgresError

    try:
        run()
    except (NotStarted, PortUnusable, PostgresError) as reason:
        _refuse(reason)
    except OSError as error:  # a full disk, a folder that belongs to somebody else
        _refuse(f"Frontrow stopped: {error}")


def _serve(options: argparse.Namespace) -> None:
    from frontrow.chassis import environment
    from frontrow.serve import serve

    serve(environment.read())


def _work(options: argparse.Namespace) -> None:
    _django()
    _refuse_for_pages_alone()
    from frontrow.work import work

    sys.exit(0 if work() else 1)


def _migrate(options: argparse.Namespace | None = None) -> None:
    _django()
    _refuse_for_pages_alone()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def _refuse_for_pages_alone() -> None:
    from django.conf import settings

    if not settings.SERVICES:
        _refuse("SERVICES=web has no database and no background work: it only serves.")


def _contracts(options: argparse.Namespace) -> None:
    _django()
    from frontrow import urls  # noqa: F401  # it opens the doors of all services
    from frontrow.chassis import docs

    docs.export(options.folder)


def _admin(options: argparse.Namespace) -> None:
    with _database(options.data, "make admin"):
        from frontrow.services.users import user

        try:
            found = user.make_administrator(options.login)
        except user.UnknownLogin as refusal:
            _refuse(refusal)
        print(f"{found.username} is an administrator from the next sign-in on; the admin is at /admin/")


def _erase(options: argparse.Namespace) -> None:
    with _database(options.data, "erase"):
        from frontrow.chassis.refusals import Refusal
        from frontrow.services.users import erasing

        try:
            erasing.erase_for(options.login)
        except Refusal as refusal:
            _refuse(refusal)
        print("The account is gone. The other services forget the person as soon as they hear of it.")


def _settings(options: argparse.Namespace) -> None:
    from frontrow.chassis import reference

    print("\n".join(reference.table()))


def _rotate_keys(options: argparse.Namespace) -> None:
    with _database(options.data, "rotate-keys"):
        from django.utils import timezone

        from frontrow.services.users import keys

        print(
            f"Key {keys.renew(timezone.now()).kid} signs from now on; what the last one signed stays valid."
        )


def _seed(options: argparse.Namespace) -> None:
    with _database(options.data, "make seed", make=True):
        from django.utils import timezone

        from frontrow.seed import NotOurs, seed

        try:
            for line in seed(timezone.now()):
                print(line)
        except NotOurs as reason:
            _refuse(reason)


def _dead_letters(options: argparse.Namespace) -> None:
    if (options.act == "list") == bool(options.names):
        _refuse("Say which: dead-letters [list | show ID… | replay ID… | replay all].")
    if options.data and _is_fleet(options.data):
        from frontrow.fleet import by_hand

        status, lines = by_hand.dead_letters(options.data, options.act, options.names)
        print("\n".join(lines))
        sys.exit(status)
    with _database(options.data, "make dead-letters"):
        from django.utils import timezone

        from frontrow import dead_letters
        from frontrow.chassis.parked import UnknownParked

        acts = {
            "list": dead_letters.listed,
            "show": lambda: dead_letters.shown(options.names),
            "replay": lambda: dead_letters.replayed(options.names, timezone.now()),
        }
        try:
            for line in acts[options.act]():
                print(line)
        except UnknownParked as refusal:
            _refuse(refusal)


def _reconcile(options: argparse.Namespace) -> None:
    if options.data and _is_fleet(options.data):
        from frontrow.fleet import by_hand

        status, lines = by_hand.reconcile(options.data)
        print("\n".join(lines))
        sys.exit(status)
    with _database(options.data, "make reconcile"):
        from django.utils import timezone

        from frontrow import reconcile

        try:
            status, lines = reconcile.reconcile(timezone.now())
        except reconcile.NotCompared as reason:
            _refuse(reason)
        print("\n".join(lines))
        sys.exit(status)


def _is_fleet(folder: Path) -> bool:
    return (folder / "settings").is_dir()


@contextlib.contextmanager
def _database(folder: Path | None, by: str, make: bool = False) -> Iterator[None]:
    """Django on the database of a folder, whether Frontrow runs there or not; else on DATABASE_URL's."""
    with contextlib.ExitStack() as stack:
        if folder:
            fleet = _is_fleet(folder)
            os.environ.update(
                _users_of(folder, by, make) if fleet else stack.enter_context(_borrowed(folder, by, make))
            )
        os.environ.update({"LOG_LEVEL": "WARNING", **os.environ})  # the command speaks for itself
        _django()
        from frontrow.chassis import logs

        logs.configure(sys.stderr)  # stdout is for the command's own words
        _migrate()
        yield


def _users_of(folder: Path, by: str, make: bool) -> dict[str, str]:
    """The environment of users in a folder of `make services`, which must run."""
    from frontrow.fleet import by_hand

    if make:
        _refuse(f"{folder} is of `make services`; {by} fills a folder of `make up` only.")
    return by_hand.settings(folder, "users")


@contextlib.contextmanager
def _borrowed(folder: Path, by: str, make: bool) -> Iterator[dict[str, str]]:
    """The environment of a folder's installation. Images lack what is imported here."""
    from frontrow.embedded.installation import NotStarted, borrowed
    from frontrow.embedded.postgres import PostgresError

    with contextlib.ExitStack() as stack:
        try:
            environment = stack.enter_context(borrowed(folder, by, make))
        except (NotStarted, PostgresError, OSError) as reason:
            _refuse(reason)
        yield environment


def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontrow.settings")
    import django

    django.setup()


if __name__ == "__main__":
    main()
