import pytest
from django.db import InterfaceError, OperationalError, connection


def struck(error):
    """For connection.execute_wrapper: the database answers nothing but this error."""

    def refuse(execute, sql, params, many, context):
        raise error

    return refuse


def test_a_process_is_alive_without_any_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


@pytest.mark.django_db
def test_a_process_is_ready_when_all_it_needs_answers(client, settings):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready", "services": [*settings.SERVICES, "web"], "checks": {"database": "ready", "cache": "ready"},
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_process_without_its_database_is_alive_and_not_ready(client, error):
    with connection.execute_wrapper(struck(error("gone, password=hunter2"))):
        answer = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "away", "cache": "ready"}
    assert "hunter2" not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("goes", ["kill", "freeze"])
def test_a_process_without_its_cache_is_slower_but_ready(client, redis, goes):
    assert client.get("/readyz").json()["checks"] == {"database": "ready", "cache": "ready"}
    getattr(redis, goes)()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert answer.json()["checks"] == {"database": "ready", "cache": "away"}


@pytest.mark.django_db
def test_it_is_ready_again_when_they_are_back(client):
    with connection.execute_wrapper(struck(OperationalError("gone"))):
        assert client.get("/readyz").status_code == 503
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_these_are_only_read(client, path):
    answer = client.post(path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) == {"GET", "HEAD"}


def metrics(client, peer, **headers):
    return client.get("/metrics", REMOTE_ADDR=peer, headers=headers)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_measurements_are_for_our_own_machine(client, peer):
    answer = metrics(client, peer)
    assert answer.status_code == 200
    assert b"frontrow_requests_total" in answer.content


@pytest.mark.parametrize("peer", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.1", "0.0.0.0", ""])
def test_for_others_they_do_not_exist(client, peer):
    answer = metrics(client, peer)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "x-forwarded-for", "Forwarded", "X-Client-Address"])
def test_measurements_never_leave_through_a_proxy(client, header):
    assert metrics(client, "127.0.0.1", **{header: "127.0.0.1"}).status_code == 404


def test_an_installation_sets_who_may_measure(client, settings):
    from ipaddress import ip_network

    networks = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"metrics_networks": networks})
    assert [metrics(client, peer).status_code for peer in ("10.1.2.3", "fd00::1", "127.0.0.1")] == [
        200,
        200,
        404,
    ]
