"""Values that should be alike, shown with the characters in which they are not."""

from difflib import SequenceMatcher

from markupsafe import Markup, escape

ALIKE = 0.6
"""Likeness (0..1) below which single characters say nothing: the value is marked whole."""


def marked(value: object, reference: object) -> Markup:
    """A value with the characters marked that differ from a reference; where it lacks some, a caret. Pure."""
    own, other = str(value).strip(), str(reference).strip()
    if not own or not other or own == other:
        return escape(own)
    matcher = SequenceMatcher(None, other, own, autojunk=False)
    if matcher.ratio() < ALIKE:
        return Markup("<mark>{}</mark>").format(own)
    made = Markup()
    for change, before, until, start, end in matcher.get_opcodes():
        if change == "equal":
            made += escape(own[start:end])
        elif change == "delete":
            made += Markup('<mark class="lacks" title="{}">‸</mark>').format(other[before:until])
        else:
            made += Markup("<mark>{}</mark>").format(own[start:end])
    return made
