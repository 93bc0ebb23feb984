"""compose.yaml as data, and the few words in it that the tests ask for."""

import json
import re
from functools import cache
from typing import Any

import yaml

from frontrow.chassis.environment import PAGES, SERVICES
from tests.house.tree import ROOT

Part = dict[str, Any]
FILE = ROOT / "compose.yaml"


@cache
def compose() -> dict[str, Any]:
    """The file, its fragments merged in, its variables as they stand."""
    return dict(yaml.safe_load(FILE.read_text()))


def parts() -> dict[str, Part]:
    return dict(compose()["services"])


def lasting() -> dict[str, Part]:
    """All but the one-shots."""
    return {name: part for name, part in parts().items() if "restart" in part}


def ours() -> dict[str, Part]:
    """The containers of our own images."""
    return {name: part for name, part in parts().items() if name.split("-")[0] in (*SERVICES, PAGES)}


def volumes(part: Part) -> dict[str, str]:
    """What is mounted, by where it is mounted."""
    pairs = [volume.split(":")[:2] for volume in part.get("volumes", [])]
    return {place: what for what, place in pairs}


def waits_for(part: Part) -> dict[str, str]:
    return {name: each["condition"] for name, each in part.get("depends_on", {}).items()}


def mebibytes(part: Part) -> int:
    return int(re.fullmatch(r"(\d+)m", part["mem_limit"])[1])  # type: ignore[index]


def said(part: Part) -> str:
    """Everything that is written of a part."""
    return json.dumps(part)
