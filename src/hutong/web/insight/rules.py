"""Quality rules (EC-18): how each fares, the records that break it, and the document they are written in."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal, require
from hutong.insight import queries
from hutong.insight.report import Row
from hutong.party.quality import failures
from hutong.party.quality.rules import DIMENSIONS, LEAD, READ, QualityRule
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.web import actors, words_of_codes
from hutong.web.insight import charts, downloads, words
from hutong.web.shell import render, show_phone, show_time

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Query(max_length=100)]
GOLDEN = "-"
"""How addresses name the golden records, which come from no source."""
HIDDEN = ("attributes", "issues")


def source_of(asked: str) -> str:
    """A source as results name it."""
    return "" if asked == GOLDEN else asked


def standing(viewer: Principal, source: str) -> dict[str, Row]:
    """Rule → checked and failed on the newest measured day, of one source or all."""
    sums: dict[str, Row] = {}
    for dimension in DIMENSIONS:
        for row in queries.figures(viewer, dimension).rows:
            if not source or row["source"] == source_of(source):
                into = sums.setdefault(row["rule"], {"checked": 0, "failed": 0})
                into["checked"] += row["checked"]
                into["failed"] += row["failed"]
    return sums


@router.get("/quality/rules")
def rules_page(request: Request, session: SignedInSession, dimension: Code = "", source: Code = "") -> Response:
    """All rules in force with how they fare, by dimension and severity."""
    viewer, locale = session.viewer, locale_of(request)
    require(viewer, READ)
    document = words.quality_rules()
    found = standing(viewer, source)
    rows = [
        {
            "rule": rule,
            "checked": found.get(rule.rule, {}).get("checked", 0),
            "failed": found.get(rule.rule, {}).get("failed", 0),
        }
        for rule in sorted(document.rules, key=lambda rule: (DIMENSIONS.index(rule.dimension), -rule.severity))
        if not dimension or rule.dimension == dimension
    ]
    rows = [row | {"share": 100 * (1 - row["failed"] / row["checked"]) if row["checked"] else None} for row in rows]
    context = {
        "rows": [row for row in rows if not source or row["checked"]],
        "document": document,
        "dimensions": DIMENSIONS,
        "dimension": dimension,
        "source": source,
        "sources": sources(viewer, locale),
        "leads": viewer.may(LEAD),
        "words": words,
    }
    return render(request, "insight/rules.html", context, session)


def sources(viewer: Principal, locale: str) -> list[tuple[str, str]]:
    """Sources that were measured, with names; golden records first."""
    codes = sorted({row["source"] for name in DIMENSIONS for row in queries.figures(viewer, name).rows})
    return [(code or GOLDEN, named_source(code, locale)) for code in codes]


def named_source(code: str, locale: str) -> str:
    """A source's name; golden records come from none."""
    return actors.source_name(code, locale) if code else translate("insight-golden", locale)


def labels(rule: QualityRule, locale: str) -> dict[str, str]:
    """What a rule's conditions name, in words."""
    named = {f"record.{name}": words_of_codes.word("web-field", name, locale) for name in rule.fields}
    return named | {name: translate(f"web-quality-{name}", locale) for name in ("today", "now")}


def columns(rule: QualityRule, locale: str) -> list[dict[str, Any]]:
    """The list of failing records: who, where from, and what the rule looks at."""

    def head(name: str) -> str:
        return words_of_codes.word("web-field", name, locale)

    looked = [field for field in failures.shown_fields(rule) if field not in ("name", "kind", *HIDDEN)]
    name = {"field": "name", "headerName": head("name"), "kind": "link", "href": "/customers/{number}"}
    where = (("source_code", "insight-dimension-source", 150), ("branch_code", "insight-contributor-branch", 120),
             ("entered_by", "insight-contributor-clerk", 110))  # fmt: skip
    return [
        {**name, "minWidth": 130, "flex": 2},
        *({"field": field, "headerName": head(field), "minWidth": 130, "flex": 1} for field in looked),
        *(
            {"field": field, "headerName": translate(words, locale), "width": width, "narrow": False}
            for field, words, width in where
        ),
    ]


