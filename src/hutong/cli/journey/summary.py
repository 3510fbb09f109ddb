"""The summary of the journey: counts, rates and audits as tables; and the invitation to look around."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from hutong.cli.journey.story import Told
from hutong.cli.words import t, word
from hutong.platform.money import to_decimal


def show(console: Console, told: Told) -> bool:
    """Print what was done and whether every audit holds. Returns the latter."""
    for table in (_masters(told), _insured(told), _quality(told), _orders(told), _billing(told), _audits(told)):
        console.print(table)
    holds = all(audit.holds for audit in told.audits)
    console.print(t("journey-holds" if holds else "journey-fails"), style="bold green" if holds else "bold red")
    return holds


def invite(console: Console, address: str, passwords: Mapping[str, str]) -> None:
    """Say where to look and how to sign in."""
    console.print(t("journey-look", address=address), style="bold")
    table = Table(t("journey-login"), t("journey-password"), t("journey-begins-with"), box=None)
    for login, password in passwords.items():
        table.add_row(login, password, t(f"journey-begins-{login}"))
    console.print(table)
    console.print(t("journey-stop"))


def _table(title: str, *columns: str) -> Table:
    made = Table(title=t(title), title_justify="left", show_edge=False, pad_edge=False)
    for number, column in enumerate(columns):
        made.add_column(t(column), justify="left" if number == 0 else "right")
    return made


def _rate(count: int, seconds: float) -> str:
    return f"{count / seconds:,.0f}/s" if seconds else ""


def _masters(told: Told) -> Table:
    made = _table(
        "journey-masters", "journey-source", "journey-rows", "journey-admitted", "journey-rejected", "journey-rate"
    )
    found = told.masters
    rows = 0
    for source, load in found.loads.items():
        rows += load.rows
        counts = (f"{count:,}" for count in (load.rows, load.admitted, load.rejected))
        made.add_row(word(f"cli-source-{source}", source), *counts, "")
    made.add_row(t("journey-all"), f"{rows:,}", "", "", _rate(rows, found.load_seconds))
    resolved = found.resolved
    made.add_row(
        t("journey-resolved", parties=resolved.parties, suspects=found.waiting_suspects),
        f"{resolved.records:,}",
        "",
        "",
        _rate(resolved.records, found.resolve_seconds),
    )
    held = told.cut_over
    made.add_row(t("journey-held"), f"{held.products:,}", "", f"{held.refused:,}", _rate(held.products, held.seconds))
    return made


def _insured(told: Told) -> Table:
    made = _table("journey-insurer", "journey-what", "journey-count", "journey-customers", "journey-rate")
    found = told.masters.insured
    stated = sum(count for count, _ in found.held.values())
    for area, (count, customers) in found.held.items():
        made.add_row(t(f"web-information-{area}"), f"{count:,}", f"{customers:,}", "")
    made.add_row(t("journey-all"), f"{stated:,}", "", _rate(stated, found.seconds))
    made.add_row(t("journey-households"), f"{found.households.households:,}", f"{found.households.members:,}", "")
    made.add_row(t("journey-due"), f"{found.due:,}", "", "")
    made.add_row(t("journey-both"), "", f"{found.both:,}", "")
    return made


def _quality(told: Told) -> Table:
    made = _table(
        "journey-quality", "journey-against", "journey-precision", "journey-recall", "journey-f1", "journey-b3"
    )
    scores = dict(told.masters.scores)
    if told.chicago:
        scores["chicago"] = told.chicago
    for name, found in scores.items():
        figures = (found.precision, found.recall, found.f1, found.b3_f1)
        made.add_row(t(f"journey-truth-{name}"), *(f"{figure:.4f}" for figure in figures))
    return made


def _orders(told: Told) -> Table:
    made = _table("journey-orders", "journey-channel", "journey-count")
    for channel, count in told.ordered.channels.items():
        made.add_row(word(f"journey-channel-{channel}", channel), f"{count:,}")
    states = list(told.ordered.states.values())
    for state in sorted(set(states)):
        made.add_row(t("journey-state", state=state), f"{states.count(state):,}")
    made.add_row(t("journey-fused", state=told.ordered.states[told.ordered.fused]), told.ordered.fused)
    made.add_row(t("journey-fused", state=told.ordered.states[told.ordered.fused_failing]), told.ordered.fused_failing)
    return made


def _billing(told: Told) -> Table:
    made = _table("journey-billing", "journey-what", "journey-count", "journey-amount", "journey-rate")
    found = told.billed
    collected = found.collected
    made.add_row(
        t("journey-usage", duplicates=collected.duplicates, quarantined=collected.quarantined),
        f"{collected.records:,}",
        "",
        _rate(collected.records, found.collect_seconds),
    )
    events = sum(report.events for report in found.rated.values())
    charged = sum(report.charge_micros for report in found.rated.values())
    made.add_row(t("journey-events"), f"{events:,}", f"{to_decimal(charged):,.2f}", _rate(events, found.rate_seconds))
    for cycle, report in found.bills.items():
        made.add_row(t("journey-cycle", cycle=cycle), f"{report.bills:,}", f"{to_decimal(report.total_micros):,}", "")
    return made


def _audits(told: Told) -> Table:
    made = _table("journey-audits", "journey-audit", "journey-expected", "journey-found", "journey-verdict")
    for audit in told.audits:
        verdict = "[green]✓[/]" if audit.holds else "[red]✗[/]"
        made.add_row(audit.name, f"{audit.expected:,}", f"{audit.found:,}", verdict)
    return made
