"""What we build on is pinned by version and content, and comes from wherever the installer is told."""

import re
import tomllib

import pytest

from .tree import ROOT, texts

RUNTIME, DEV = "requirements.lock", "requirements-dev.lock"
PIN = re.compile(r"([a-z0-9-]+)(\[[a-z,-]+\])?==(\S+)( ; .+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
REGISTRIES = [
    "py" + "pi.org", "python" + "hosted.org", "npm" + "js.", "crates" + ".io", "ruby" + "gems.org",
    "--index" + "-url", "--extra-index" + "-url", "--find" + "-links", "PIP_" + "INDEX", "UV_" + "INDEX",
]  # fmt: skip


def pins(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Version and hashes of everything in a lock, by name; every line is a pin, a hash or a comment."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    joined = (ROOT / lock).read_text().replace("\\\n", "")
    for line in joined.splitlines():
        if not line.strip() or line.strip().startswith("#"):
            continue
        pin, *hashes = re.split(r"\s+(?=--hash)", line.strip())
        package, _, version, _ = PIN.fullmatch(pin).groups()
        assert hashes, line
        assert all(HASH.fullmatch(each) for each in hashes), line
        assert package not in found, line
        found[package] = version, frozenset(hashes)
    return found


def wanted(*extras: str) -> set[str]:
    """The names that pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + [x for e in extras for x in project["optional-dependencies"][e]]
    return {re.match(r"[A-Za-z0-9-]+", line)[0].lower() for line in lines}


@pytest.mark.parametrize("lock", [RUNTIME, DEV])
def test_everything_is_pinned_by_version_and_hash(lock):
    assert len(pins(lock)) > 20


def test_what_is_asked_for_is_locked():
    assert wanted() <= set(pins(RUNTIME))
    assert wanted("dev") <= set(pins(DEV))


def test_tests_run_on_what_the_product_runs_on():
    runtime, dev = pins(RUNTIME), pins(DEV)
    assert {package: dev.get(package) for package in runtime} == runtime


def test_no_file_names_a_package_registry():
    assert [(name, address) for name, text in texts() for address in REGISTRIES if address in text] == []
