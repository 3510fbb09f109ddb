"""The catalog for business people (BL-01): what is sold, what it costs and under which conditions, and its releases."""

from typing import Any

from fastapi import APIRouter, Request, Response

from hutong.catalog import conditions, queries
from hutong.catalog.document import Kind
from hutong.catalog.offer import Offer
from hutong.catalog.snapshot import Catalog
from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.platform import cel
from hutong.platform.http import locale_of
from hutong.web.catalog import price_words
from hutong.web.shell import render

router = APIRouter(include_in_schema=False)


@router.get("/catalog")
def catalog_page(request: Request, session: SignedInSession) -> Response:
    """Offers in the release in effect, price plans, order templates, and the releases."""
    require(session.viewer, "catalog.read")
    catalog = queries.load()
    context = {
        "catalog": catalog,
        "offers": catalog.offers,
        "plans": [catalog.price_plan(code) for code in catalog.codes(Kind.PRICE_PLAN)],
        "templates": [catalog.template(code) for code in catalog.codes(Kind.ORDER_TEMPLATE)],
        "releases": queries.releases(limit=20),
    }
    return render(request, "catalog/offers.html", context, session)


@router.get("/catalog/offers/{code}")
def offer_page(request: Request, session: SignedInSession, code: str) -> Response:
    """One offer: contents, attributes, whom it is for, what it costs."""
    require(session.viewer, "catalog.read")
    catalog, locale = queries.load(), locale_of(request)
    offer = catalog.offer(code)
    context = {
        "offer": offer,
        "version": catalog.version(Kind.OFFER, code),
        "components": [(part, catalog.product(part.product)) for part in catalog.components(offer)],
        "names": names(catalog, offer, locale),
        "eligibility": said(offer.eligibility, conditions.eligibility_environment(offer), locale),
        "one_off": [
            (price, said(price.when, conditions.price_environment(offer), locale)) for price in offer.one_off_prices
        ],
        "plans": [price_words.plan(catalog.price_plan(each), locale) for each in plan_codes(catalog, offer)],
        "versions": queries.versions(Kind.OFFER, code),
    }
    return render(request, "catalog/offer.html", context, session)


@router.get("/catalog/plans/{code}")
def plan_page(request: Request, session: SignedInSession, code: str) -> Response:
    """One price plan in words."""
    require(session.viewer, "catalog.read")
    plan = queries.load().price_plan(code)
    context = {"plan": price_words.plan(plan, locale_of(request)), "versions": queries.versions(Kind.PRICE_PLAN, code)}
    return render(request, "catalog/plan.html", context, session)


@router.get("/catalog/templates/{code}")
def template_page(request: Request, session: SignedInSession, code: str) -> Response:
    """One order template as a flow."""
    require(session.viewer, "catalog.read")
    template, locale = queries.load().template(code), locale_of(request)
    whens = {
        step.code: said(step.when, conditions.step_environment(), locale)
        for stage in template.stages
        for step in stage.steps
    }
    context = {"template": template, "whens": whens, "versions": queries.versions(Kind.ORDER_TEMPLATE, code)}
    return render(request, "catalog/template.html", context, session)


def plan_codes(catalog: Catalog, offer: Offer) -> list[str]:
    """The price plans that may price an offer: its own, its package's, its products', in order of precedence."""
    products = [part.product for part in catalog.components(offer)]
    found = [
        *catalog.price_plan_codes(offer),
        *(code for each in products for code in catalog.price_plan_codes(offer, each)),
    ]
    return [code for code in dict.fromkeys(found) if catalog.has(Kind.PRICE_PLAN, code)]


def names(catalog: Catalog, offer: Offer, locale: str) -> dict[str, str]:
    """Names of the offers that an offer requires or excludes."""
    return {
        code: catalog.offer(code).name(locale) if catalog.has(Kind.OFFER, code) else code
        for code in (*offer.requires, *offer.excludes)
    }


def said(source: str | None, environment: Any, locale: str) -> str | None:
    """A condition as a sentence."""
    if source is None:
        return None
    return price_words.plainly(cel.parse(source, environment).explain(locale, price_words.labels(locale)), locale)
