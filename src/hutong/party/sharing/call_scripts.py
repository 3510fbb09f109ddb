"""What a seat says to whom (差异化话术, EC-15): texts chosen by class, of the campaign before the rest."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from hutong.identity import Principal
from hutong.party.sharing import facts
from hutong.party.sharing.document_kinds import SCRIPTS, Script
from hutong.platform import documents

Row = dict[str, Any]
MOST = 3


def general(conn: Connection) -> list[Script]:
    """The scripts of every campaign and none."""
    return [script for document in documents.all_in_force(conn, SCRIPTS).values() for script in document.scripts]


def said(viewer: Principal, known: Row, scripts: Sequence[Script]) -> list[Row]:
    """The scripts that hold, in the viewer's language, with why."""
    made = []
    for script in scripts:
        condition = facts.condition(script.when)
        if condition.holds({"customer": known}):
            why = "" if script.when == "true" else facts.sentence(condition, viewer.locale)
            made.append({"title": script.title.of(viewer.locale), "text": script.text.of(viewer.locale), "why": why})
    return made[:MOST]


def facts_named(scripts: Sequence[Script]) -> set[str]:
    """The facts that the conditions of scripts name."""
    return {name for script in scripts for name in facts.names_of(facts.condition(script.when))}
