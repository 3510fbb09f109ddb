"""Versions of the model (EC-05): their weights as a chart, the review of their sample, measuring, approving."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal, require
from hutong.party.match.model import Model
from hutong.party.models import registry, sampling, states
from hutong.platform import jobs
from hutong.platform.errors import NotFound
from hutong.web.party.customer_parts import COMPARED
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
ACTIONS: dict[str, Callable[[Principal, int], object]] = {
    "evaluate": registry.evaluate,
    "approve": registry.approve,
    "put_in_force": registry.put_in_force,
    "retire": registry.retire,
}
EXCLUSIVE = "party.train_model"
FOR, AGAINST = "#6b8f71", "#b42c1f"


@router.get("/models")
def models_page(request: Request, session: SignedInSession) -> Response:
    """All versions, newest first."""
    return render(request, "party/matching_models.html", {"models": registry.versions(session.viewer)}, session)


@router.post("/models/train")
def train(session: SignedInSession, kind: Annotated[Literal["person", "organisation"], Form()]) -> Response:
    """Queue the training of a new version."""
    require(session.viewer, "party.model")
    actor = session.viewer.actor
    jobs.start("party.train_model", {"kind": kind, "by": actor}, actor, exclusive=EXCLUSIVE)
    return to_page("/models")


@router.get("/models/{model_id}")
def model_page(request: Request, session: SignedInSession, model_id: int) -> Response:
    """A version: weights of each comparison's levels, what the review says, and the next pair to review."""
    model = next((row for row in registry.versions(session.viewer) if row["id"] == model_id), None)
    if model is None:
        raise NotFound("party-model-unknown", id=model_id)
    body = registry.content(session.viewer, model_id)
    context = {
        "model": model, "weights": weights(body), "content": body, "attributes": COMPARED,
        "actions": [name for name in ACTIONS if states.may(model["state"], name)],
        "pair": sampling.next_pair(session.viewer, model_id) if session.viewer.may("party.steward") else None,
    }  # fmt: skip
    return render(request, "party/matching_model.html", context, session)


def weights(model: Model) -> dict[str, Any]:
    """The chart: bits of each level of each comparison, for and against."""
    bars = [
        (f"{one.name} · {level}", round(float(bits), 2))
        for one in model.comparisons
        for level, bits in zip(one.levels, one.bits[0].tolist(), strict=True)
    ]
    data = [{"value": bits, "itemStyle": {"color": FOR if bits >= 0 else AGAINST}} for _, bits in reversed(bars)]
    return {
        "grid": {"left": 200, "right": 30, "top": 10, "bottom": 30},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "value", "name": "bits"},
        "yAxis": {"type": "category", "data": [name for name, _ in reversed(bars)], "axisLabel": {"interval": 0}},
        "series": [{"type": "bar", "data": data}],
    }


@router.post("/models/{model_id}/review")
def review(
    session: SignedInSession,
    model_id: int,
    left: Annotated[int, Form()],
    right: Annotated[int, Form()],
    same: Annotated[Literal["yes", "no", "unknown"], Form()],
) -> Response:
    """Say whether a pair of the sample is one party; the next one comes."""
    sampling.review(session.viewer, model_id, left, right, same)
    return to_page(f"/models/{model_id}")


@router.post("/models/{model_id}/{action}")
def act(session: SignedInSession, model_id: int, action: str) -> Response:
    """Measure, approve, put in force, retire."""
    if action not in ACTIONS:
        raise NotFound("party-model-unknown", id=model_id)
    ACTIONS[action](session.viewer, model_id)
    return to_page(f"/models/{model_id}")
