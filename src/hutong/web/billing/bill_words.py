"""A line of a bill in words, and why it costs what it costs: the rule, its version, the numbers. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from hutong.billing.pricing.units import CYCLE, UNITS
from hutong.catalog.document import Kind
from hutong.catalog.price_plan import PricePlan, Section
from hutong.catalog.snapshot import Catalog
from hutong.platform.errors import NotFound
from hutong.platform.i18n import translate
from hutong.platform.money import to_decimal
from hutong.web.catalog import price_words
from hutong.web.words_of_codes import word

Line = Mapping[str, Any]


def plan_of(catalog: Catalog, line: Line) -> PricePlan | None:
    """The price plan, in the version that priced the line; none for one-off charges of orders."""
    try:
        return catalog.price_plan(line["plan"], line["version"])
    except NotFound:
        return None


def path_to(sections: Sequence[Section], code: str) -> list[Section]:
    """The nodes from the root of the selection tree to a section."""
    for section in sections:
        if section.code == code:
            return [section]
        if below := path_to(section.sections, code):
            return [section, *below]
    return []


def line_words(catalog: Catalog, line: Line, locale: str) -> dict[str, Any]:
    """What a line is, and how much of it, in words: `title`, `plan_name`, `amount_used`, `amount_free`."""
    plan = plan_of(catalog, line)
    return {
        "title": title(catalog, plan, line, locale),
        "plan_name": plan.name(locale) if plan else line["plan"],
        "amount_used": quantity(line["quantity"], line["unit"], locale) if line["kind"] == "usage" else "",
        "amount_free": quantity(line["free"], line["unit"], locale) if line["kind"] == "usage" and line["free"] else "",
    }


def title(catalog: Catalog, plan: PricePlan | None, line: Line, locale: str) -> str:
    """What a line is for."""
    if line["kind"] == "usage" and plan:
        path = path_to(plan.sections, line["section"])
        return word("web-usage", path[-1].usage or line["section"], locale) if path else line["section"]
    if line["kind"] == "recurring":
        return translate("web-monthly-fee", locale, name=plan.name(locale) if plan else line["plan"])
    if line["kind"] == "discount":
        named = [each.name(locale) for each in plan.discounts if each.code == line["tariff"]] if plan else []
        return named[0] if named else line["tariff"]
    prices = [price for code in catalog.codes(Kind.OFFER) for price in catalog.offer(code).one_off_prices]
    return next((price.name(locale) for price in prices if price.code == line["tariff"]), line["tariff"])


def quantity(base: int, unit: str, locale: str) -> str:
    """Base units in the tariff's unit, to three decimals."""
    if unit not in UNITS:
        return str(base)
    value = (Decimal(base) / UNITS[unit].size).quantize(Decimal("0.001")).normalize()
    return f"{value:,f} {word('web-unit', unit, locale)}"


def why(catalog: Catalog, line: Line, lines: Sequence[Line], locale: str) -> list[tuple[str, str]]:
    """The reasons, as pairs of heading and sentence."""

    def head(name: str) -> str:
        return translate(f"web-because-{name}", locale)

    plan = plan_of(catalog, line)
    made: list[tuple[str, str]] = []
    if plan:
        made.append(
            (
                head("plan"),
                f"{plan.name(locale)} · {line['plan']} v{line['version']} · {word('web-level', plan.level, locale)}",
            )
        )
        conditions = [
            price_words.condition(section.when, locale) for section in path_to(plan.sections, line["section"])
        ]
        made.append(
            (head("conditions"), " → ".join(each for each in conditions if each) or translate("web-otherwise", locale))
        )
        made += [
            (head("tariff"), price_words.tariff(each, locale)) for each in plan.tariffs if each.code == line["tariff"]
        ]
    made += computation(plan, line, lines, locale)
    made.append((head("exact"), f"{to_decimal(line['exact_micros']):,}"))
    made.append((head("rounded"), f"{to_decimal(line['amount_micros']):,}"))
    return made


def computation(plan: PricePlan | None, line: Line, lines: Sequence[Line], locale: str) -> Iterator[tuple[str, str]]:
    """The numbers that went into a line, by its kind."""

    def head(name: str) -> str:
        return translate(f"web-because-{name}", locale)

    if line["kind"] == "usage":
        yield head("events"), f"{line['events']:,}"
        yield head("used"), quantity(line["quantity"], line["unit"], locale)
        yield head("free"), quantity(line["free"], line["unit"], locale)
    elif line["kind"] == "recurring" and line.get("part") is not None:
        share = (Decimal(line["part"]) / CYCLE).quantize(Decimal("0.0001")).normalize()
        yield head("days"), str(line["days"])
        yield head("part"), f"{share:f}"
    elif line["kind"] == "discount":
        lowered = next((row for row in lines if row["line"] == line["reduces"]), None)
        if lowered:
            yield head("lowers"), f"{line['reduces']} ({to_decimal(lowered['amount_micros']):,})"
        for each in plan.discounts if plan else ():
            if each.code == line["tariff"]:
                yield head("discount"), translate(f"web-discount-{each.form}", locale, value=str(each.value))
                if each.when:
                    yield head("when"), price_words.condition(each.when, locale)
