"""The probabilistic model (EC-05): what a version of it knows, as one JSON document. Frozen; its version is its
hash."""

import hashlib
from functools import cached_property

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hutong.party.match.comparisons import Plan
from hutong.party.match.em import level_bits
from hutong.party.match.frequency import Vocabulary
from hutong.party.match.kernels import Floats
from hutong.platform.errors import Invalid


class Strict(BaseModel):
    """Documents refuse what they do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Comparison(Strict):
    """One comparison: the chances of each level among matches (m), strangers (u), and relatives (r; empty where they
    agree as strangers do)."""

    name: str
    comparator: str
    columns: tuple[str, ...]
    prepared: tuple[str, ...] = ()
    levels: tuple[str, ...]
    m: tuple[float, ...]
    u: tuple[float, ...]
    r: tuple[float, ...] = ()

    @property
    def plan(self) -> Plan:
        """How it is compared."""
        return Plan(self.name, self.comparator, self.columns, self.prepared)

    @cached_property
    def bits(self) -> tuple[Floats, Floats]:
        """Bits of each level; and of each level before the share of the agreed value is taken off."""
        return level_bits(np.array(self.m), np.array(self.u))

    @cached_property
    def related_bits(self) -> tuple[Floats, Floats]:
        """The same for relatives against strangers."""
        return level_bits(np.array(self.r), np.array(self.u))


class Model(Strict):
    """A version of the model of a kind of party. Weights are in bits: log2 of odds."""

    kind: str
    comparisons: tuple[Comparison, ...]
    vocabularies: dict[str, Vocabulary] = Field(description="`comparison.form` → frequencies of values")
    words: dict[str, Vocabulary] = Field(default_factory=dict, description="comparison → frequencies of words")
    generic: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    prior_bits: float
    prior_within_bits: float
    related_bits: float | None = Field(None, description="log2 odds of relatives against strangers; none: not modelled")
    related_within_bits: float | None = None
    threshold_bits: float = 0.0
    review_bits: float = -3.0
    blocks: tuple[tuple[str, ...], ...]
    evidence: dict[str, float] = Field(default_factory=dict, description="how it was trained: records, pairs, coverage")

    @cached_property
    def version(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of the document."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The comparisons that take values of their own."""
        return tuple(comparison.plan for comparison in self.comparisons if comparison.comparator != "order")


def parse_model(text: str, name: str = "model") -> Model:
    """A model from JSON. Raises Invalid naming the place."""
    try:
        return Model.model_validate_json(text)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid("party-model-invalid", file=name, where=where, why=first["msg"]) from problem
