"""Who may import whom: the contracts of pyproject.toml hold, and leave nobody out."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from .tree import ROOT, name, product, services

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
CHASSIS = [path for path in product() if path.parent.name == "chassis"]


def test_every_import_contract_is_kept():
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_contracts_leave_no_service_out():
    all_of_them = {f"frontrow.services.{service}" for service in services()}
    (independent,) = [c["modules"] for c in CONTRACTS if c["type"] == "independence"]
    downhill = [c["containers"][0] for c in CONTRACTS if c["type"] == "layers" and "containers" in c]
    (pure,) = [c["source_modules"] for c in CONTRACTS if "pure" in c["name"]]
    assert set(independent) == all_of_them
    assert set(downhill) == all_of_them | {"frontrow.web"}
    assert set(pure) == {f"{service}.rules" for service in all_of_them}


def test_no_contract_makes_an_exception():
    assert [c["name"] for c in CONTRACTS if "ignore_imports" in c] == []


def test_the_chassis_names_no_service_to_import():
    needles = re.compile(r"frontrow\.services|import_module|__import__|import_string")
    assert CHASSIS
    assert [name(path) for path in CHASSIS if needles.search(path.read_text())] == []
