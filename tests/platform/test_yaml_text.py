"""Documents are written by people: a column may be called No."""

import pytest
import yaml

from hutong.platform import yaml_text


def test_only_true_and_false_are_booleans() -> None:
    """YAML 1.2: yes, no, on, off, y, n are words; numbers, dates and nothing stay what they are."""
    text = "{key: no, on: y, a: Off, b: YES, c: true, d: False, e: 1, f: 2026-01-02, g: ~, h: n}"
    made = yaml_text.load(text)
    assert {name: made[name] for name in ("key", "on", "a", "b", "h")} == {
        "key": "no", "on": "y", "a": "Off", "b": "YES", "h": "n"}  # fmt: skip
    assert (made["c"], made["d"], made["e"], made["g"]) == (True, False, 1, None) and made["f"].year == 2026
    assert yaml.safe_load("no") is False, "the library's own loader is left as it is"
    with pytest.raises(yaml.YAMLError):
        yaml_text.load("!!python/object/apply:os.getcwd []")
