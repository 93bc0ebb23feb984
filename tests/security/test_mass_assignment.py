"""No field of any table can be set by sending its name: what a schema does not know is refused, and changes nothing."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from psycopg import sql
from pydantic.alias_generators import to_camel

from frontrow.services.users.models import User
from tests.security import matrix, routes
from tests.security.scene import scene

pytestmark = pytest.mark.django_db
MORE = {
    "isAdmin",
    "is_admin",
    "isSuperuser",
    "admin",
    "role",
    "roles",
    "scope",
    "id",
    "_id",
    "__proto__",
    "constructor",
}


def names() -> set[str]:
    """Every field of every table, as the database has it and as JSON would."""
    fields = {field.name for model in apps.get_models() for field in model._meta.concrete_fields}
    assert len(fields) > 100
    return fields | {to_camel(name) for name in fields} | MORE


def objects(body: Any) -> Iterator[dict[str, Any]]:
    """Every object within a body, itself first."""
    if isinstance(body, dict):
        yield body
        for value in body.values():
            yield from objects(value)
    elif isinstance(body, list):
        for value in body:
            yield from objects(value)


def with_one_more(body: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """The body with this member in one of its objects, unless it may be there."""
    for place, _ in enumerate(objects(body)):
        changed = deepcopy(body)
        found = list(objects(changed))[place]
        if name not in found:
            found[name] = "1"
            yield changed


def optional(call: str) -> set[str]:
    """What a call's schemas know at all, wherever in the body."""
    method, _, path = call.partition(" ")
    for document in routes.HTTP.glob("*.json"):
        told = json.loads(document.read_text())
        operation = told["paths"].get(path, {}).get(method.lower())
        if operation:
            schemas = told["components"]["schemas"]
            return _known(operation["requestBody"]["content"]["application/json"]["schema"], schemas)
    raise LookupError(call)


def _known(schema: Any, schemas: Any) -> set[str]:
    found: set[str] = set(schema.get("properties", {})) if isinstance(schema, dict) else set()
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for each in inner:
        found |= _known(each, schemas) if isinstance(each, dict | list) else set()
    reference = schema.get("$ref", "") if isinstance(schema, dict) else ""
    return found | _known(schemas[reference.rpartition("/")[2]], schemas) if reference else found


def state() -> dict[str, str]:
    """What stands in every table, as a sum of it."""
    sums = {}
    look = "SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} t"
    with connection.cursor() as cursor:
        for table in sorted(model._meta.db_table for model in apps.get_models()):
            cursor.execute(sql.SQL(look).format(sql.Identifier(table)))
            sums[table] = cursor.fetchone()[0]
    return sums


CALLS = sorted(call for call in routes.documented() if isinstance(matrix.BODIES.get(call), dict))


def test_every_documented_body_is_tried():
    with_body = {
        f"{method.upper()} {path}"
        for document in routes.HTTP.glob("*.json")
        for path, item in json.loads(document.read_text())["paths"].items()
        for method, operation in item.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    assert set(CALLS) == with_body


def test_no_field_of_a_table_is_taken_that_a_schema_does_not_know():
    one, all_names = scene(), names()
    rows = {matrix.route_of(call): (call, row) for call, row in reversed(matrix.rows().items())}
    before, tried, taken = state(), 0, []
    for call in CALLS:
        asked, row = rows[call]
        role = next((role for role, said in row.items() if said.startswith("2")), "stranger")
        body = matrix.body(one, call)
        for name in sorted(all_names - optional(call)):
            for changed in with_one_more(body, name):
                tried += 1
                answer = one._api(role, call.split()[0], routes.filled(asked.split()[1], one.ids), changed)
                if answer.status_code != 422:
                    taken.append((call, name, answer.status_code))
    assert taken == []
    assert tried > 1000
    assert {table: sums for table, sums in state().items() if sums != before[table]} == {}


def test_a_form_of_the_account_sets_nothing_else():
    one = scene()
    forbidden = User.objects.filter(username="stranger").values(
        "is_admin", "is_active", "password", "version"
    )
    before = forbidden.get()
    form = {**dict.fromkeys(names(), "1"), "form": "profile", "username": "stranger",
            "email": "stranger@example.org", "name": "Cy", "phone": "", "zone": "", "language": ""}  # fmt: skip
    assert one._page("stranger", "POST", "/account", form).status_code == 303
    assert forbidden.get() == {**before, "version": before["version"] + 1}
    assert set(User.objects.get(username="stranger").profile_info) == {"displayName"}
