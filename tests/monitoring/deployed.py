"""What deploy/ has for those who watch: rules, dashboards, configuration."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
PROMETHEUS = DEPLOY / "prometheus"


def load(path: str) -> Any:
    """A YAML file of deploy/."""
    return yaml.safe_load((DEPLOY / path).read_text())


def rules() -> Iterator[dict[str, Any]]:
    """Every rule, recording or alerting, of every file."""
    for path in sorted((PROMETHEUS / "rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def dashboards() -> dict[str, dict[str, Any]]:
    """By file name."""
    return {
        path.stem: json.loads(path.read_text()) for path in sorted((DEPLOY / "grafana/dashboards").glob("*"))
    }


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Those that show something: rows only order them."""
    for panel in dashboard["panels"]:
        yield from panels(panel) if panel["type"] == "row" and panel.get("panels") else [panel]


def queries(dashboard: dict[str, Any], source: str) -> Iterator[tuple[str, str]]:
    """Title and expression of every query to a data source."""
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            if target["datasource"]["uid"] == source:
                yield panel["title"], target["expr"]
