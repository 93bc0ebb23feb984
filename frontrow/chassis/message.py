"""The envelope in which a fact travels."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from frontrow.chassis.trace import traceparent


@dataclass(frozen=True, slots=True)
class Message:
    """A fact that one service tells the others."""

    id: UUID
    type: str
    key: UUID
    version: int
    time: datetime
    request_id: str
    facts: dict[str, Any] | str  # the latter is JSON that nobody here has had to read yet

    @property
    def data(self) -> dict[str, Any]:
        """What it tells."""
        return dict(json.loads(self.facts)) if isinstance(self.facts, str) else self.facts

    def text(self) -> str:
        """The envelope as JSON, of which what nobody has read is passed on as it is."""
        facts = self.facts if isinstance(self.facts, str) else json.dumps(self.facts)
        return (
            f'{{"id": "{self.id}", "type": "{self.type}", "key": "{self.key}", "version": {self.version},'
            f' "time": "{self.time.isoformat()}", "request_id": {json.dumps(self.request_id)},'
            f' "data": {facts}, "traceparent": "{traceparent(self.request_id, self.id)}"}}'
        )

    def envelope(self) -> dict[str, Any]:
        """The message as JSON values, as it travels."""
        return {
            "id": str(self.id), "type": self.type, "key": str(self.key), "version": self.version,
            "time": self.time.isoformat(), "request_id": self.request_id, "data": self.data,
            "traceparent": traceparent(self.request_id, self.id),
        }  # fmt: skip

    @classmethod
    def opened(cls, envelope: dict[str, Any]) -> "Message":
        """The message of an envelope. Raises KeyError, TypeError or ValueError if it is none of ours.

        What it carries beyond our fields is for others: a trace's context, or what a newer version added.
        """
        if not isinstance(envelope["data"], dict):
            raise TypeError("a message whose data are no object")
        return cls(
            UUID(str(envelope["id"])), envelope["type"], UUID(str(envelope["key"])), envelope["version"],
            datetime.fromisoformat(envelope["time"]), envelope["request_id"], envelope["data"],
        )  # fmt: skip


def rfc3339(moment: datetime | None) -> str | None:
    """A time as messages carry it: RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat() if moment else None
