"""Query strings are those of the standard library."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.query_strings import encoded

PAIRS = st.lists(st.tuples(st.text(max_size=8), st.text(alphabet=st.characters(), max_size=12)), max_size=3)


@settings(max_examples=150)
@given(PAIRS)
def test_they_are_as_the_standard_library_writes_them(pairs: list[tuple[str, str]]) -> None:
    assert encoded(pairs) == urlencode(pairs, errors="surrogatepass")
    kept = urlencode(pairs, quote_via=quote, safe=":/|,$", errors="surrogatepass")
    assert encoded(pairs, safe=":/|,$", blank="%20") == kept


def test_half_of_a_pair_is_written_too() -> None:
    pairs = [("name", "\ud83d 沈 a+b&c=d%")]
    assert encoded(pairs) == urlencode(pairs, errors="surrogatepass")
