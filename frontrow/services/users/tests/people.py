"""People as the tests of users register them, and crowds of threads."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

PASSWORD = "correct horse battery"


def person_body(name: str = "ada", **changes: Any) -> dict[str, Any]:
    """A valid POST /register; a None takes a field out."""
    body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD, **changes}
    return {field: value for field, value in body.items() if value is not None}


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What each of so many threads gets, all starting at the same moment."""
    gate = threading.Barrier(count)

    def one(number: int) -> Any:
        try:
            gate.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as crowd:
        return list(crowd.map(one, range(count)))


def broken_at(words: str) -> Callable[..., Any]:
    """For connection.execute_wrapper: a bug strikes where the SQL has these words."""

    def execute_unless(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if words in sql:
            raise RuntimeError(words)
        return execute(sql, params, many, context)

    return execute_unless
