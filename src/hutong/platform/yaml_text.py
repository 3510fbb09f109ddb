"""YAML as people write it in documents: `no`, `on`, `y` are words (YAML 1.2), only `true` and `false` are not; so a
column may be called No."""

import re
from typing import Any

import yaml

_BOOLEAN = "tag:yaml.org,2002:bool"


class Loader(yaml.SafeLoader):
    """The safe loader with the booleans of YAML 1.2."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in known if tag != _BOOLEAN]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(_BOOLEAN, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def load(text: str) -> Any:
    """The data of a text. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=Loader)  # noqa: S506  (derived from the safe loader)
