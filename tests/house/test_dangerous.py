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
MAKES_SQL = {"execute", "executemany", "raw", "extra", "RawSQL"}
MARKED = {  # where text is said to be HTML already, and why it is
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
    assert [(where, what) for where, what, _ in called() if what in {"os.system", "os.popen"}] == []


def test_statements_are_written_down_and_values_passed_beside_them():
    made = [
        (where, ast.unparse(call))
        for where, what, call in called()
        if what.rpartition(".")[2] in MAKES_SQL and call.args
        and any(isinstance(part, ast.JoinedStr | ast.BinOp) or "format" in ast.unparse(part)
                for part in ast.walk(call.args[0]))
    ]  # fmt: skip
    assert made == []


def test_text_is_called_html_only_where_it_is_ours():
    pattern = re.compile(r"mark_safe\(|SafeString\(|\|safe\b|autoescape off")
    files = [path for kind in ("*.py", "*.html", "*.txt") for path in (ROOT / "frontrow").rglob(kind)]
    there = {name(path) for path in files if "tests" not in path.parts and pattern.search(path.read_text())}
    assert there == set(MARKED)


def test_an_image_has_no_history_and_no_tests_in_it():
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    assert kept[1] == "*", "all is left out but what is named"
    assert not [line for line in kept if line.startswith("!.")]
    assert "**/tests" in kept
