"""What docs/operations.md says of the settings is what they are."""

import re

from tests import reference

from .tree import ROOT


def test_every_setting_is_in_the_reference():
    assert reference.written() == reference.wanted(), "run `make reference`"


def test_every_alert_has_a_run_book():
    rules = "\n".join(path.read_text() for path in (ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"))
    alerts = re.findall(r"alert: (\w+)", rules)
    assert len(alerts) > 10
    headings = re.findall(r"^### (\w+)$", reference.OPERATIONS.read_text(), re.MULTILINE)
    assert sorted(alerts) == sorted(headings)
    links = re.findall(r"runbook_url: (\S+)", rules)
    assert links == [f"docs/operations.md#{alert.lower()}" for alert in alerts]
