"""The deliberate defects of `make mutants` can still be made: what they change, and the tests they name, are there."""

import ast
from functools import cache

import pytest

from tests.defects import DEFECTS
from tests.weaknesses import WEAKNESSES

from .tree import ROOT, tree

ALL = [*DEFECTS, *WEAKNESSES]
each_defect = pytest.mark.parametrize("defect", ALL, ids=lambda defect: defect.name)


@cache
def names_in(file: str) -> set[str]:
    """The names of a file's tests as pytest has them, and those of its classes."""
    found = set()
    for node in tree(ROOT / file).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            inner = node.body if isinstance(node, ast.ClassDef) else []
            found |= {f"{node.name}::{each.name}" for each in inner if isinstance(each, ast.FunctionDef)}
    return found


@each_defect
def test_its_text_stands_once_in_its_file(defect):
    assert (ROOT / defect.file).read_text().count(defect.text) == 1
    assert defect.text != defect.instead


@each_defect
def test_the_tests_that_catch_it_exist(defect):
    assert defect.tests
    for test in defect.tests:
        file, _, name = test.partition("::")
        assert not name or name in names_in(file)


def test_no_two_have_the_same_name():
    assert len({defect.name for defect in ALL}) == len(ALL) >= 100
