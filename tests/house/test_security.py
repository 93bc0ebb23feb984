"""docs/security.md tells the truth: nothing of level 1 is missing, and the tests that it names are there.

And each of them would notice: a deliberate defect takes its protection away (`make mutants`).
"""

import re

import pytest

from .test_mutants import ALL, names_in
from .tree import ROOT

LEVEL_1 = [
    "1.2.1",
    "1.2.2",
    "1.2.3",
    "1.2.4",
    "1.2.5",
    "1.3.1",
    "1.3.2",
    "1.5.1",
    "2.1.1",
    "2.2.1",
    "2.2.2",
    "2.3.1",
    "3.2.1",
    "3.2.2",
    "3.3.1",
    "3.4.1",
    "3.4.2",
    "3.5.1",
    "3.5.2",
    "3.5.3",
    "4.1.1",
    "4.4.1",
    "5.2.1",
    "5.2.2",
    "5.3.1",
    "5.3.2",
    "6.1.1",
    "6.2.1",
    "6.2.2",
    "6.2.3",
    "6.2.4",
    "6.2.5",
    "6.2.6",
    "6.2.7",
    "6.2.8",
    "6.3.1",
    "6.3.2",
    "6.4.1",
    "6.4.2",
    "7.2.1",
    "7.2.2",
    "7.2.3",
    "7.2.4",
    "7.4.1",
    "7.4.2",
    "8.1.1",
    "8.2.1",
    "8.2.2",
    "8.3.1",
    "9.1.1",
    "9.1.2",
    "9.1.3",
    "9.2.1",
    "10.4.1",
    "10.4.2",
    "10.4.3",
    "10.4.4",
    "10.4.5",
    "11.3.1",
    "11.3.2",
    "11.4.1",
    "12.1.1",
    "12.2.1",
    "12.2.2",
    "13.4.1",
    "14.2.1",
    "14.3.1",
    "15.1.1",
    "15.2.1",
    "15.3.1",
]  # of ASVS 5.0
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([123]) \| ([^|]+) \| ([^|]+) \| ?([^|]*?) ?\|$", re.MULTILINE)
NAMED = re.compile(r"`([\w/.]+(?:::\w+(?:::\w+)?)?)`")
ROWS = {row[0]: row for row in ROW.findall((ROOT / "docs" / "security.md").read_text())}


def test_all_of_level_1_stands_there():
    assert len(LEVEL_1) == 70
    assert [wanted for wanted in LEVEL_1 if wanted not in ROWS] == []
    assert [wanted for wanted in LEVEL_1 if ROWS[wanted][1] != "1"] == []
    assert [found for found, row in ROWS.items() if row[1] == "1" and found not in LEVEL_1] == []


def test_no_row_is_broken_and_none_stands_twice():
    lines = re.findall(r"^\| \d+\.\d+\.\d+ ", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)
    assert len(lines) == len(ROWS) > 130


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_names_tests_that_exist_or_why_it_does_not_apply(row):
    how, proof = row[3:]
    if not (named := NAMED.findall(proof)):
        assert "does not apply: " in how + proof
    for each in named:
        file, _, name = each.partition("::")
        assert (ROOT / file).exists(), each
        assert not name or name in names_in(file), each


def is_within(inner, outer):
    """Whether a test, class or file is another, or a part of it."""
    return inner == outer or inner.startswith(outer + "::")


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_each_test_that_a_row_names_has_a_defect_that_it_must_notice(row):
    tried = [test for defect in ALL for test in defect.tests]
    for named in NAMED.findall(row[4]):
        assert any(is_within(test, named) or is_within(named, test) for test in tried), named


def test_how_soon_is_said():
    promise = (ROOT / "SECURITY.md").read_text()
    assert re.search(
        r"critical one is replaced within \d+ days, a high one within \d+, others within \d+", promise
    )


def test_what_we_build_on_is_looked_up_by_make_check():
    _, _, check = (ROOT / "Makefile").read_text().partition("\ncheck:")
    assert "tests.audit" in check.partition("\n\n")[0]
