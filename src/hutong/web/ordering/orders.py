"""Orders: the list, the order whole with its trace as a flow (OC-13, OC-14), and a step's details."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from hutong.catalog import queries as catalog_queries
from hutong.catalog.document import Kind
from hutong.identity.http import SignedInSession
from hutong.identity.masking import mask
from hutong.identity.principal import Principal, require
from hutong.ordering import queries
from hutong.ordering.states import BUSINESS_ORDER, CUSTOMER_ORDER, OrderState
from hutong.party.reading import listing
from hutong.platform.errors import NotFound
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.web import words_of_codes
from hutong.web.catalog.names import name_of
from hutong.web.ordering.flow import lanes
from hutong.web.party.customer_parts import attribute_words
from hutong.web.shell import render, show_money, show_time

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Query(max_length=100)]
SECRETS = ("reserved",)
"""What steps found that is no business of people: keys by which peers know them."""


def columns(locale: str) -> list[dict[str, Any]]:
    """The list's columns."""

    def head(name: str) -> str:
        return translate(f"web-field-{name}", locale)

    return [
        {"field": "id", "headerName": head("order"), "kind": "link", "href": "/orders/{id}", "width": 100},
        {"field": "state", "headerName": translate("web-state", locale), "kind": "tag", "width": 110},
        {
            "field": "customer",
            "headerName": head("customer"),
            "kind": "link",
            "href": "/customers/{customer_id}",
            "minWidth": 110,
            "flex": 1,
        },
        {"field": "channel", "headerName": head("channel"), "width": 100, "narrow": False},
        {"field": "external_id", "headerName": head("external_id"), "minWidth": 150, "flex": 1, "narrow": False},
        {"field": "one_off", "headerName": head("one_off"), "width": 110, "right": True, "narrow": False},
        {"field": "recurring", "headerName": head("recurring"), "width": 110, "right": True, "narrow": False},
        {"field": "accepted_at", "headerName": translate("web-accepted", locale), "width": 165, "narrow": False},
        {"field": "ended_at", "headerName": head("ended_at"), "width": 165, "narrow": False},
    ]


@router.get("/orders")
def orders_page(request: Request, session: SignedInSession, state: Text = "", channel: Text = "") -> Response:
    """The list of orders."""
    require(session.viewer, "ordering.read")
    context = {
        "columns": columns(locale_of(request)),
        "states": [each.value for each in CUSTOMER_ORDER.table],
        "state": state,
        "channel": channel,
        "query": request.url.query,
    }
    return render(request, "ordering/orders.html", context, session)


@router.get("/orders/rows")
def orders_rows(
    request: Request,
    session: SignedInSession,
    *,
    after: int | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    state: Text = "",
    channel: Text = "",
) -> dict[str, Any]:
    """Rows below a key, newest first; `next` is the key to go on with."""
    wanted = queries.OrderFilter(state=state or None, channel=channel or None)
    found = queries.orders(session.viewer, wanted, after, limit)
    rows = [order_row(row, locale_of(request)) for row in named(session.viewer, found)]
    return {"rows": rows, "next": found[-1]["id"] if len(found) == limit else None}


def order_row(row: dict[str, Any], locale: str) -> dict[str, Any]:
    """An order as the grid shows it."""
    return {
        **{name: row[name] for name in ("id", "customer_id", "customer", "external_id")},
        "channel": words_of_codes.word("web-channel", row["channel"], locale),
        "state": words_of_codes.tag("ordering-state", row["state"], locale),
        "one_off": show_money(row["one_off_micros"]).striptags(),
        "recurring": show_money(row["recurring_micros"]).striptags(),
        "accepted_at": show_time(row["accepted_at"]),
        "ended_at": show_time(row["ended_at"]),
    }


