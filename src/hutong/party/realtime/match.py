"""Matching without creating (EC-14): which parties a caller's data may mean, with verdict, strength and reasons."""

from collections.abc import Sequence
from typing import NamedTuple

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.realtime.matching import Verdict, found_now, verdicts
from hutong.party.realtime.stated import PartyData, standardised
from hutong.platform import database
from hutong.platform.errors import Problem


class Candidate(NamedTuple):
    """A party the data may mean. `verdict`: same (find-or-create would take it, unless two such contradict), unsure, or
    not_same (something ties them, something stronger forbids it). `strength` 0..999; `reasons`: the features that
    hold, of the strongest pair of records; `records`: of the party that say so."""

    party_id: int
    verdict: str
    rule: str
    strength: int
    reasons: list[str]
    records: int


class Question(NamedTuple):
    """One question of `match`."""

    viewer: Principal
    data: PartyData


def match(viewer: Principal, data: PartyData) -> list[Candidate]:
    """The parties this may be, best first, of those the viewer sees. Raises Unprocessable for data not valid."""
    answer = match_set([Question(viewer, data)])[0]
    if isinstance(answer, Problem):
        raise answer
    return answer


def match_set(questions: Sequence[Question]) -> list[list[Candidate] | Problem]:
    """`match` for many at once: answers in the order of questions, a refusal only for its own."""
    answers: list[list[Candidate] | Problem] = [[] for _ in questions]
    asked = []
    for place, question in enumerate(questions):
        try:
            require(question.viewer, "party.read")
            asked.append((place, {**standardised(question.data), "id": -1 - place, "source": "", "key": ""}))
        except Problem as problem:
            answers[place] = problem
    if not asked:
        return answers
    records = [record for _, record in asked]
    by, keyed, stored = found_now(records)
    said = verdicts(by, records, keyed, stored, among=False)
    for (place, _), own in zip(asked, said, strict=True):
        known = [verdict for verdict in own if verdict.other > 0]
        answers[place] = _candidates(known, _seen(questions[place].viewer, {v.party for v in known if v.party}))
    return answers


def _seen(viewer: Principal, parties: set[int]) -> set[int]:
    """Those of the parties that the viewer sees: asked for only where that is not all."""
    if "party" not in viewer.scopes or not parties:
        return parties
    with database.read("party") as conn:
        return visibility.among(conn, viewer, sorted(parties))


_ORDER = {"same": 0, "unsure": 1, "not_same": 2}


def _candidates(said: Sequence[Verdict], seen: set[int]) -> list[Candidate]:
    """Per party what its strongest pair says; a refusal goes before a link."""
    of: dict[int, list[Verdict]] = {}
    for verdict in said:
        if verdict.party in seen:
            of.setdefault(verdict.party, []).append(verdict)
    made = []
    for party, own in of.items():
        told = min(own, key=lambda v: (v.verdict != "not_same", _ORDER[v.verdict], -v.strength, v.other))
        made.append(Candidate(party, told.verdict, told.rule, told.strength, told.reasons, len(own)))
    return sorted(made, key=lambda one: (_ORDER[one.verdict], -one.strength, one.party_id))
