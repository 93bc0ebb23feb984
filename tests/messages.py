"""The words of pages and notifications, gathered for translators and compiled: `make messages`."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
FOLDERS = (
    ROOT / "frontrow" / "web",
    ROOT / "frontrow" / "services" / "notifications",
    ROOT / "frontrow" / "services" / "payments",
)
LANGUAGES = ("de", "fr", "es")
DJANGO = [sys.executable, "-P", "-W", "ignore", "-m", "django"]  # not beside a folder's own modules
SETTINGS = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(ROOT)}
GATHER = ["makemessages", "--no-location", "--no-wrap", "--no-obsolete", "--ignore=tests",
          *(f"--locale={language}" for language in LANGUAGES)]  # fmt: skip


def catalog(folder: Path, language: str) -> Catalog:
    """What is translated into a language, below a folder like frontrow/web."""
    with open(folder / "locale" / language / "LC_MESSAGES" / "django.po", "rb") as file:
        return read_po(file, locale=language)


def gather(folder: Path) -> None:
    """Write every phrase of the templates and modules in a folder into its catalogs."""
    subprocess.run([*DJANGO, *GATHER], cwd=folder, env=SETTINGS, check=True, capture_output=True)


def gathered_anew(folder: Path) -> Path:
    """A copy of a folder whose catalogs are up to date; the caller removes its parent."""
    copy = Path(tempfile.mkdtemp()) / folder.name
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.mo", "__pycache__", "static", "tests"))
    (copy / "locale").mkdir(exist_ok=True)
    gather(copy)
    return copy


def main() -> None:
    for folder in FOLDERS:
        (folder / "locale").mkdir(exist_ok=True)
        gather(folder)
        subprocess.run(
            [*DJANGO, "compilemessages"], cwd=folder, env=SETTINGS, check=True, capture_output=True
        )
        for language in LANGUAGES:
            left = [each.id for each in catalog(folder, language) if each.id and not _is_done(each)]
            print(f"{folder.name}, {language}: {len(left)} to translate", *left[:10], sep="\n  ")


def _is_done(message) -> bool:
    words = message.string if isinstance(message.string, tuple | list) else [message.string]
    return all(words) and not message.fuzzy


if __name__ == "__main__":
    main()
