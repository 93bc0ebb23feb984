"""The database follows the models, and old code runs beside new."""

import re
from io import StringIO

import pytest
from django.core.management import call_command

from .tree import ROOT, name

CREATE = re.compile(r"CREATE (OR REPLACE )?(?:FUNCTION|PROCEDURE)\s+(\w+)", re.IGNORECASE)
SCRIPTS = sorted(path for path in (ROOT / "frontrow").rglob("migrations/*") if path.suffix in (".py", ".sql"))


@pytest.mark.django_db
def test_no_model_waits_for_a_migration():
    told = StringIO()
    try:
        call_command("makemigrations", check_changes=True, dry_run=True, stdout=told)
    except SystemExit:
        pytest.fail(f"Run `make migrations`:\n{told.getvalue()}")
    assert "No changes detected" in told.getvalue()


def test_there_are_functions_of_ours_to_check():
    assert any(CREATE.search(path.read_text()) for path in SCRIPTS)


@pytest.mark.parametrize("path", [p for p in SCRIPTS if CREATE.search(p.read_text())], ids=name)
def test_a_function_has_its_service_and_a_version_in_its_name_and_is_never_replaced(path):
    service = path.parts[-3]
    for replaced, function in CREATE.findall(path.read_text()):
        assert re.fullmatch(rf"{service}_\w+_v\d+", function)
        assert not replaced
