"""The house as its rules see it: the files that git tracks or would, and the parsed modules of the product."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "frontrow" / "services"


@cache
def files() -> list[Path]:
    """Every file that is in git, or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    """Name and content of every file that is text."""
    for path in files():
        content = path.read_bytes()
        if b"\0" not in content:
            yield name(path), content.decode()


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def product() -> list[Path]:
    """The product's own modules: neither tests nor migrations."""
    modules = (ROOT / "frontrow").rglob("*.py")
    return sorted(path for path in modules if not {"tests", "migrations"} & set(path.parts))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def services() -> list[str]:
    return sorted(path.parent.name for path in SERVICES.glob("*/__init__.py"))
