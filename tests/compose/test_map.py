"""compose.yaml keeps the promises of the house; what takes an engine is in `make compose-check`."""

import re

import pytest
import yaml

from frontrow.chassis.environment import PAGES, SERVICES, Environment
from tests.house.tree import ROOT

from .map import FILE, compose, lasting, mebibytes, ours, parts, said, volumes, waits_for

DONE, HEALTHY = "service_completed_successfully", "service_healthy"
EVERYWHERE = {"gateway"}  # the only one whose port is published to all
ON_THIS_MACHINE = {"grafana", "mailpit"}
OUT = {"notifications-work", "alertmanager", "payments", "payments-work"}  # who sends mail, or money

each = pytest.mark.parametrize("name", parts())


@each
def test_images_are_ours_or_pinned_by_version(name):
    image = parts()[name]["image"]
    if name in ours():
        assert image == f"frontrow-{name.split('-')[0]}:${{VERSION:-local}}"
    else:
        assert re.search(r":v?\d+[\d.]*(-[a-z]+)?$", image)


def test_the_images_of_the_dockerfile_are_pinned_too_and_the_same():
    froms = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert set(froms) == {parts()["secrets"]["image"]}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_built_once_and_migrates_serves_and_works_with_that(service):
    migrate, serve, work = (parts()[name] for name in (f"{service}-migrate", service, f"{service}-work"))
    assert migrate["build"]["args"]["SERVICE"] == service
    assert ["build" in part for part in (serve, work)] == [False, False]
    assert migrate["image"] == serve["image"] == work["image"]
    assert [part.get("command", ["serve"])[-1] for part in (migrate, serve, work)] == [
        "migrate",
        "serve",
        "work",
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_secrets_then_databases_then_migrations_then_the_service(service):
    assert (
        waits_for(parts()[service]) == waits_for(parts()[f"{service}-work"]) == {f"{service}-migrate": DONE}
    )
    assert waits_for(parts()[f"{service}-migrate"]) == {"databases": DONE}
    assert waits_for(parts()["databases"]) == {"postgres": HEALTHY}
    assert waits_for(parts()["postgres"]) == {"secrets": DONE}
    assert waits_for(parts()["secrets"]) == {}


def test_the_pages_are_built_and_wait_for_no_service():
    web = parts()["web"]
    assert web["build"]["args"] == {"SERVICE": "web", "FOLDER": "web", "UID": "20007"}
    assert waits_for(web) == {"secrets": DONE}
    assert "command" not in web  # nothing but to serve


def test_the_gateway_waits_for_no_service():
    assert waits_for(parts()["gateway"]) == {"secrets": DONE}


@pytest.mark.parametrize("name", ours())
def test_settings_are_known_and_lead_to_each_service(name):
    given = parts()[name]["environment"]
    assert {setting.lower() for setting in given} <= set(Environment.model_fields)
    served = (*SERVICES, PAGES)
    assert {given[f"{name.upper()}_URL"] for name in served} == {f"http://{name}:8000" for name in served}


def test_all_limits_of_memory_are_below_4_gib_and_what_lasts_below_4_gb_also_with_three_bookings():
    assert sum(mebibytes(part) for part in parts().values()) < 4096
    more = 2 * mebibytes(parts()["bookings"])
    assert (sum(mebibytes(part) for part in lasting().values()) + more) * 2**20 < 4e9


@each
def test_a_container_may_do_little_and_its_log_has_an_end(name):
    part = parts()[name]
    assert part["cap_drop"] == ["ALL"]
    assert part["security_opt"] == ["no-new-privileges:true"]
    assert part["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    assert "privileged" not in part


@pytest.mark.parametrize("name", ours())
def test_ours_write_nothing_but_what_is_temporary(name):
    part = parts()[name]
    assert (part["read_only"], part["init"]) == (True, True)
    assert set(volumes(part)) == {"/run/secrets"}
    assert all(volume.endswith(":ro") for volume in part["volumes"])


@pytest.mark.parametrize("name", [name for name in ours() if name in lasting()])
def test_the_name_of_a_stopped_container_keeps_nobody_waiting(name):
    assert "timeout:1" in parts()[name]["dns_opt"]


def test_whoever_is_not_a_one_shot_starts_again():
    assert {part["restart"] for part in lasting().values()} == {"unless-stopped"}
    assert set(parts()) - set(lasting()) == {"secrets", "databases", *(f"{s}-migrate" for s in SERVICES)}


def test_only_the_gateway_is_open_to_all():
    published = {name: part["ports"] for name, part in parts().items() if "ports" in part}
    assert set(published) == EVERYWHERE | ON_THIS_MACHINE
    assert all(port.startswith("127.0.0.1:") for name in ON_THIS_MACHINE for port in published[name])


@each
def test_a_part_can_have_replicas_and_no_network_it_does_not_need(name):
    part = parts()[name]
    assert "container_name" not in part
    networks = set(part.get("networks", []))
    assert ("front" in networks) == ("ports" in part)
    assert ("out" in networks) == (name in OUT)
    assert {n: bool(compose()["networks"][n]) for n in networks} == {
        n: n in ("back", "data") for n in networks
    }


def test_databases_broker_and_cache_are_on_a_network_without_the_gateway():
    assert "data" not in parts()["gateway"]["networks"]
    for name in ("postgres", "rabbitmq", "redis"):
        assert parts()[name]["networks"] == ["data"]


def test_nothing_must_be_set_before_the_first_start():
    variables = re.findall(r"(?<!\$)\$\{([^}]*)", FILE.read_text())
    assert len(variables) > 5
    assert [v for v in variables if ":-" not in v and v != "COMPOSE_PROJECT_NAME"] == []


def test_no_secret_stands_in_it():
    for name, part in parts().items():
        for setting, value in (part.get("environment") or {}).items():
            if re.search(r"PASS|SECRET|TOKEN|KEY", setting):
                asked_for = value == f"${{{setting}:-}}"  # of whoever starts it
                assert asked_for or str(value).startswith("/run/secrets"), (name, setting)
    assert re.findall(r"[0-9a-f]{24,}", FILE.read_text()) == []


def test_everything_mounted_from_here_is_here():
    here = {what for part in parts().values() for what in volumes(part).values() if what.startswith("./")}
    assert len(here) > 8
    assert [what for what in here if not any((ROOT / what).iterdir())] == []


def test_volumes_are_all_used_and_postgresql_keeps_its_data_in_one():
    used = {what for part in parts().values() for what in volumes(part).values() if what[0] not in "./"}
    assert used == set(compose()["volumes"])
    assert volumes(parts()["postgres"])["/var/lib/postgresql"] == "postgres"


def test_only_who_collects_logs_has_the_engine():
    assert [name for name, part in parts().items() if "docker.sock" in said(part)] == ["alloy"]


def test_what_prometheus_scrapes_is_here():
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"]
    names = {name for job in scraped for dns in job.get("dns_sd_configs", []) for name in dns["names"]}
    static = {t.split(":")[0] for j in scraped for c in j.get("static_configs", []) for t in c["targets"]}
    assert names == {name for name in ours() if name in lasting()}
    assert static - {"localhost"} <= set(parts())


def test_tls_adds_to_the_gateway_alone():
    added = yaml.safe_load((ROOT / "compose.tls.yaml").read_text())["services"]
    assert set(added) == {"gateway"}
    assert added["gateway"]["ports"] == ["${TLS_PORT:-443}:8443"]


def test_operators_pages_are_opened_on_this_machine_only_and_for_every_service():
    opened = yaml.safe_load((ROOT / "compose.admin.yaml").read_text())["services"]
    assert set(opened) == {*SERVICES, "prometheus", "alertmanager"}
    ports = [port for part in opened.values() for port in part["ports"]]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len({port.split(":")[1] for port in ports}) == len(ports)


def test_only_who_sends_mail_knows_the_mail_server():
    assert [name for name, part in parts().items() if "EMAIL_URL" in said(part)] == ["notifications-work"]
