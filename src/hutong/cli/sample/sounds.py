"""How characters are misheard and miswritten: homophones, near sounds, traditional forms, pinyin."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from hutong.cli.sample import reference
from hutong.cli.sample.text import Mask, Points, Text, character_table, points

_VARIANTS = 4
_EXTRA = (
    "晓萧筱玮炜维微卫薇涛韬滔洁捷婕静婧靖敬景镜丽莉莅俐励颖影莹盈鹏朋彭辉晖徽慧惠蕙会华桦骅杰斌彬宾滨冰兵欣新心鑫昕馨"
)
_NEAR = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"), ("l", "n"), ("hu", "f"))


@dataclass(frozen=True)
class Sounds:
    """Lookups by code point of the basic plane; 0 or an empty text where nothing is known."""

    homophones: Points  # (0x10000, 4): other characters of the same sound
    near: Points  # (0x10000, 4): of a sound that dialects confuse (zh/z, ng/n, l/n)
    traditional: Points  # (0x10000,): itself by default
    pinyin: Text  # (0x10000,): upper case, no tone


@cache
def sounds() -> Sounds:
    """Built once from the characters of the embedded tables."""
    import opencc
    from pypinyin import lazy_pinyin

    alphabet = "".join(sorted(set(_EXTRA) | _table_characters()))
    heard = dict(zip(alphabet, (lazy_pinyin(character)[0] for character in alphabet), strict=True))
    traditional = opencc.OpenCC("s2t").convert(alphabet)
    pinyin = np.zeros(0x10000, dtype="<U6")
    for character, sound in heard.items():
        pinyin[ord(character)] = sound.upper()
    return Sounds(
        homophones=_alike(heard, near=False),
        near=_alike(heard, near=True),
        traditional=character_table(dict(zip(alphabet, traditional, strict=True))),
        pinyin=pinyin,
    )


def _table_characters() -> set[str]:
    given = [reference.given_names(gender, era)[0] for gender in "MF" for era in (1, 2, 3)]
    given += [reference.given_characters(gender, position) for gender in "MF" for position in ("first", "second")]
    kinds = [reference.words(kind) for kind in ("road", "community", "brand", "trade", "institution")]
    place = reference.areas()
    columns = [reference.surnames()[0], place.province, place.city, place.district, *given, *kinds]
    fixed = "有限责任公司股份集团分商行经营部厂先生女士小姐老师号幢单元室楼省市区县镇路街道"
    return set(fixed).union(*("".join(column.tolist()) for column in columns))


def _alike(heard: dict[str, str], *, near: bool) -> Points:
    groups: dict[str, list[str]] = {}
    for character, sound in heard.items():
        groups.setdefault(_fold(sound) if near else sound, []).append(character)
    table = np.zeros((0x10000, _VARIANTS), dtype=np.uint32)
    for character, sound in heard.items():
        group = groups[_fold(sound) if near else sound]
        others = [ord(other) for other in group if other != character and (not near or heard[other] != sound)]
        if others:
            table[ord(character)] = [others[place % len(others)] for place in range(_VARIANTS)]
    return table


def _fold(sound: str) -> str:
    for old, new in _NEAR:
        sound = sound.replace(old, new)
    return sound


def misheard(rng: np.random.Generator, text: Text, table: Points, first: int) -> tuple[Text, Mask]:
    """One character from position `first` on replaced by one that sounds alike; and where that was possible."""
    matrix = points(text)
    length = (matrix != 0).sum(axis=1)
    position = np.minimum(first + rng.integers(0, 1 << 30, len(text)) % np.maximum(length - first, 1), length - 1)
    position = np.maximum(position, 0)
    rows = np.arange(len(text))
    new = table[matrix[rows, position], rng.integers(0, _VARIANTS, len(text))]
    changed: Mask = new != 0
    matrix[rows[changed], position[changed]] = new[changed]
    return np.ascontiguousarray(matrix).view(text.dtype).reshape(len(text)), changed