def in_words(name: str, value: Any, locale: str) -> Any:
    """A field of a failing record for people."""
    if isinstance(value, datetime):
        return show_time(value)
    if name == "kind":
        return words_of_codes.code("party_kind", value, locale)
    if name in ("id_type", "gender"):
        return words_of_codes.code(name, value, locale)
    return value if value is None or isinstance(value, int) else str(value)


def shown(row: Row, rule: QualityRule, locale: str) -> Row:
    """A failing record in words."""
    made = {name: row[name] for name in failures.shown_fields(rule) if name not in HIDDEN}
    for name in ("mobile", "phone", "other_phone"):
        if name in made:
            made[name] = show_phone(made[name])
    return {
        **{name: in_words(name, value, locale) for name, value in made.items()},
        "number": row["party_id"] or "",
        "source_code": named_source(row["source_code"], locale),
        "branch_code": row["branch_code"],
        "entered_by": words.contributor_words(row["entered_by"], locale),
    }  # fmt: skip


def filters_of(source: str, branch: str, contributor: str) -> dict[str, str]:
    """The filters that were asked."""
    asked = {"branch": branch, "contributor": contributor}
    return {name: value for name, value in asked.items() if value} | ({"source": source_of(source)} if source else {})


@router.get("/quality/rules/{rule}")
def rule_page(request: Request, session: SignedInSession, rule: str, source: Code = "") -> Response:
    """One rule: what it asks, its trend, where it fails, and the records that break it."""
    viewer, locale = session.viewer, locale_of(request)
    found = failures.rule_named(viewer, rule)
    span, series = queries.trend(viewer, found.dimension, 60, by="rule")
    by_source = [row for row in queries.figures(viewer, found.dimension).rows if row["rule"] == rule]
    context = {
        "rule": found,
        "said": found.test.explain(locale, labels(found, locale)) if found.test else "",
        "applies": found.condition.explain(locale, labels(found, locale)) if found.applies != "true" else "",
        "trend": charts.lines(span, {found.name(locale): series.get(rule, [])}, percent=True),
        "by_source": sorted(by_source, key=lambda row: -row["failed"]),
        "columns": columns(found, locale),
        "query": request.url.query,
        "source": source,
        "words": words,
    }
    return render(request, "insight/rule.html", context, session)


@router.get("/quality/rules/{rule}/rows")
def rule_rows(
    request: Request,
    session: SignedInSession,
    rule: str,
    *,
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    source: Code = "",
    branch: Code = "",
    contributor: Code = "",
) -> dict[str, Any]:
    """Records that break the rule, after a key."""
    found = failures.rule_named(session.viewer, rule)
    filters = filters_of(source, branch, contributor)
    rows = failures.failing(session.viewer, rule, filters, after=after, limit=limit)
    locale = locale_of(request)
    return {
        "rows": [shown(row, found, locale) for row in rows],
        "next": rows[-1]["record_id"] if len(rows) == limit else None,
    }


@router.get("/quality/rules/{rule}/export.{form}")
def rule_export(
    request: Request,
    session: SignedInSession,
    rule: str,
    form: Literal["csv", "xlsx"],
    *,
    source: Code = "",
    branch: Code = "",
    contributor: Code = "",
) -> Response:
    """The records that break the rule as a file, for those who are to mend them."""
    viewer, locale = session.viewer, locale_of(request)
    found = failures.rule_named(viewer, rule)
    fields = [field for field in failures.shown_fields(found) if field not in HIDDEN]
    head = [words_of_codes.word("web-field", name, locale) for name in fields]
    names = ["record_id", "party_id", "source_code", "branch_code", "entered_by"]
    rows = failures.every_failing(viewer, rule, filters_of(source, branch, contributor))
    return downloads.download(
        form,
        f"quality-{rule}",
        found.name(locale),
        [*(translate(f"web-quality-{name}", locale) for name in names), *head],
        ([*(row[name] for name in names), *(row[name] for name in fields)] for row in rows),
    )
