"""Pictures of the workbench as ECharts options. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hutong.platform.settings import settings
from hutong.web.words_of_codes import colour, word

COLOURS = {"good": "#6b8f71", "bad": "#b42c1f", "busy": "#4a6fa5", "warn": "#c98a2b", "": "#98a2b3"}
GRID = {"left": 4, "right": 12, "top": 28, "bottom": 4, "outerBoundsMode": "same", "outerBoundsContain": "axisLabel"}
"""A plot whose axes' names stay inside of the picture."""
Option = dict[str, Any]

LONG = 16
"""Characters from which systems are told on two lines, broken between two of them."""


def by_time(rows: Sequence[Mapping[str, Any]], locale: str) -> Option:
    """Orders accepted per hour, stacked by state. Rows: hour, state, orders."""
    hours = sorted({row["hour"] for row in rows})
    states = sorted({row["state"] for row in rows})
    counts = {(row["hour"], row["state"]): row["orders"] for row in rows}
    return {
        "grid": GRID,
        "tooltip": {"trigger": "axis"},
        "legend": {"top": 0, "right": 0, "itemWidth": 10, "itemHeight": 10},
        "xAxis": {"type": "category", "data": [clock_words(hour) for hour in hours]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "type": "bar",
                "stack": "orders",
                "barMaxWidth": 28,
                "name": word("ordering-state", state, locale),
                "itemStyle": {"color": COLOURS[colour(state)]},
                "data": [counts.get((hour, state), 0) for hour in hours],
            }
            for state in states
        ],
    }


def clock_words(hour: datetime) -> str:
    """An hour of a business day, briefly."""
    return hour.astimezone(settings.zone).strftime("%m-%d %H:00")


def by_state(counts: Mapping[str, int], locale: str) -> Option:
    """Orders by state as a ring; a click opens the list."""
    return {
        "tooltip": {},
        "series": [
            {
                "type": "pie",
                "radius": ["52%", "76%"],
                "label": {"formatter": "{b} {c}"},
                "data": [
                    {
                        "name": word("ordering-state", state, locale),
                        "value": count,
                        "href": f"/orders?state={state}",
                        "itemStyle": {"color": COLOURS[colour(state)]},
                    }
                    for state, count in counts.items()
                ],
            }
        ],
    }


def by_source(rows: Sequence[tuple[str, int]]) -> Option:
    """Customers by the set of systems that know them."""
    shown = list(reversed(rows[:7]))
    return {
        "grid": GRID | {"top": 4, "right": 48},
        "tooltip": {},
        "xAxis": {"type": "value", "show": False},
        "yAxis": {
            "type": "category",
            "data": [name.replace(" + ", " +\n", 1) if len(name) > LONG else name for name, _ in shown],
            "axisLabel": {"lineHeight": 15},
            "axisTick": {"show": False},
            "axisLine": {"show": False},
        },
        "series": [
            {
                "type": "bar",
                "barMaxWidth": 16,
                "data": [count for _, count in shown],
                "itemStyle": {"color": "#4a6fa5", "borderRadius": 3},
                "label": {"show": True, "position": "right"},
            }
        ],
    }
