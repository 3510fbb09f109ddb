"""An order's trace as a flow: one lane per business order; steps in order, compensations beneath in reverse. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hutong.web.words_of_codes import word

COLOURS = {
    "done": "good",
    "failed": "bad",
    "running": "busy",
    "ready": "busy",
    "awaiting": "busy",
    "backoff": "warn",
    "skipped": "off",
    "cancelled": "off",
    "blocked": "off",
    "undone": "warn",
}


@dataclass(frozen=True)
class Drawn:
    """A step as drawn."""

    id: int
    words: str
    state: str
    colour: str
    began: datetime | None
    ended: datetime | None
    reason: str | None
    attempts: int
    waits_for: tuple[str, ...]


@dataclass(frozen=True)
class Lane:
    """A business order as drawn: its steps forward, what undid them backward, what it depends on."""

    part: Mapping[str, Any]
    forward: list[Drawn]
    backward: list[Drawn]
    needs: list[str]


def lanes(parts: Sequence[Mapping[str, Any]], locale: str) -> list[Lane]:
    """The lanes of an order in the order of its business orders."""
    numbers = {part["id"]: f"{part['number']} {part.get('name', part['product'])}" for part in parts}
    places = {step["id"]: (part, step) for part in parts for step in part["steps"]}
    return [
        Lane(
            part,
            [drawn(step, part, places, locale) for step in part["steps"] if not backward(step)],
            [drawn(step, part, places, locale) for step in part["steps"] if backward(step)],
            [numbers.get(id, str(id)) for id in part["needs"]],
        )
        for part in parts
    ]


def backward(step: Mapping[str, Any]) -> bool:
    """Whether a step undoes another, or closes what was undone."""
    return step["undoes"] is not None or step["kind"] == "close"


def drawn(step: Mapping[str, Any], part: Mapping[str, Any], places: Mapping[int, Any], locale: str) -> Drawn:
    """One step; what it waits for is named only across lanes, and only while it waits."""
    others = [places[id] for id in step["after"] if id in places and places[id][0]["id"] != part["id"]]
    waiting = [
        f"{p['number']} {name(s, locale)}"
        for p, s in others
        if step["state"] == "blocked" and s["state"] not in ("done", "skipped")
    ]
    return Drawn(
        step["id"],
        name(step, locale),
        step["state"],
        COLOURS.get(step["state"], ""),
        step["started_at"] or step["ready_at"],
        step["finished_at"],
        word("web-cause-of", step["reason"], locale) if step["reason"] else None,
        step["attempts"],
        tuple(waiting),
    )


def name(step: Mapping[str, Any], locale: str) -> str:
    """The template's word for a step; a compensation is named by its kind."""
    given: str | None = step["name_zh"] if locale == "zh-CN" else step["name_en"]
    return given or word("web-step", step["kind"], locale)
