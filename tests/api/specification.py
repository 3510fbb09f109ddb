"""TM Forum's own specifications, to hold our answers against."""

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

FOLDER = Path(os.environ.get("HUTONG_TMF_SPECS", Path(__file__).parents[3] / "shared" / "reference" / "tmf"))


@lru_cache
def _specification(number: str) -> dict[str, Any]:
    found = sorted(FOLDER.glob(f"{number}-*.swagger.json"))
    if not found:
        pytest.skip(f"no {number} specification in HUTONG_TMF_SPECS ({FOLDER})")
    loaded: dict[str, Any] = json.loads(found[0].read_text(encoding="utf-8"))
    return loaded


def definitions(number: str) -> dict[str, Any]:
    """The definitions of a specification."""
    found: dict[str, Any] = _specification(number)["definitions"]
    return found


def conforms(number: str, definition: str, body: Any) -> None:
    """The body fits the definition of the specification (`conforms("TMF622", "ProductOrder", order)`)."""
    definitions = _specification(number)["definitions"]
    known = set(definitions[definition]["properties"])
    assert not set(body) - known, f"attributes {sorted(set(body) - known)} are not in {number} {definition}"
    schema = {"$ref": f"#/definitions/{definition}", "definitions": definitions}
    jsonschema.Draft4Validator(schema).validate(body)
