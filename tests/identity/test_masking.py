"""Masking: what is shown to those who may not see (EC-17)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hutong.identity.masking import MASKS, mask


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("name", "张三丰", "张**"),
        ("name", "王伟", "王*"),
        ("name", "上海户通信息技术有限公司", "上海**********"),
        ("name", "Ann Lee", "A** L**"),
        ("id_card", "11010519491231002X", "110*************2X"),
        ("phone", "+8613912345678", "+86139****5678"),
        ("phone", "5678", "****"),
        ("bank_card", "6222020200112233445", "***************3445"),
        ("address", "上海市黄浦区人民大道200号", "上海市黄浦区********"),
        ("address", "珩瓒路|771", "*******"),
        ("email", "zhang@example.com", "z***@example.com"),
    ],
)
def test_masks(kind: str, value: str, shown: str) -> None:
    assert mask(kind, value) == shown


@given(st.sampled_from(sorted(MASKS)), st.text(min_size=12, max_size=40))
def test_a_long_value_is_never_shown_whole(kind: str, value: str) -> None:
    if kind != "name" or not value.isascii():
        assert mask(kind, value) != value or set(value) == {"*"}


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        mask("shoe_size", "43")
