"""The story from messy source records to a bill that adds up, told chapter by chapter."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hutong.cli.journey import audits, bills, desk, holdings, masters, orders, preparation
from hutong.cli.journey.audits import Audit
from hutong.party.offline.score import Score
from hutong.platform.settings import settings

CATALOG_FROM = datetime(2020, 1, 1, tzinfo=settings.zone)
Say = Callable[..., None]


@dataclass(frozen=True)
class Told:
    """What the journey did, for the summary."""

    masters: masters.Masters
    chicago: Score | None
    cut_over: holdings.CutOver
    ordered: orders.Ordered
    billed: bills.Billed
    audits: list[Audit]


def tell(sample: Path, prepared: preparation.Prepared, address: str, peers: str, say: Say) -> Told:
    """All chapters, on a prepared and running installation. Repeatable: what is there already is not done again."""
    say("journey-chapter-masters")
    mastered = masters.bring_in(sample, say)
    chicago = masters.resolve_chicago()
    say("journey-chapter-holdings")
    preparation.fill_pools(sample)
    held = holdings.cut_over(sample)
    say("journey-chapter-orders")
    ordered = orders.place_orders(address, peers, prepared.keys, sample)
    say("journey-chapter-bills")
    billed = bills.bill(sample, say)
    say("journey-chapter-desk")
    desk.work(preparation.principals(), sample, say)
    say("journey-chapter-audits")
    return Told(mastered, chicago, held, ordered, billed, audits.all_audits())
