"""Words that have no place here."""

import re

from .tree import ROOT, files, name, product, texts

EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "base", "core", "manager", "managers"}
MACHINE_PATHS = ["/" + "work/", "/" + "home/", ".." + "/shared", "/" + "Users/", "C:" + "\\"]


def test_no_file_or_folder_has_a_name_that_says_nothing():
    parts = {part.split(".")[0] for path in files() for part in path.relative_to(ROOT).parts}
    assert parts & EMPTY_NAMES == set()


def test_nothing_is_left_for_later():
    unfinished = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
    assert [name(path) for path in product() if unfinished.search(path.read_text())] == []


def test_no_file_knows_the_machine_it_was_written_on():
    assert [(where, path) for where, text in texts() for path in MACHINE_PATHS if path in text] == []


def test_text_files_are_utf8_with_unix_lines_and_end_with_one():
    assert [where for where, text in texts() if "\r\n" in text or (text and not text.endswith("\n"))] == []
