"""A price plan in words: the selection tree as conditions and prices, allowances and discounts as sentences. Pure."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from hutong.catalog.conditions import pricing_environment
from hutong.catalog.price_plan import Allowance, PricePlan, Section
from hutong.catalog.tariff import Flat, Package, Percentage, RecurringTariff, Stepped, UsageTariff
from hutong.platform import cel
from hutong.platform.i18n import translate
from hutong.platform.settings import settings
from hutong.web.words_of_codes import word

VARIABLES = ("event.direction", "event.other_party", "event.call_type", "event.home_area", "event.visited_area",
             "event.start", "offer.attributes.tier", "customer.kind", "customer.grade", "customer.age", "customer.area",
             "account.payment_mode", "channel", "action", "one_off_micros", "offer.tier")  # fmt: skip

QUOTED = "“{}”"


class Line(NamedTuple):
    """A section in words: how deep in the tree, when it applies, what it costs, what allowances may cover it."""

    depth: int
    code: str
    when: str
    price: str
    usage: str | None


def labels(locale: str) -> dict[str, str]:
    """Business names of the variables that conditions may use."""
    return {name: translate(f"web-variable-{name.replace('.', '-')}", locale) for name in VARIABLES}


def plan(document: PricePlan, locale: str) -> dict[str, Any]:
    """Everything a plan's page shows."""
    tariffs = {tariff.code: tariff for tariff in document.tariffs}

    def price_of(code: str) -> str:
        return tariff(tariffs[code], locale)

    roots: dict[str, list[str]] = {}
    for strategy in document.strategies:
        phase = "" if strategy.phase == "regular" else f" ({word('web-phase', strategy.phase, locale)})"
        for code in strategy.sections:
            roots.setdefault(code, []).append(word("web-usage", strategy.event, locale) + phase)
    return {
        "document": document,
        "name": document.name(locale),
        "level": word("web-level", document.level, locale),
        "sections": [
            (roots.get(section.code, []), list(lines(section, price_of, locale))) for section in document.sections
        ],
        "bands": [(band.code, band_words(band, locale)) for band in document.clock.bands],
        "allowances": [allowance(each, locale) for each in document.allowances],
        "discounts": [(each, condition(each.when, locale)) for each in document.discounts],
    }  # fmt: skip


def allowance(given: Allowance, locale: str) -> tuple[str, str, str, str, int, bool]:
    """Name, quantity, what it covers, when it is granted, cycles it is carried over, whether members share it."""
    covers = translate("web-list-comma", locale).join(word("web-usage", one, locale) for one in given.covers)
    quantity = amount(given.quantity, given.unit, locale)
    return given.name(locale), quantity, covers, condition(given.when, locale), given.carry_over_cycles, given.shared


def lines(section: Section, price_of: Any, locale: str, depth: int = 0) -> Iterator[Line]:
    """A section and those below it, in the order in which they are tried."""
    when = condition(section.when, locale) or translate("web-otherwise", locale)
    prices = [price_of(code) for code in ((section.tariff, *section.surcharges) if section.tariff else ())]
    usage = word("web-usage", section.usage, locale) if section.usage else None
    said = bool(section.when or prices)
    if said:
        yield Line(depth, section.code, when, "; ".join(prices), usage)
    for below in section.sections:
        yield from lines(below, price_of, locale, depth + said)


def condition(source: str | None, locale: str) -> str:
    """A pricing condition as a sentence; empty for none."""
    return (
        ""
        if source is None
        else plainly(cel.parse(source, pricing_environment()).explain(locale, labels(locale)), locale)
    )


def plainly(sentence: str, locale: str) -> str:
    """The codes quoted in a sentence, as words; MO and MT are directions only beside their label: MO is Macao too."""
    direction = re.escape(translate("web-variable-event-direction", locale))
    sentence = re.sub(
        rf"({direction}[^“”]*)“(MO|MT)”", lambda found: found[1] + word("web-direction", found[2], locale), sentence
    )
    return re.sub(r"“([a-z]+)”", lambda found: QUOTED.format(word("web-code", found[1], locale)), sentence)


def tariff(given: Any, locale: str) -> str:
    """What a tariff costs, in words."""
    if isinstance(given, RecurringTariff):
        prorated = word("web-proration", given.proration, locale)
        return translate("web-price-recurring", locale, amount=money(given.amount), prorated=prorated)
    if not isinstance(given, UsageTariff):
        return translate("web-price-once", locale, amount=money(given.amount))
    said = [price(given.price, given.unit, locale)]
    for code, other in given.by_band.items():
        said.append(f"{word('web-band', code, locale)} {price(other, given.unit, locale)}")
    if given.connection_fee:
        said.append(translate("web-price-connection", locale, amount=money(given.connection_fee)))
    for step in given.increments:
        said.append(translate("web-price-increment", locale, size=amount(step.size, given.unit, locale)))
    if given.cap is not None:
        said.append(translate("web-price-cap", locale, amount=money(given.cap)))
    return translate("web-comma", locale).join(said)


def price(given: Any, unit: str, locale: str) -> str:
    """A price model in words."""
    match given:
        case Flat():
            if not given.amount:
                return translate("web-price-free", locale)
            return f"{money(given.amount)} / {amount(given.per, unit, locale)}"
        case Package():
            return translate(
                "web-price-package", locale, amount=money(given.amount), size=amount(given.size, unit, locale)
            )
        case Percentage():
            return f"{given.percent.normalize():f} %"
        case Stepped():
            upto = [amount(step.up_to, unit, locale) if step.up_to else "∞" for step in given.steps]
            each = [f"{money(step.amount)} / {amount(step.per, unit, locale)}" for step in given.steps]
            steps = [f"≤ {border}: {cost}" for border, cost in zip(upto, each, strict=True)]
            return f"{word('web-scale', given.model, locale)} " + "; ".join(steps)
    return ""


def amount(quantity: Decimal, unit: str, locale: str) -> str:
    """A quantity with its unit; one of it is just the unit."""
    name = word("web-unit", unit, locale)
    return name if quantity == 1 else f"{quantity.normalize():f} {name}"


def money(value: Decimal) -> str:
    """An amount of the currency."""
    return (
        f"{value:.2f} {settings.currency}"
        if value == value.quantize(Decimal("0.01"))
        else f"{value.normalize():f} {settings.currency}"
    )


def band_words(band: Any, locale: str) -> str:
    """When a band of the clock holds."""
    days = [word("web-day", day, locale) for day in band.days]
    return f"{translate('web-list-comma', locale).join(days)} {band.since}–{band.until}".strip()
