"""Field types that requests and answers share: strict coming in, camelCase both ways."""

import re
import unicodedata
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any

from annotated_types import GroupedMetadata, Interval
from iso4217 import Currency as Iso4217
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Strict,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)  # fmt: skip
from pydantic.alias_generators import to_camel

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # they reach beyond their own text


class In(BaseModel):
    """A request's body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)

    def given(self) -> dict[str, Any]:
        """Only the fields that the client sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Query(BaseModel):
    """A request's query parameters: unknown ones are refused."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, values: Any, info: ValidationInfo) -> Any:
        request = (info.context or {}).get("request")
        known = {field.alias for field in cls.model_fields.values()}
        unknown = sorted(set(request.GET) - known) if request else []
        if unknown:
            raise ValueError(f"unknown parameter: {', '.join(unknown)[:100]}")
        return values


class Out(BaseModel):
    """An answer's body, made from objects or dictionaries with names like ours."""

    model_config = ConfigDict(alias_generator=to_camel, from_attributes=True, populate_by_name=True)


def _printable(text: str) -> str:
    if not text.isprintable() and any(
        unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\r\t" for character in text
    ):
        raise ValueError("control characters are not allowed")
    return text


def _one_line(text: str) -> str:
    if len(text.splitlines()) > 1:
        raise ValueError("must be one line")
    return text


def _straight(text: str) -> str:
    if not text.isascii() and any(unicodedata.bidirectional(character) in TURNS for character in text):
        raise ValueError("characters that turn the direction of writing are not allowed")
    return text


@dataclass(frozen=True)
class Text(GroupedMetadata):
    """A trimmed text of any number of lines, its length in characters."""

    least: int
    most: int

    def __iter__(self) -> Iterator[object]:
        yield from StringConstraints(strip_whitespace=True, min_length=self.least, max_length=self.most)
        yield AfterValidator(_printable)


@dataclass(frozen=True)
class Line(Text):
    """The same on one line."""

    def __iter__(self) -> Iterator[object]:
        yield from super().__iter__()
        yield AfterValidator(_one_line)
        yield AfterValidator(_straight)


@dataclass(frozen=True)
class Whole(GroupedMetadata):
    """A whole number, sent as a JSON number."""

    least: int
    most: int

    def __iter__(self) -> Iterator[object]:
        yield Strict()
        yield Interval(ge=self.least, le=self.most)


def _rfc3339(value: object) -> object:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not RFC3339.fullmatch(value):
        raise ValueError("must be an RFC 3339 time with an offset, such as 2030-05-01T18:00:00Z")
    return value


def _utc(moment: datetime) -> datetime:
    if not EARLIEST < moment < LATEST:
        raise ValueError("must lie between 1970 and 2199")
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)  # as we answer it


Instant = Annotated[
    datetime,
    BeforeValidator(_rfc3339),
    AfterValidator(_utc),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("must be an IANA time zone such as Europe/Berlin")
    return name


def _currency(code: str) -> str:
    if code not in Iso4217.__members__ and code.lower() not in Iso4217.__members__:
        raise ValueError("must be an ISO 4217 currency code such as EUR")
    return code


TimeZone = Annotated[
    str, AfterValidator(_zone), WithJsonSchema({"type": "string", "format": "iana-time-zone"})
]
Currency = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(_currency),
    WithJsonSchema({"type": "string", "format": "iso-4217", "pattern": "^[A-Z]{3}$"}),
]  # fmt: skip
