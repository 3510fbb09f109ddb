"""The embedded tables: places (codes of GB/T 2260), surnames by frequency, given names, words for roads and firms."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from hutong.cli.sample.text import Text, Whole

_TEXT = ("province", "city", "city_code", "area_code", "postcode", "district")
_WHOLE = ("district_code", "code_from", "code_to")
Weights = npt.NDArray[np.float64]


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("hutong.cli.sample") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def shares(weights: list[int]) -> Weights:
    """Weights as probabilities."""
    array = np.asarray(weights, dtype=np.float64)
    normal: Weights = array / array.sum()
    return normal


@dataclass(frozen=True)
class Areas:
    """Districts, a row each. `weight`: the probability that a customer lives there; its code was in use from, to."""

    province: Text
    city: Text
    city_code: Text
    area_code: Text
    postcode: Text
    district: Text
    district_code: Whole
    code_from: Whole
    code_to: Whole
    weight: Weights


@cache
def areas() -> Areas:
    """243 districts of 74 cities in all 31 provinces of the mainland."""
    rows = _rows("areas")
    in_city = {row["city"]: sum(other["city"] == row["city"] for other in rows) for row in rows}
    weight = np.array([int(row["weight"]) / in_city[row["city"]] for row in rows])
    text = {name: np.array([row[name] for row in rows]) for name in _TEXT}
    whole = {name: np.array([int(row[name]) for row in rows]) for name in _WHOLE}
    return Areas(**text, **whole, weight=weight / weight.sum())


@cache
def surnames() -> tuple[Text, Weights]:
    """Surnames and their probabilities."""
    rows = _rows("surnames")
    return np.array([row["surname"] for row in rows]), shares([int(row["weight"]) for row in rows])


@cache
def given_names(gender: str, era: int) -> tuple[Text, Weights]:
    """Frequent given names. `era`: 1 born before 1970, 2 before 1990, 3 since."""
    rows = [row for row in _rows("given_names") if row["gender"] == gender and int(row["era"]) == era]
    return np.array([row["given_name"] for row in rows]), shares([int(row["weight"]) for row in rows])


@cache
def given_characters(gender: str, position: str) -> Text:
    """Characters that make the long tail of two-character names; position `first` or `second`."""
    rows = _rows("given_characters")
    return np.array([row["character"] for row in rows if row["gender"] == gender and row["position"] == position])


@cache
def words(kind: str) -> Text:
    """Words of a kind: road, community, brand, trade, institution."""
    return np.array([row["word"] for row in _rows("words") if row["kind"] == kind])
