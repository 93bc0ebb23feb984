"""What lets strangers' words be run: nothing of it stands in the code that serves them."""

import ast
import re

import pytest

from .tree import ROOT, name, product, tree

SERVING = [
    path
    for path in product()
    if name(path).startswith(("frontrow/services/", "frontrow/web/", "frontrow/chassis/"))
]
RUNS_PROGRAMS = {"subprocess", "os.system", "os.popen", "os.exec", "os.spawn", "pty", "shlex"}
READS_OBJECTS = {"pickle", "marshal", "shelve", "dill", "yaml"}
READS_XML = {"xml.dom", "xml.etree", "xml.parsers", "xml.sax.expatreader", "lxml", "defusedxml"}
RUNS_WORDS = {"eval", "exec", "compile", "__import__"}
RUNS = re.compile(r"os\.(system|popen|exec|spawn|posix_spawn)")
MAKES_SQL = {"execute", "executemany", "raw", "extra", "RawSQL"}
MADE = {  # where a statement is made while we run, and of what
    "frontrow/chassis/copies.py": "names of our own models' columns",
    "frontrow/services/notifications/telling.py": "it is one of those that stand above there",
}
ASKS = {"urllib.request", "urllib3", "http.client", "requests", "aiohttp", "socket", "ftplib", "httpx."}
MARKED = {  # where text is said to be HTML already, once in each, and why it is
    "frontrow/web/templatetags/web.py": "icons are ours, and labels go through format_html",
    "frontrow/web/described.py": "JSON in which no < or > is left",
    "frontrow/chassis/templates/chassis/docs.html": "JSON of a service's name, which is one of six",
    "frontrow/services/notifications/templates/notifications/letter.txt": "plain text, no HTML",
}


def imported() -> dict[str, set[str]]:
    """Every module that the code which serves people imports, by where."""
    found: dict[str, set[str]] = {}
    for path in SERVING:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{each.name}" for each in node.names]
            else:
                continue
            for each in names:
                found.setdefault(each, set()).add(name(path))
    return found


def called() -> list[tuple[str, str, ast.Call]]:
    """Every call, as (where, what, the call)."""
    return [
        (name(path), ast.unparse(node.func), node)
        for path in SERVING for node in ast.walk(tree(path)) if isinstance(node, ast.Call)
    ]  # fmt: skip


def test_there_is_something_to_look_at():
    assert len(SERVING) > 100
    assert len(called()) > 1000


@pytest.mark.parametrize("what", [RUNS_PROGRAMS, READS_OBJECTS, READS_XML])
def test_what_serves_people_imports_nothing_that_runs_or_trusts_their_words(what):
    there = {found: where for found, where in imported().items() if found.startswith(tuple(what))}
    assert there == {}


def test_no_words_are_run():
    assert [(where, what) for where, what, _ in called() if what in RUNS_WORDS] == []
    assert [(where, what) for where, what, _ in called() if RUNS.match(what)] == []


def is_written_down(call: ast.Call) -> bool:
    """Whether a statement is a text that stands there, or a constant of the module: no value can be in it."""
    statement = call.args[0] if call.args else None
    return isinstance(statement, ast.Constant) or (isinstance(statement, ast.Name) and statement.id.isupper())


def test_statements_are_written_down_and_values_passed_beside_them():
    calls = [(where, call) for where, what, call in called() if what.rpartition(".")[2] in MAKES_SQL]
    assert len(calls) > 10
    assert sorted(where for where, call in calls if not is_written_down(call)) == sorted(MADE)


def test_only_addresses_that_are_settings_are_asked():
    """There is one client, which knows no other address; and no other way to ask."""
    asking = {where for where, what, _ in called() if re.fullmatch(r"httpx\.(\w*Client|[a-z]+)", what)}
    assert asking == {"frontrow/chassis/http.py"}
    assert {found: where for found, where in imported().items() if found.startswith(tuple(ASKS))} == {}


def test_text_is_called_html_only_where_it_is_ours():
    pattern = re.compile(r"mark_safe\(|Safe(String|Text)\(|\|\s*safe(seq)?\b|autoescape off|__html__")
    files = [path for kind in ("*.py", "*.html", "*.txt") for path in (ROOT / "frontrow").rglob(kind)]
    texts = {name(path): path.read_text() for path in files if "tests" not in path.parts}
    there = {where: len(pattern.findall(text)) for where, text in texts.items() if pattern.search(text)}
    assert there == dict.fromkeys(MARKED, 1)


def test_an_image_has_no_history_and_no_tests_in_it():
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    assert kept[1] == "*", "all is left out but what is named"
    assert not [line for line in kept if line.startswith("!.")]
    assert "**/tests" in kept
