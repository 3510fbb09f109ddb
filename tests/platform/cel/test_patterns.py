"""The regular expressions that all engines read alike."""

import re

import duckdb
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import URL

from hutong.platform.cel.patterns import PatternError, read_pattern

ATOMS = st.sampled_from(
    ["a", "b", ".", "\\d", "\\w", "\\s", "[a-c]", "[^ab]", "[\\d-]", "\\.", "胡", "[一-龥]", "\\n", "-", "#", "[.|*]"]
)
REPEATS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{0,2}", "{1,}"])
PATTERNS = st.recursive(
    st.builds(str.__add__, ATOMS, REPEATS),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("{}|{}".format, inner, inner),
        st.builds("({}){}".format, inner, REPEATS),
        st.builds("(?:{})".format, inner),
        st.builds("^{}".format, inner),
        st.builds("{}$".format, inner),
    ),
    max_leaves=6,
)
TEXTS = [
    "",
    "a",
    "ab",
    "abc",
    "a.b",
    "1",
    "12",
    "胡同",
    "a\nb",
    "\n",
    "a b",
    "-",
    "#",
    "|",
    "*",
    "É",
    "١",
    "b\n",
    "aab",
    "\u3000",
]


@pytest.fixture(scope="module")
def engines(server: URL):  # type: ignore[no-untyped-def]
    url = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as postgres, duckdb.connect() as duck:
        yield (
            lambda pattern: postgres.execute("SELECT t ~ %s FROM unnest(%s::text[]) AS t", [pattern, TEXTS]).fetchall(),
            lambda pattern: duck.execute("SELECT regexp_matches(unnest(?), ?)", [TEXTS, pattern]).fetchall(),
        )


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(PATTERNS)
def test_engines_agree_on_accepted_patterns(engines, source: str) -> None:  # type: ignore[no-untyped-def]
    """Python's RE2, DuckDB and PostgreSQL find the same texts; Python's own `re` is the fourth witness."""
    pattern = read_pattern(source)
    found = [pattern.found_in(text) for text in TEXTS]
    for ask in engines:
        assert [row[0] for row in ask(pattern.portable)] == found, pattern.portable
    if "$" not in source:  # which in `re` also stands before a last line feed
        witness = re.compile(pattern.portable)
        assert [witness.search(text) is not None for text in TEXTS] == found


@pytest.mark.parametrize(
    ("source", "offset"),
    [
        ("(?i)a", 1),
        ("a(?=b)", 2),
        ("(?P<x>a)", 1),
        ("\\bword", 1),
        ("(a)\\1", 4),
        ("a*?", 2),
        ("a++", 2),
        ("a{256}", 1),
        ("a{3,2}", 1),
        ("(a{200}){200}", 8),
        ("^*", 1),
        ("*a", 0),
        ("(a", 2),
        ("a)", 1),
        ("[a", 2),
        ("[]", 1),
        ("[z-a]", 4),
        ("[[:alpha:]]", 1),
        ("\\pL", 1),
        ("a\\", 2),
        ("a{x}", 1),
    ],
)
def test_other_patterns_are_refused_at_their_position(source: str, offset: int) -> None:
    """What engines read differently is refused, and the position is told."""
    with pytest.raises(PatternError) as refused:
        read_pattern(source)
    assert refused.value.offset == offset


def test_matching_time_is_linear() -> None:
    """A pattern that would make a backtracking engine hang is answered at once."""
    assert not read_pattern("^(a+)+$").found_in("a" * 50_000 + "b")
