"""Every setting as a table, for docs/operations.md and `frontrow settings`."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from frontrow.chassis.environment import Environment


def table() -> Iterator[str]:
    """The lines of a Markdown table: name, default, meaning."""
    yield "| setting | default | meaning |"
    yield "|---|---|---|"
    for name, field in Environment.model_fields.items():
        yield f"| `{name.upper()}` | {_default(field)} | {field.description}{_bounds(field)} |"


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if value is PydanticUndefined:
        return "must be set"
    if isinstance(value, list):
        value = ",".join(str(each) for each in value)
    if isinstance(value, bool):
        value = str(value).lower()
    return "–" if value is None else f"`{value}`"


def _bounds(field: FieldInfo) -> str:
    """What a number is kept between, or which words there are."""
    told = {type(each).__name__: each for each in field.metadata}
    least, most = getattr(told.get("Ge"), "ge", None), getattr(told.get("Le"), "le", None)
    if least is not None and most is not None:
        return f" ({least}–{most})"
    if least is not None:
        return f" (at least {least})"
    words = [word for word in get_args(field.annotation) if isinstance(word, str)]
    return f" ({', '.join(words)})" if words and "in-process" not in words else ""
