"""The OpenAPI documents of all services as one, so that what one call answers can be sent with the next.

How many cases are tried stands in pace.py.
"""

import json
from collections import Counter
from typing import Any

import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.journeys.traveller import event_body
from tests.security import routes

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]


def together() -> dict[str, Any]:
    """One document of all services; what a schema of one is called says whose it is."""
    whole: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": "Frontrow", "version": "1"}, "paths": {},
                             "components": {"schemas": {}, "securitySchemes": {}}}  # fmt: skip
    for path in sorted(routes.HTTP.glob("*.json")):
        text = path.read_text().replace("#/components/schemas/", f"#/components/schemas/{path.stem}_")
        told = json.loads(text)
        named = {f"{path.stem}_{name}": schema for name, schema in told["components"]["schemas"].items()}
        for item in told["paths"].values():
            for operation in item.values():
                operation["operationId"] = f"{path.stem}_{operation['operationId']}"
        whole["paths"] |= told["paths"]
        whole["components"]["schemas"] |= named
        whole["components"]["securitySchemes"] |= told["components"].get("securitySchemes", {})
    return whole


def needs_token(whole: dict[str, Any]) -> set[str]:
    """The calls that nobody may make: 'GET /bookings'."""
    return {
        f"{method.upper()} {path}"
        for path, item in whole["paths"].items()
        for method, operation in item.items()
        if operation.get("security") and {} not in operation["security"]
    }


def machine(address: str, headers: dict[str, str], tried: Counter[tuple[str, int]], seed: int) -> Any:
    """A state machine of all services: each call with the token, and then without. A seed orders its beginnings."""
    whole = together()
    closed = needs_token(whole)
    base = schemathesis.openapi.from_dict(whole).as_state_machine()

    class Calls(base):  # type: ignore[misc, valid-type]
        rule_order_seed = seed

        def before_call(self, case: Any) -> None:
            """Every other event is a good one: few would be by chance, and all else begins with one."""
            if (case.method.upper(), case.path) == ("POST", "/events") and sum(tried.values()) % 4:
                case.body = event_body()

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"base_url": address, "headers": headers}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            call = f"{case.method.upper()} {case.path}"
            tried[call, response.status_code] += 1
            case.validate_response(response, checks=CHECKS)
            anonymous = case.call(base_url=address, headers={"Authorization": ""})
            tried[call, anonymous.status_code] += 1
            case.validate_response(anonymous, checks=CHECKS)
            if call in closed:
                assert anonymous.status_code >= 400, f"{call} is open to nobody: {anonymous.status_code}"

    return Calls
