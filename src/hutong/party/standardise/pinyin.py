"""Sounds of Chinese characters: readings without tones, and the homophone key under which sound-alikes meet."""

import unicodedata
from functools import lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

SURNAMES = {  # readings that characters have only as surnames
    "单": "shan", "解": "xie", "仇": "qiu", "曾": "zeng", "查": "zha", "区": "ou", "盖": "ge", "朴": "piao",
    "任": "ren", "翟": "zhai", "缪": "miao", "乐": "yue", "覃": "qin", "冼": "xian", "秘": "bi", "繁": "po",
    "员": "yun", "种": "chong", "黑": "he", "折": "she", "召": "shao", "逄": "pang", "尹": "yin", "宓": "mi",
    "那": "na", "洗": "xian", "都": "du", "车": "che", "石": "shi", "贾": "jia", "沈": "shen", "薄": "bo",
}  # fmt: skip
COMPOUND_SURNAMES = {
    "欧阳": ("ou", "yang"), "司马": ("si", "ma"), "上官": ("shang", "guan"), "诸葛": ("zhu", "ge"),
    "尉迟": ("yu", "chi"), "万俟": ("mo", "qi"), "长孙": ("zhang", "sun"), "皇甫": ("huang", "fu"),
    "令狐": ("ling", "hu"), "慕容": ("mu", "rong"), "司徒": ("si", "tu"), "端木": ("duan", "mu"),
    "东方": ("dong", "fang"), "南宫": ("nan", "gong"), "夏侯": ("xia", "hou"), "宇文": ("yu", "wen"),
    "澹台": ("tan", "tai"), "公孙": ("gong", "sun"), "轩辕": ("xuan", "yuan"), "独孤": ("du", "gu"),
}  # fmt: skip


@lru_cache(maxsize=1)
def _readings() -> dict[int, str]:
    """Code point → readings with tones, the usual one first. pypinyin's table of characters alone: the package itself
    would first read its table of phrases, which single characters never meet."""
    package = find_spec("pypinyin")
    assert package is not None and package.origin is not None  # noqa: S101  (a dependency)
    table = spec_from_file_location("hutong_readings", Path(package.origin).with_name("pinyin_dict.py"))
    assert table is not None and table.loader is not None  # noqa: S101
    module = module_from_spec(table)
    table.loader.exec_module(module)
    found: dict[int, str] = module.pinyin_dict
    return found


@lru_cache(maxsize=32768)
def syllable(character: str) -> str:
    """The usual reading of one character without tone (ü as v); other characters unchanged."""
    known = _readings().get(ord(character)) if len(character) == 1 else None
    if known is None:
        return character
    apart = unicodedata.normalize("NFD", known.partition(",")[0])
    bare = "".join(mark for mark in apart if mark == "\u0308" or not unicodedata.combining(mark))
    return unicodedata.normalize("NFC", bare).replace("ü", "v")


def syllables(name: str) -> list[str]:
    """Readings of a person's name, character by character, the surname read as a surname."""
    compound = COMPOUND_SURNAMES.get(name[:2])
    if compound:
        return [*compound, *(syllable(character) for character in name[2:])]
    if not name:
        return []
    return [SURNAMES.get(name[0]) or syllable(name[0]), *(syllable(character) for character in name[1:])]


def reading(text: str) -> list[str]:
    """Readings of any text, e.g. an organisation's name, with common words read as words would be."""
    return [syllable(character) for character in text]


def sound_key(parts: list[str]) -> str:
    """One key for names that sound alike: readings joined, letters only, ü written as v."""
    joined = "".join(parts).casefold().replace("ü", "v").replace("lyu", "lv").replace("nyu", "nv")
    if joined.isalnum():
        return joined
    return "".join(character for character in joined if character.isalnum())
