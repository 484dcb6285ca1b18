"""Features as bytes, and the digest that tells whether anything changed."""

from hypothesis import given
from msgspec.structs import replace

from hub.mpi.features import features
from hub.mpi.names import NO_NAME
from hub.mpi.packed import digest, pack, unpack
from hub.mpi.record import Record
from tests.mpi.people import WU, side
from tests.mpi.population import records

WU_NAME = side().name


@given(records())
def test_features_come_back_as_they_were(row: dict[str, str]) -> None:
    told = features(Record(record_id="1", **row))
    assert unpack(pack(told)) == told


def test_several_telephones_come_back_and_none_is_none() -> None:
    assert unpack(pack(side(phone="13800990001;13800990009"))).phones == ("13800990001", "13800990009")
    assert unpack(pack(side(phone=""))).phones == ()


def test_a_number_that_only_fills_the_field_is_none_in_older_rows_either() -> None:
    older = replace(side(), insurance="000000000", card="123456789")
    assert (unpack(pack(older)).insurance, unpack(pack(older)).card) == ("", "")


def test_a_name_that_nobody_bears_is_none_in_older_rows_either() -> None:
    older = replace(side(), name=replace(WU_NAME, full="无名氏"))
    assert unpack(pack(older)).name == NO_NAME


def test_packed_features_are_small() -> None:
    assert len(pack(side())) < 300


def test_the_digest_changes_with_any_field_and_with_nothing_else() -> None:
    assert digest(WU) == digest(replace(WU))
    for name in WU.__struct_fields__:
        assert digest(replace(WU, **{name: "x"})) != digest(WU)