def named(viewer: Principal, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the customer's name, masked for the viewer; the number alone where it is not theirs to see."""
    ids = {row["customer_id"] for row in rows}
    names = listing.names(viewer, list(ids)) if viewer.may("party.read") else {}
    return [row | {"customer": names.get(row["customer_id"], f"#{row['customer_id']}")} for row in rows]


@router.get("/orders/{order_id}")
def order_page(request: Request, session: SignedInSession, order_id: int) -> Response:
    """An order: what was asked for, and its trace drawn as a flow."""
    viewer, locale = session.viewer, locale_of(request)
    order = queries.order(viewer, order_id)
    traced = queries.trace(viewer, order_id)
    catalog = catalog_queries.load()
    for item in order["items"]:
        item["name"] = name_of(catalog, Kind.OFFER, item["offer"], locale)
        item["shown"] = attribute_words(catalog, item["offer"], item["attributes"] or {}, locale)
    for part in traced["business_orders"]:
        part["name"] = name_of(catalog, Kind.PRODUCT, part["product"], locale)
        part["number_found"] = shown_number(viewer, part["results"].get("number"))
        part["may_undo"] = viewer.may("ordering.manage") and BUSINESS_ORDER.allows(OrderState(part["state"]), "undo")
    [order] = named(viewer, [order])
    drawn = lanes(traced["business_orders"], locale)
    steps = {each.id: f"{lane.part['number']} {each.words}" for lane in drawn for each in lane.forward + lane.backward}
    context = {
        "order": order,
        "lanes": drawn,
        "steps": steps,
        "entries": told(traced["entries"]),
        "may_cancel": viewer.may("ordering.write") and "request_cancel" in order["may"],
        "may_expedite": not CUSTOMER_ORDER.final(OrderState(order["state"]))
        and (viewer.may("ordering.write") or viewer.may("ordering.expedite")),
    }
    return render(request, "ordering/order.html", context, session)


def told(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What happened, latest first; what repeats (a peer asked again and again) is told once, with how often."""
    made: dict[tuple[Any, ...], dict[str, Any]] = {}
    for entry in entries:
        key = (entry["event"], entry["step_id"], entry["business_order_id"], entry["detail"].get("reason"))
        if entry["actor"].startswith("user:") or key not in made:
            made[(*key, entry["id"]) if key in made else key] = entry | {"times": 1}
        else:
            made[key] |= {"times": made[key]["times"] + 1, "at": entry["at"]}
    return sorted(made.values(), key=lambda entry: (entry["at"], entry["id"]), reverse=True)


def shown_number(viewer: Principal, number: str | None) -> str | None:
    """An access number, masked unless the viewer sees phone numbers."""
    return number if viewer.sees("phone") else mask("phone", number)


@router.get("/orders/{order_id}/steps/{step_id}")
def step_part(request: Request, session: SignedInSession, order_id: int, step_id: int) -> Response:
    """A step in detail: times, attempts, what it asked and what it found, and what may be done about it."""
    traced = queries.trace(session.viewer, order_id)
    parts = [(part, step) for part in traced["business_orders"] for step in part["steps"] if step["id"] == step_id]
    if not parts:
        raise NotFound("ordering-no-step", id=str(step_id))
    part, step = parts[0]
    step["result"] = shown(session.viewer, step["result"])
    entries = [
        row | {"detail": shown(session.viewer, row["detail"])} for row in traced["entries"] if row["step_id"] == step_id
    ]
    [[drawn]] = [
        [each for each in lane.forward + lane.backward if each.id == step_id]
        for lane in lanes([part], locale_of(request))
    ]
    context = {
        "order_id": order_id,
        "part": part,
        "step": step,
        "drawn": drawn,
        "entries": entries,
        "may_mend": session.viewer.may("ordering.manage") and step["state"] == "failed",
    }
    return render(request, "ordering/step.html", context, session)


def shown(viewer: Principal, found: Any) -> dict[str, Any]:
    """What a step found, without peers' keys, numbers masked for the viewer."""
    if not isinstance(found, dict):
        return {}
    kept = {name: value for name, value in found.items() if name not in SECRETS and value not in ("", {}, None)}
    return {
        name: shown_number(viewer, value)
        if name == "number"
        else shown(viewer, value)
        if isinstance(value, dict)
        else value
        for name, value in kept.items()
    }
