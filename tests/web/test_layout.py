"""Pages' templates, scripts and looks are laid out to be read."""

from pathlib import Path

import hutong.web

WIDTH = 120
"""Characters a line may have, as in Python."""


def test_no_line_is_too_long() -> None:
    """What is longer breaks where whitespace means nothing, or at `{{-` and `{%-`, which leave none."""
    here = Path(hutong.web.__file__).parent
    files = [path for form in ("html", "css", "js") for path in here.rglob(f"*.{form}") if "vendor" not in path.parts]
    assert len(files) > 100
    lines = [(path.name, number, line) for path in files
             for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)]  # fmt: skip
    assert [f"{name}:{number}" for name, number, line in lines if len(line) > WIDTH] == []
