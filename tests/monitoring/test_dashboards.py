"""Dashboards, Loki and Alloy, as far as they can be checked without Grafana: all that they name is there."""

import json
import re
import subprocess

import pytest
import structlog

from frontrow.chassis import logs
from frontrow.chassis.environment import PAGES, SERVICES

from .deployed import DEPLOY, dashboards, load, panels, queries

BOARDS = dashboards()
each_board = pytest.mark.parametrize("name", sorted(BOARDS))
ALLOY = (DEPLOY / "alloy/config.alloy").read_text()
SOURCES = {
    source["uid"]: source
    for source in load("grafana/provisioning/datasources/datasources.yml")["datasources"]
}
LABELS = {"service", "process", "level"}  # of log lines, as Alloy gives them


def test_the_three_dashboards_are_there_and_provisioned():
    assert [board["title"] for board in BOARDS.values()] == [
        "The health of services", "Messages and jobs", "A sale as it happens",
    ]  # fmt: skip
    assert [board["uid"] for board in BOARDS.values()] == [f"frontrow-{name}" for name in BOARDS]
    (provider,) = load("grafana/provisioning/dashboards/dashboards.yml")["providers"]
    assert provider["options"]["path"] == "/etc/grafana/dashboards"


@each_board
def test_panels_lie_beside_each_other(name):
    taken = {}
    for panel in BOARDS[name]["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for place in [
            (x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
        ]:
            assert taken.setdefault(place, panel["id"]) == panel["id"], panel["title"]
    ids = [panel["id"] for panel in BOARDS[name]["panels"]]
    assert len(ids) == len(set(ids))


@each_board
def test_every_panel_has_a_title_a_known_source_and_a_query_and_every_number_a_unit(name):
    for panel in panels(BOARDS[name]):
        if panel["type"] == "row":
            continue
        assert panel["title"]
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
            assert SOURCES[target["datasource"]["uid"]]["type"] == target["datasource"]["type"]
        if panel["type"] in ("stat", "timeseries", "bargauge"):
            assert panel["fieldConfig"]["defaults"]["unit"]


@each_board
def test_every_query_to_prometheus_is_promql(name, tmp_path):
    found = list(queries(BOARDS[name], "prometheus"))
    assert len(found) > 10
    rules = [{"record": f"panel_{n}", "expr": plain(expr)} for n, (_, expr) in enumerate(found)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": name, "rules": rules}]}))
    command = ["promtool", "check", "rules", "--lint=none", tmp_path / "rules.yml"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def plain(expr):
    """An expression with its variables filled in; none other than these is known to Grafana."""
    variables = {"$__rate_interval": "1m", "$__range": "1h", "$service": ".+", "$request_id": "x"}
    for name, value in variables.items():
        expr = expr.replace(name, value)
    assert "$" not in expr
    return expr


@each_board
def test_its_own_variables_are_defined(name):
    defined = {variable["name"] for variable in BOARDS[name]["templating"]["list"]}
    used = set(re.findall(r"\$(service|request_id)\b", json.dumps(BOARDS[name]["panels"])))
    assert used == defined


@each_board
def test_queries_to_loki_select_by_labels_that_lines_have(name):
    found = list(queries(BOARDS[name], "loki"))
    assert any("request_id" in expr for _, expr in found)
    for _, expr in found:
        selector = re.match(r"\{(.+?)\}", expr)[1]
        assert set(re.findall(r"(\w+)=", selector)) <= LABELS


@each_board
def test_links_lead_to_dashboards_that_exist(name):
    links = re.findall(r"/d/([\w-]+)", json.dumps(BOARDS[name]))
    assert set(links) <= {board["uid"] for board in BOARDS.values()}


def test_a_line_leads_to_its_whole_request():
    (field,) = SOURCES["loki"]["jsonData"]["derivedFields"]
    assert (field["matcherType"], field["matcherRegex"], field["datasourceUid"]) == (
        "label",
        "request_id",
        "loki",
    )
    assert "$${__value.raw}" in field["url"]


def test_alloy_takes_from_our_lines_what_they_have(settings):
    taken = set(re.findall(r'^\t{4}(\w+)\s+= "\w+",$', ALLOY, re.MULTILINE))
    assert taken == {"level", "request_id", "trace_id"}
    with structlog.contextvars.bound_contextvars(request_id="12345678"):
        facts = structlog.contextvars.merge_contextvars(None, "info", {})
    line = structlog.stdlib.add_log_level(None, "info", logs.with_trace(None, "info", facts))
    assert taken <= set(line)


def test_alloy_knows_all_services_and_sends_where_loki_listens():
    names = re.findall(r'regex\s+= "\(?([a-z|]+)\)?(?:-\(work\|migrate\))?"', ALLOY)
    assert len(names) == 3
    assert {tuple(found.split("|")) for found in names} == {(*SERVICES, PAGES)}
    url = re.search(r'url = "(.+)/loki/api/v1/push"', ALLOY)[1]
    assert (
        url == SOURCES["loki"]["url"] == f"http://loki:{load('loki/loki.yaml')['server']['http_listen_port']}"
    )


def test_every_component_that_alloy_names_is_defined_and_every_other_is_named():
    defined = {".".join(found) for found in re.findall(r'^([\w.]+) "(\w+)" \{$', ALLOY, re.MULTILINE)}
    used = set(re.findall(r"\b((?:\w+\.){2,3}\w+)\.(?:targets|rules|receiver)\b", ALLOY))
    assert used
    assert defined - used == {"loki.source.docker.project"}  # where it all begins
    assert used <= defined
    assert ALLOY.count("{") == ALLOY.count("}")


def test_loki_keeps_logs_for_a_week_and_no_longer():
    loki = load("loki/loki.yaml")
    assert loki["limits_config"]["retention_period"] == "168h"
    assert loki["compactor"]["retention_enabled"] is True
    assert loki["compactor"]["delete_request_store"] == loki["schema_config"]["configs"][-1]["object_store"]


def test_what_loki_remembers_fits_its_memory():
    loki = load("loki/loki.yaml")
    caches = [loki["chunk_store_config"]["chunk_cache_config"], loki["query_range"]["results_cache"]["cache"]]
    assert [cache["embedded_cache"]["max_size_mb"] for cache in caches] == [16, 16]  # 100 each if not told
