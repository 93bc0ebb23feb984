"""Alert rules, by Prometheus' own tools: what they fire on, and what they leave alone."""

import subprocess

import pytest
import yaml

from frontrow.chassis.environment import PAGES, SERVICES

from .deployed import DEPLOY, PROMETHEUS, alerts, load, rules

TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
NAMES = sorted(alerts())


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_configuration_and_every_rule_file_are_valid():
    done = run("promtool", "check", "config", PROMETHEUS / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("rules found") == len(list((PROMETHEUS / "rules").glob("*.yml")))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_must_and_not_before(path):
    done = run("promtool", "test", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr


def cases():
    """The tests of each alert, as promtool reads them."""
    found = {}
    for path in TESTS:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test["alert_rule_test"]:
                found.setdefault(case["alertname"], []).append(bool(case["exp_alerts"]))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_is_seen_firing_and_silent(name):
    assert set(cases().get(name, [])) == {True, False}


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_says_what_is_wrong_how_bad_it_is_and_what_to_do(name):
    alert = alerts()[name]
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    assert alert["annotations"]["runbook_url"] == f"docs/operations.md#{name.lower()}"


def test_no_two_rules_have_one_name():
    names = [rule.get("alert") or rule["record"] for rule in rules()]
    assert len(names) == len(set(names)) > 20


def test_prometheus_finds_both_processes_of_every_service_and_the_pages():
    (job,) = [
        job for job in load("prometheus/prometheus.yml")["scrape_configs"] if job["job_name"] == "frontrow"
    ]
    names = {name for found in job["dns_sd_configs"] for name in found["names"]}
    assert names == {PAGES, *(f"{service}{process}" for service in SERVICES for process in ("", "-work"))}


def test_alertmanager_understands_whom_to_tell():
    done = run("amtool", "check-config", DEPLOY / "alertmanager/alertmanager.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("labels", "receiver"), [(["severity=critical"], "operators"), (["severity=warning"], "operators")]
)
def test_every_alert_reaches_somebody(labels, receiver):
    config = f"--config.file={DEPLOY}/alertmanager/alertmanager.yml"
    assert run("amtool", "config", "routes", "test", config, *labels).stdout.strip() == receiver


def test_what_is_inhibited_is_an_alert_of_ours():
    for rule in load("alertmanager/alertmanager.yml")["inhibit_rules"]:
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            names = matcher.split("=", 1)[1].strip('~"').split("|")
            assert set(names) <= set(NAMES), matcher
