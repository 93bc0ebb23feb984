"""What each service can say, read from its code: the strings of messages.py, and of the SQL that books."""

import ast
import re
from pathlib import Path

SERVICES = Path(__file__).parents[2] / "frontrow" / "services"
KIND = re.compile(r"[a-z]+\.[a-z_]+\.v\d+")
LITERAL = re.compile(r"'([a-z]+\.[a-z_]+\.v\d+)'")
BY_STATUS = re.compile(r"'([a-z]+\.)' \|\| \w+\.status \|\| '(\.v\d+)'")
STATUSES = re.compile(r"CASE WHEN deadline IS NULL THEN '(\w+)' ELSE '(\w+)' END")


def services() -> list[str]:
    """The names of all services: their folders."""
    return sorted(path.parent.name for path in SERVICES.glob("*/__init__.py"))


def said_by(service: str) -> set[str]:
    """The types of messages that a service can say."""
    module = SERVICES / service / "messages.py"
    found = {
        node.value
        for node in ast.walk(ast.parse(module.read_text() if module.exists() else ""))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and KIND.fullmatch(node.value)
    }
    for script in (SERVICES / service / "migrations").glob("*.sql"):
        found |= _said_in_sql(script.read_text())
    return found


def _said_in_sql(script: str) -> set[str]:
    statuses = {status for pair in STATUSES.findall(script) for status in pair}
    composed = {f"{start}{status}{end}" for start, end in BY_STATUS.findall(script) for status in statuses}
    return composed | set(LITERAL.findall(script))
