"""The messages' schemas, as every test holds what is said against them."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

FOLDER = Path(__file__).parents[2] / "contracts" / "messages"
FORMATS = FormatChecker()


@FORMATS.checks("date-time", raises=ValueError)
def _moment(value: object) -> bool:
    """jsonschema itself checks times only with another package installed."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@cache
def validator(kind: str) -> Draft202012Validator:
    """The validator of a type of message. Raises FileNotFoundError for one never promised."""
    schema = json.loads((FOLDER / f"{kind}.schema.json").read_text())
    return Draft202012Validator(schema, format_checker=FORMATS)


def check_message(kind: str, data: dict[str, Any]) -> None:
    """Raise jsonschema's ValidationError unless the data keeps the promise of its type."""
    validator(kind).validate(data)


def kinds() -> list[str]:
    """Every type of message that is promised."""
    return sorted(path.name.removesuffix(".schema.json") for path in FOLDER.glob("*.schema.json"))


def example(kind: str) -> dict[str, Any]:
    """The example of a type of message."""
    return json.loads((FOLDER / f"{kind}.example.json").read_text())
