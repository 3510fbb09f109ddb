"""Names of organisations: legal form and branch set apart, region prefix off, a core that variants share (EC-04)."""

import re
from typing import NamedTuple

from hutong.party.standardise.divisions import strip_region
from hutong.party.standardise.pinyin import reading, sound_key
from hutong.party.standardise.text import clean, is_han, join_han, not_given, simplified

_FORMS_HAN = re.compile(
    r"(集团股份有限公司|股份有限公司|有限责任公司|集团有限公司|\(有限合伙\)|有限合伙企业|个人独资企业|合伙企业"
    r"|个体工商户|有限公司|股份公司|集团公司|总公司|公司|集团)$"
)
_BRANCH_HAN = re.compile(
    r"^(.{2,}?(?:公司|集团|银行|保险|大学))(.{1,12}(?:分公司|支公司|分行|支行|营业部|办事处|分店|分校|分部))$"
)
_FORMS_LATIN = re.compile(
    r"\b(incorporated|inc|limited|ltd|llc|llp|lp|corporation|corp|company|co|plc|gmbh|ag|sa|bv|nv|pte|pty|nfp|kg|oy|ab|srl|spa)\b"
)
_BRANCH_LATIN = re.compile(r"^(.{3,}?)\s+[-–—/]\s*(.{2,})$")
_WORDS = {
    "&": "and", "centre": "center", "ctr": "center", "cntr": "center", "centers": "center", "assn": "association",
    "assoc": "association", "univ": "university", "dept": "department", "intl": "international", "svcs": "services",
    "svc": "service", "elem": "elementary", "sch": "school", "acad": "academy", "dev": "development",
    "st": "saint", "comm": "community", "inst": "institute", "natl": "national", "bros": "brothers",
}  # fmt: skip
_SMALL = frozenset(("the", "of", "and", "a", "for", "at", "in"))
_RUBBISH = re.compile(r"^(测试|test\b|#)", re.IGNORECASE)


class OrganisationName(NamedTuple):
    """`name` cleaned whole, `core` what variants share, `key` sound of the core, `branch` the part that is a branch."""

    name: str | None
    core: str | None
    key: str | None
    branch: str | None
    issue: str | None = None


NOTHING = OrganisationName(None, None, None, None)


def organisation_name(raw: str | None) -> OrganisationName:
    """Split an organisation's name into core, legal form (dropped) and branch."""
    text = clean(raw)
    if not_given(text):
        return NOTHING._replace(issue="not_a_name" if text else None)
    if _RUBBISH.match(text) or not any(character.isalpha() for character in text):
        return NOTHING._replace(issue="not_a_name")
    return _han(text) if is_han(text) else _latin(text)


def _han(text: str) -> OrganisationName:
    name = join_han(simplified(text)).replace(" ", "")
    branch = None
    core = re.sub(r"\((?!有限合伙)([^)]*)\)", r"\1", name)
    split = _BRANCH_HAN.match(core)
    if split:
        core, branch = split.group(1), split.group(2)
    bare = _FORMS_HAN.sub("", core)
    core = strip_region(bare if len(bare) >= 2 else core)
    return OrganisationName(name, core, sound_key(reading(core)), branch)


def _latin(text: str) -> OrganisationName:
    name = text.casefold().replace("’", "'")
    split = _BRANCH_LATIN.match(name)
    whole, branch = (split.group(1), split.group(2)) if split else (name, None)
    core = " ".join(_core_words(whole)) or name
    return OrganisationName(name, core, sound_key([core]), " ".join(_core_words(branch)) if branch else None)


def _core_words(text: str) -> list[str]:
    bare = _FORMS_LATIN.sub(" ", re.sub(r"[.'’]", "", text))
    words = [_WORDS.get(word, word) for word in re.findall(r"[\w]+|&", bare)]
    return [word for word in words if word not in _SMALL]
