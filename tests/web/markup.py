"""Markup as one line, to be compared whichever way a template is laid out."""

import re


def in_one_line(markup: str) -> str:
    """White space counts once, between tags and at a tag's edges not at all."""
    return re.sub(r"(?<=>)\s+|\s+(?=<)", "", " ".join(markup.split()))
