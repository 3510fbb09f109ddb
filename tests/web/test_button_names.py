"""A button that shows a sign only has a name for those who hear the page."""

import re
from pathlib import Path

import pytest

from hutong import web

TEMPLATES = sorted(path for path in (Path(web.__file__).parent / "templates").rglob("*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_signs_have_names(template: Path) -> None:
    for opened, shown in re.findall(r"<button([^>]*)>([^<]*)</button>", template.read_text(encoding="utf-8")):
        if not re.search(r"\w", shown):
            assert "aria-label=" in opened, opened
