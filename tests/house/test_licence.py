"""Frontrow is free software, and says so the same way everywhere."""

import hashlib
import tomllib

from .tree import ROOT

APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"  # as apache.org has it


def test_the_licence_is_the_text_of_apache_2_to_the_letter():
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2


def test_the_project_says_the_same():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert "Apache" in (ROOT / project["readme"]).read_text()
