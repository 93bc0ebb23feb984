"""The story of a finding: healed if it may be, and written down; closed once it is seen no more."""

from collections.abc import Callable, Iterable
from datetime import datetime

import structlog

from frontrow.chassis import metrics
from frontrow.services.payments import rules
from frontrow.services.payments.models import Finding

log = structlog.get_logger(__name__)
Heal = Callable[[], str]  # what it leaves the finding as: open, healing or healed
Found = tuple[Finding, Heal | None]  # without what heals it, it is for a person


def see_to(found: Iterable[Found], now: datetime) -> list[Finding]:
    """Heal what was found, unless that was in vain before, and write it down; all of it, as it is then."""
    return [_seen_to(finding, heal, now) for finding, heal in found]


def _seen_to(finding: Finding, heal: Heal | None, now: datetime) -> Finding:
    known = Finding.objects.filter(kind=finding.kind, about=finding.about, closed_at=None)
    finding.tries = known.values_list("tries", flat=True).first() or 0
    if heal and finding.tries < rules.MOST_TRIES:
        finding.tries += 1
        finding.state = _healed(finding, heal)
    log.error("found", kind=finding.kind, about=finding.about, details=finding.details,
              state=finding.state, tries=finding.tries)  # fmt: skip
    return Finding.objects.note(finding, now)


def _healed(finding: Finding, heal: Heal) -> str:
    """One that cannot be healed keeps no other waiting."""
    try:
        return heal()
    except Exception:
        metrics.FAULTS.labels("reconciling").inc()
        log.exception("not_healed", kind=finding.kind, about=finding.about)
        return rules.OPEN
