"""Pictures of reports as ECharts options. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from hutong.web.home_charts import GRID

Option = dict[str, Any]
SHADES = {"good": "#6b8f71", "warn": "#c98a2b", "bad": "#b42c1f", "": "#98a2b3"}
MOST_SERIES = 12
SHORTEST = 14
"""Days of a trend at least."""


def gauge(value: float | None, colour: str) -> Option:
    """One share as a ring that fills."""
    shown = 0 if value is None else round(value, 2)
    return {
        "series": [
            {
                "type": "gauge", "startAngle": 210, "endAngle": -30, "radius": "98%", "center": ["50%", "56%"],
                "progress": {"show": value is not None, "width": 14, "roundCap": True,
                             "itemStyle": {"color": SHADES[colour]}},
                "axisLine": {"roundCap": True, "lineStyle": {"width": 14, "color": [[1, "#eef0f3"]]}},
                "pointer": {"show": False}, "axisTick": {"show": False}, "splitLine": {"show": False},
                "axisLabel": {"show": False}, "anchor": {"show": False},
                "detail": {"valueAnimation": False, "offsetCenter": [0, "-4%"], "fontSize": 27, "fontWeight": 650,
                           "color": "#1d2430", "formatter": "–" if value is None else "{value}%"},
                "data": [{"value": shown}],
            }
        ]
    }  # fmt: skip


def heat(columns: Sequence[str], rows: Sequence[str], cells: Sequence[tuple[int, int, float, str]]) -> Option:
    """Shares by two dimensions; each cell (column, row, percent, address) leads somewhere."""
    return {
        "grid": GRID | {"right": 8, "top": 30},
        "tooltip": {"position": "top"},
        "xAxis": {"type": "category", "data": list(columns), "position": "top", "axisTick": {"show": False},
                  "axisLine": {"show": False}, "axisLabel": {"interval": 0, "overflow": "truncate", "width": 90}},
        "yAxis": {"type": "category", "data": list(rows), "inverse": True, "axisTick": {"show": False},
                  "axisLine": {"show": False}, "axisLabel": {"width": 130, "overflow": "truncate"}},
        "visualMap": {"type": "piecewise", "show": False, "dimension": 2, "pieces": [
            {"lt": 80, "color": "#f2b8b1"}, {"gte": 80, "lt": 90, "color": "#f8dcc4"},
            {"gte": 90, "lt": 98, "color": "#f6eccb"}, {"gte": 98, "color": "#cfe5d6"}]},
        "series": [{"type": "heatmap", "label": {"show": True, "formatter": "{@[2]}%", "color": "#344054"},
                    "itemStyle": {"borderColor": "#fff", "borderWidth": 3, "borderRadius": 4},
                    "emphasis": {"itemStyle": {"borderColor": "#4a6fa5", "borderWidth": 2}},
                    "data": [{"value": [x, y, round(value, 1)], "href": href} for x, y, value, href in cells]}],
    }  # fmt: skip


def first_of(series: Mapping[str, Sequence[Any]]) -> int:
    """Where to begin a trend: the first place with a value, but so that a fortnight shows."""
    length = max((len(line) for line in series.values()), default=0)
    filled = [at for line in series.values() for at, value in enumerate(line) if value is not None]
    return (
        max(min([*filled, length]) - 1, 0) if length - min([*filled, length]) > SHORTEST else max(length - SHORTEST, 0)
    )


def lines(days: Sequence[date], series: Mapping[str, Sequence[Any]], *, percent: bool, form: str = "%m-%d") -> Option:
    """Values over days; a day without one is a gap in the line, never a zero. Single days are dots."""
    begun = first_of(series)
    days, series = days[begun:], {name: line[begun:] for name, line in series.items()}
    values = [value for line in series.values() for value in line if value is not None]
    axis: Option = {"type": "value", "scale": percent, "axisLabel": {"formatter": "{value}%" if percent else "{value}"}}
    if percent and values:
        axis |= {"max": 100, "min": max(0, int(min(values)) // 5 * 5 - 5)}
    return {
        "grid": GRID | {"top": 34, "right": 28},
        "tooltip": {"trigger": "axis", "order": "valueDesc"},
        "legend": {"top": 0, "left": 0, "type": "scroll", "itemWidth": 12, "itemHeight": 8},
        "xAxis": {"type": "category", "boundaryGap": False, "data": [day.strftime(form) for day in days]},
        "yAxis": axis,
        "series": [
            {"type": "line", "name": name, "data": list(line), "connectNulls": False, "showSymbol": True,
             "symbolSize": 5, "lineStyle": {"width": 2}}
            for name, line in list(series.items())[:MOST_SERIES]
        ],
    }  # fmt: skip


def stacked(days: Sequence[date], series: Mapping[str, Sequence[Any]]) -> Option:
    """Counts over days, one on the other; days without figures stay empty."""
    made = lines(days, series, percent=False)
    made["xAxis"]["boundaryGap"] = True
    made["yAxis"] = {"type": "value", "minInterval": 1}
    for one in made["series"]:
        one.update({"type": "bar", "stack": "all", "barMaxWidth": 26})
    return made


def ring(parts: Sequence[tuple[str, int, str]]) -> Option:
    """Parts of a whole: (words, count, address). Slivers are told by the pointer and the table alone."""
    return {
        "tooltip": {"formatter": "{b}: {c} ({d}%)"},
        "series": [{"type": "pie", "radius": ["42%", "66%"], "percentPrecision": 1, "minShowLabelAngle": 4,
                    "label": {"formatter": "{b}\n{c} ({d}%)", "lineHeight": 15, "overflow": "none"},
                    "data": [{"name": words, "value": count, "href": href} for words, count, href in parts]}],
    }  # fmt: skip


def bars(parts: Sequence[tuple[str, float, str]], *, percent: bool) -> Option:
    """A ranking: (words, value, address), the first on top."""
    shown = list(reversed(parts[:15]))
    return {
        "grid": GRID | {"top": 4, "right": 56},
        "tooltip": {},
        "xAxis": {"type": "value", "show": False, **({"max": 100} if percent else {})},
        "yAxis": {"type": "category", "data": [words for words, _, _ in shown], "axisTick": {"show": False},
                  "axisLine": {"show": False}, "axisLabel": {"width": 160, "overflow": "truncate"}},
        "series": [{"type": "bar", "barMaxWidth": 18, "label": {"show": True, "position": "right",
                    "formatter": "{c}%" if percent else "{c}"},
                    "itemStyle": {"color": "#4a6fa5", "borderRadius": 3},
                    "data": [{"value": round(value, 1), "href": href} for _, value, href in shown]}],
    }  # fmt: skip
