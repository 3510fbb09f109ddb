"""Tariffs and discounts in words: what a plan's document says, as a sentence in Chinese or English."""

from decimal import Decimal
from typing import Any

from hutong.catalog.price_plan import Discount
from hutong.catalog.tariff import Flat, OneOffTariff, Package, Percentage, Price, RecurringTariff, Stepped, Tariff
from hutong.platform.i18n import translate


def plain(amount: Decimal) -> str:
    """A decimal as people write it."""
    return f"{amount.normalize():f}"


def say(message: str, locale: str, **values: Any) -> str:
    """A sentence of this file's messages."""
    return translate(f"billing-tariff-{message}", locale, **values)


def price_words(price: Price, unit: str, locale: str) -> str:
    """A price."""
    match price:
        case Flat():
            return say("flat", locale, amount=plain(price.amount), per=plain(price.per), unit=unit)
        case Percentage():
            return say("percentage", locale, percent=plain(price.percent))
        case Package():
            return say(
                "package", locale, amount=plain(price.amount), size=plain(price.size), free=plain(price.free), unit=unit
            )
        case Stepped():
            steps = "; ".join(
                say(
                    "step" if step.up_to else "last-step", locale, up_to=plain(step.up_to or Decimal(0)),
                    amount=plain(step.amount), per=plain(step.per), unit=unit,
                )
                for step in price.steps
            )  # fmt: skip
            return say(price.model, locale, steps=steps)


def tariff_words(tariff: Tariff, locale: str) -> str:
    """A tariff: its price, then what else it says."""
    if isinstance(tariff, RecurringTariff):
        return say("recurring", locale, amount=plain(tariff.amount), proration=tariff.proration)
    if isinstance(tariff, OneOffTariff):
        return say("one-off", locale, amount=plain(tariff.amount))
    unit = tariff.unit
    parts = [price_words(tariff.price, unit, locale)]
    parts += [
        say("band", locale, band=band, price=price_words(price, unit, locale)) for band, price in tariff.by_band.items()
    ]
    parts += [
        say("block", locale, after=plain(block.after), size=plain(block.size), unit=unit) for block in tariff.increments
    ]
    if tariff.connection_fee:
        parts.append(say("connection", locale, amount=plain(tariff.connection_fee)))
    if tariff.cap is not None:
        parts.append(say("cap", locale, amount=plain(tariff.cap)))
    return "; ".join(parts)


def discount_words(discount: Discount, locale: str) -> str:
    """A discount."""
    value = say(f"discount-{discount.form.replace('_', '-')}", locale, value=plain(discount.value))
    name = discount.name.zh if locale.startswith("zh") else discount.name.en
    return say("discount", locale, name=name, level=discount.level, value=value)
