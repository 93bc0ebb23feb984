"""What the fleet's Prometheus scrapes and watches. JSON is YAML, too: nothing has to be quoted by hand."""

import json
import shutil
from pathlib import Path
from typing import Any

from frontrow.fleet.program import HERE
from frontrow.fleet.site import LOOPBACK, Site

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules"
# Alerts are shown on its page and sent to nobody.
ALERTS = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}


def write(site: Site, seconds: int) -> None:
    """Write its configuration, and Alertmanager's; `seconds` is how often it scrapes and evaluates."""
    site.write("prometheus", "prometheus.yml", json.dumps(_configuration(site, seconds), indent=1))
    site.write("alertmanager", "alertmanager.yml", json.dumps(ALERTS))
    shutil.rmtree(site.home("prometheus") / "rules", ignore_errors=True)
    for file in sorted(RULES.glob("*.yml")):
        site.write("prometheus", f"rules/{file.name}", file.read_text())


def write_targets(site: Site, processes: dict[str, tuple[str, str]]) -> None:
    """Name the processes of the services to scrape: the service and what the process does, by program."""
    targets = [
        {"targets": [f"{LOOPBACK}:{site.port(program)}"], "labels": {"service": service, "process": process}}
        for program, (service, process) in processes.items()
    ]
    site.write("prometheus", "services.json", json.dumps(targets, indent=1))


def _configuration(site: Site, seconds: int) -> dict[str, Any]:
    others = {
        "postgres": "postgres-exporter", "redis": "redis-exporter", "nginx": "nginx-exporter",
        "prometheus": "prometheus", "alertmanager": "alertmanager",
    }  # fmt: skip
    queues = {"job_name": "rabbitmq", "metrics_path": "/metrics/per-object"}
    return {
        "global": {"scrape_interval": f"{seconds}s", "evaluation_interval": f"{seconds}s",
                   "scrape_timeout": f"{min(10, seconds)}s"},
        "rule_files": [f"{HERE}/rules/*.yml"],
        "alerting": {"alertmanagers": [_static(site, "alertmanager")]},
        "scrape_configs": [
            {"job_name": "frontrow",
             "file_sd_configs": [{"files": [f"{HERE}/services.json"], "refresh_interval": "5s"}]},
            queues | _static(site, "rabbitmq-metrics"),
            *({"job_name": job, **_static(site, of)} for job, of in others.items()),
        ],
    }  # fmt: skip


def _static(site: Site, program: str) -> dict[str, Any]:
    return {"static_configs": [{"targets": [f"{LOOPBACK}:{site.port(program)}"]}]}
