"""A service is one flat folder of small modules, and its card tells the truth."""

import ast
import re
import tomllib

import pytest

from frontrow.chassis import listener
from frontrow.listeners import LISTENERS
from tests.contracts.said import said_by

from .tree import ROOT, SERVICES, name, product, services, tree

MOST_LINES, MOST_LINES_OF_A_FUNCTION = 300, 40
ABOVE, BELOW = ["door", "api", "handlers", "jobs", "admin"], ["messages", "clients", "models", "rules"]
LABELS = ["Owns", "Hears", "Says", "Asks"]
MESSAGE = re.compile(r"[a-z]+\.[a-z_]+")

each_service = pytest.mark.parametrize("service", services())


def layers(service: str) -> list[list[str]]:
    """A service's modules as its import contract orders them, the highest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (found,) = [c["layers"] for c in contracts if c.get("containers") == [f"frontrow.services.{service}"]]
    return [layer.split(" | ") for layer in found]


def card(service: str) -> dict[str, str]:
    """What a service says of itself, by label."""
    words = ast.get_docstring(tree(SERVICES / service / "__init__.py")) or ""
    parts = re.split(rf"^({'|'.join(LABELS)}): ", words, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_modules_are_short():
    assert [name(path) for path in product() if len(path.read_text().splitlines()) > MOST_LINES] == []


def test_modules_are_never_empty():
    empty = [name(path) for path in product() if not path.read_text().strip()]
    assert [path for path in empty if not path.endswith("/__init__.py")] == []


def test_modules_say_what_they_are_for():
    silent = [name(path) for path in product() if path.read_text() and not ast.get_docstring(tree(path))]
    assert [path for path in silent if not path.endswith("/apps.py")] == []


def test_functions_are_short():
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    functions = [
        (path, node) for path in product() for node in ast.walk(tree(path)) if isinstance(node, kinds)
    ]
    assert len(functions) > 200
    assert [
        f"{name(path)}: {node.name}"
        for path, node in functions
        if node.end_lineno - node.lineno >= MOST_LINES_OF_A_FUNCTION
    ] == []


def test_only_messages_speak():
    speak = [
        name(path) for path in product() if re.search(r"outbox\.say|import say|say_all", path.read_text())
    ]
    assert {path.rsplit("/", 1)[1] for path in speak} == {"messages.py", "outbox.py"}


@each_service
def test_a_service_is_flat_and_every_module_has_its_place(service):
    folder = SERVICES / service
    there = {path.stem for path in folder.glob("*.py")} - {"__init__", "admin"}
    assert there == {module for layer in layers(service) for module in layer} - {"admin"}
    folders = {path.name for path in folder.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders <= {"tests", "migrations", "templates", "static", "locale"}


@each_service
def test_doors_are_above_the_stories_and_these_above_what_they_use(service):
    order = [module for layer in layers(service) for module in layer]
    # A fast door takes its schemas from the ordinary one.
    assert order[: order.index("api")] in ([], ["door"])
    assert order[-1] == "rules"
    rank = {**dict.fromkeys(ABOVE, 0), "messages": 2, "clients": 2, "models": 3, "rules": 4}
    ranks = [rank.get(module, 1) for module in order]
    within = [r for module, r in zip(order, ranks, strict=True) if module in rank]
    assert within == sorted(within)
    assert 1 in ranks, "a service without a story"


@each_service
def test_a_service_has_a_card(service):
    assert list(card(service)) == LABELS
    assert all(line.strip().endswith(".") for line in card(service).values())


@each_service
def test_it_hears_what_its_card_says(service):
    heard = {kind.rsplit(".", 1)[0] for who, kind in listener._handlers if who == service}
    assert set(MESSAGE.findall(card(service)["Hears"])) == heard


@each_service
def test_the_broker_brings_it_what_it_hears_and_nothing_else(service):
    assert list(LISTENERS[service]) == sorted(kind for who, kind in listener._handlers if who == service)


@each_service
def test_it_says_what_its_card_says(service):
    said = {kind.rsplit(".", 1)[0] for kind in said_by(service)}
    assert set(MESSAGE.findall(card(service)["Says"])) == said


@each_service
def test_it_asks_whom_its_card_says_and_only_in_its_clients(service):
    asked = {
        (path.stem, call.args[0].value)
        for path in (SERVICES / service).glob("*.py")
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "http.ask"
    }
    assert {module for module, _ in asked} <= {"clients"}
    assert {who for _, who in asked} == set(services()) & set(re.findall(r"\w+", card(service)["Asks"]))
