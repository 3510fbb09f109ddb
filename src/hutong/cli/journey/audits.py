"""Audits across centers: two sides that must agree. The demo exits 0 only if every one holds."""

from typing import NamedTuple

from hutong.billing import audit as billing_audit
from hutong.cli.billing import audit_in_words
from hutong.cli.words import t
from hutong.identity import SYSTEM
from hutong.ordering import monitoring
from hutong.party.reading import audit as party_audit
from hutong.platform import database, history, migrations
from hutong.platform.dead_letters import parked
from hutong.platform.worker import speaking


class Audit(NamedTuple):
    """What was compared, what is expected, what was found."""

    name: str
    expected: int
    found: int

    @property
    def holds(self) -> bool:
        """Whether the two sides agree."""
        return self.expected == self.found


def histories() -> list[Audit]:
    """Per center: versions that leave a gap, overlap, or differ from the table in use (BL-04)."""
    made = []
    for center in migrations.installed():
        with database.read(center) as conn:
            faults = history.check_center(conn, migrations.tables_of(center).metadata)
        made.append(Audit(t("journey-audit-histories", center=center), 0, len(faults)))
    return made


def orders() -> list[Audit]:
    """Orders neither final nor in the exception list with a reason (OC-11)."""
    return [Audit(t("journey-audit-orders"), 0, monitoring.unexplained(SYSTEM))]


def letters() -> list[Audit]:
    """Events that a subscriber gave up on."""
    dead = sum(len(parked(center)) for center in speaking())
    return [Audit(t("journey-audit-letters"), 0, dead)]


def billing() -> list[Audit]:
    """Usage in = rated + duplicate + quarantined, rated = billed, and what else billing compares (BL-05, BL-15)."""
    made = []
    for row in billing_audit.audit(SYSTEM):
        message, what = "journey-audit-cycle" if row.cycle else "journey-audit-billing", audit_in_words(row.name)
        made.append(Audit(t(message, cycle=row.cycle, what=what), row.expected, row.found))
    return made


def customers() -> list[Audit]:
    """Rows told and rows kept, records, loads and parties (EC-03, EC-05)."""
    return [Audit(t(f"party-audit-{row.name}"), row.expected, row.found) for row in party_audit.audit(SYSTEM)]


def all_audits() -> list[Audit]:
    """Every audit, in the order of the story."""
    return [*customers(), *orders(), *billing(), *histories(), *letters()]
