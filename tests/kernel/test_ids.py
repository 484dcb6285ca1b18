import re

from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.ids import PUBLIC_KEY, hash128, keyed_ids, random_id, reference_key

FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
PARTS = st.tuples(st.text(), st.text(), st.text(), st.text())


@given(PARTS, PARTS)
def test_ids_are_equal_exactly_when_their_sources_are(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    make = keyed_ids(PUBLIC_KEY)
    assert FHIR_ID.match(make(*one))
    assert (make(*one) == make(*other)) == (one == other)


def test_another_secret_gives_another_id() -> None:
    source = ("F01", "Patient", "MR", "1")
    assert keyed_ids(b"a" * 32)(*source) != keyed_ids(b"b" * 32)(*source)


def test_a_random_id_uses_the_randomness_it_is_given() -> None:
    assert random_id(lambda n: b"\0" * n) == "a" * 26
    assert FHIR_ID.match(random_id())


def test_the_key_of_a_patient_is_the_key_of_references_to_it() -> None:
    assert reference_key("Patient", "x") == hash128("Patient/x")
