"""EC-05: files that give names in different shapes are compared all the same."""

import random
from pathlib import Path

import pytest

from hutong.party.offline.mapping import read_mapping
from hutong.party.offline.names import split
from hutong.party.offline.resolve import resolve_files

_LATIN = (
    ["anna", "boris", "carla", "david", "emma", "felix", "greta", "hugo", "irene", "jonas", "karin", "louis"],
    ["smith", "jones", "miller", "brown", "garcia", "meyer", "rossi", "novak", "olsen", "dubois", "kowalski", "weber"],
)
_HAN = (
    ["小明", "丽华", "建国", "秀英", "志强", "雪梅", "海涛", "玉兰"],
    ["王", "李", "张", "欧阳", "陈", "杨", "赵", "司马"],
)


@pytest.mark.parametrize(("names", "together"), [(_LATIN, "{given} {family}"), (_HAN, "{family}{given}")])
def test_whole_names_meet_their_parts(tmp_path: Path, names: tuple[list[str], list[str]], together: str) -> None:
    """One file has whole names, the other given and family name: each person is found in both."""
    dice = random.Random(3)
    pairs = dice.sample([(given, family) for given in names[0] for family in names[1]], 60)
    born = [f"19{dice.randrange(40, 99)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}" for _ in pairs]
    whole = [
        f"{number},{together.format(given=given, family=family)},{born[number]}"
        for number, (given, family) in enumerate(pairs)
    ]
    parts = [f"{number},{given},{family},{born[number]}" for number, (given, family) in enumerate(pairs)]
    (tmp_path / "whole.csv").write_text("\n".join(["id,name,born", *whole[:45]]), encoding="utf-8")
    (tmp_path / "parts.csv").write_text("\n".join(["id,first,last,born", *parts[15:]]), encoding="utf-8")
    head = "kind: person\nkey: id\ncolumns: "
    (tmp_path / "whole.yaml").write_text(head + "{name: name, birth_date: born}\n")
    (tmp_path / "parts.yaml").write_text(head + "{given_name: first, family_name: last, birth_date: born}\n")
    inputs = [(tmp_path / f"{name}.csv", read_mapping(tmp_path / f"{name}.yaml")) for name in ("whole", "parts")]
    found: dict[str, set[str]] = {}
    for row in resolve_files(inputs).clusters.to_pylist():
        found.setdefault(row["key"], set()).add(str(row["party"]))
    assert len(found) == 60
    assert sum(len(parties) == 1 for parties in found.values()) >= 58
    assert len({min(parties) for parties in found.values()}) >= 58


def test_particles_belong_to_the_family_name() -> None:
    """Parts of a whole name are written as parts given by a file."""
    assert split("maria de la cruz") == ("maria", None, "de la cruz")
    assert split("anne-marie o'neil") == ("anne marie", None, "oneil")
    assert split("john q smith") == ("john", "q", "smith")


def test_rows_that_state_nothing_of_several_columns_stay_rows(tmp_path: Path) -> None:
    """An attribute of two columns that are both empty in a row: the row is there, without it."""
    (tmp_path / "a.csv").write_text("id,name,road,city\n1,anna smith,main st 1,York\n2,anna smith,,\n3,bo li,,Hull\n")
    (tmp_path / "a.yaml").write_text("kind: person\nkey: id\ncolumns: {name: name, address: [road, city]}\n")
    done = resolve_files([(tmp_path / "a.csv", read_mapping(tmp_path / "a.yaml"))])
    assert done.kinds[0].records["address"].to_pylist() == ["main st 1 York", None, "Hull"]
