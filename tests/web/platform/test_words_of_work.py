"""Jobs say in both languages what they are (EC-19)."""

import importlib

import pytest

from hutong.platform import jobs
from hutong.platform.i18n import LOCALES, has_message

CENTERS = ("party", "insight", "identity")


@pytest.mark.parametrize("locale", sorted(LOCALES))
def test_jobs_have_words(locale: str) -> None:
    for center in CENTERS:
        importlib.import_module(f"hutong.{center}.jobs")
    ours = [name for name in jobs.kinds() if name.split(".")[0] in CENTERS and "probe" not in name]
    assert len(ours) > 10
    assert [name for name in ours if not has_message(f"web-job-{name.replace('.', '-')}", locale)] == []
